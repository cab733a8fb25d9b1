"""Prompts with a re-identification score above delta, as published (v1 only).

The number of training prompts of which some draw scores above delta (CheXGenBench; published for 2,000 prompts). Lower
is better. Delta is in no code or paper that we could read, so the user must give it (`--delta`), and without it the
metric is undefined. Whether the published count is of largest or of mean scores is not stated; here of largest. Use
`reid` instead, whose threshold is calibrated.

Time O(draws n d).
"""

from __future__ import annotations

from chexgenbench.published_reid import count, published

PUBLISHED = published("reid_count", "Re-ID count", count, unit="prompts")
