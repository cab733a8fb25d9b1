"""One seed per sample, so that an image does not depend on batch size, order, shard or resume."""

from __future__ import annotations

import hashlib

from data_splits.integrity import canonical_json


def derive_seed(run_seed: int, case_id: str, draw: int = 0, purpose: str = "sample") -> int:
    """The seed of one sample: the first 63 bits of sha256 over (run seed, case id, draw, purpose).

    63 bits, so that torch, numpy and a signed 64-bit column all take it. The tuple is hashed as JSON, which keeps
    ("a", 12) and ("a1", 2) apart.
    """
    text = canonical_json(["sample-seed", 1, run_seed, case_id, draw, purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
