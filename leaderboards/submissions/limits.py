"""How much a submission may bring. A run of 4,352 images with 768-d features brings about 13 MB."""

from __future__ import annotations

MAX_RECORDS = 20
"""Records in one pull request: what a person can review."""

MAX_FILES = 2000
MAX_RECORD_BYTES = 16 * 2**20
MAX_HASH_BYTES = 200
MAX_STATISTICS_BYTES = 95 * 2**20
"""Of one file; GitHub refuses files above 100 MB."""

MAX_TOTAL_BYTES = 400 * 2**20
"""Of all files of a submission."""

MAX_TENSORS = 100_000
"""Arrays in one statistics file."""

MAX_SELECTED = 200_000
"""Rows of one selection from a feature array: each copies a whole feature, so a small file could ask for all memory."""

MAX_COUNT = 10_000_000
"""Of images, patients or cases: above it, a count is a mistake or an attack."""

MAX_REPEATS = 100_000
"""Of bootstrap samples, permutations and other whole-number parameters that cost time; seeds excepted."""

MAX_NUMBERS_SHOWN = 20
"""Lines of one kind of one record; the rest is counted."""
