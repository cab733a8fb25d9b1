from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.blocks import patient_blocks
from leaderboards.statistics.mifid import mifid


def arrays(own: float, real: float, n: int = 400, d: int = 6) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    generated, reference = (rng.normal(shift, 1.0, (n, d)).astype(np.float32) for shift in (0.3, 0.0))
    block = patient_blocks(np.arange(n).astype(str), 50)
    return {
        "generated": generated, "generated_block": block, "reference": reference, "reference_block": block,
        "cosine_values": own * (1 + 0.2 * rng.normal(size=n)), "cosine_cluster": np.arange(n),
        "real_values": real * (1 + 0.2 * rng.normal(size=n)), "real_cluster": np.arange(n),
    }  # fmt: skip


def test_penalty_is_one_for_honest_distances_and_divides_for_near_ones() -> None:
    honest, near = mifid(arrays(0.05, 0.04)), mifid(arrays(0.01, 0.04))
    assert honest.extra["penalty"] == 1.0 and honest.value == pytest.approx(honest.extra["frechet"])
    assert near.extra["penalty"] == pytest.approx(0.25, rel=0.05)
    assert near.value == pytest.approx(honest.value / near.extra["penalty"])
    assert near.low < near.extra["bias_corrected"] < near.high
    assert (near.high - near.low) * near.extra["penalty"] > honest.high - honest.low  # the penalty's own error


def test_published_penalty_stops_at_a_tenth() -> None:
    far, near = mifid(arrays(0.3, 0.3)).extra, mifid(arrays(0.03, 0.03)).extra
    assert far["published"] == pytest.approx(far["frechet"])
    assert near["published"] == pytest.approx(near["frechet"] / near["cosine"])


def test_exact_copies_are_huge_but_finite() -> None:
    copies = arrays(0.05, 0.04) | {"cosine_values": np.zeros(400)}
    found = mifid(copies)
    assert found.value > 1e10 and np.isfinite(found.value)
    assert found.extra["penalty"] == 0.0


def test_cosines_must_be_there() -> None:
    given = {name: each for name, each in arrays(0.1, 0.1).items() if not name.startswith("real_")}
    with pytest.raises(ValueError, match="held-out"):
        mifid(given)
