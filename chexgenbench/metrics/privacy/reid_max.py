"""Largest re-identification score of all training prompts, as published (v1 only).

The largest probability that a Siamese network gives to any generated and real image of one prompt of showing one
patient (CheXGenBench). 0 to 1, lower is better. It grows with the number of images: among 20,000 pairs of strangers
some score near 1 as well, which is what all published values do (0.992 to 0.997). Use `reid` instead.

Time O(draws n d).
"""

from __future__ import annotations

from chexgenbench.published_reid import largest, published

PUBLISHED = published("reid_max", "Re-ID maximum", largest)
