"""Mean re-identification score over training prompts, as published (v1 only).

The mean over prompts of the mean over draws of the probability that a Siamese network gives to a generated and a real
image of showing one patient (CheXGenBench). 0 to 1, lower is better. It has no zero point: real images of other
patients with the same findings score well above 0, so compare models on one split only, or use `reid`.

Time O(draws n d).
"""

from __future__ import annotations

from chexgenbench.published_reid import average, published

PUBLISHED = published("reid_avg", "Re-ID average", average)
