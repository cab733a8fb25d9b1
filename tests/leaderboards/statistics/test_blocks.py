"""Blocks keep patients whole, sizes near equal, and enough patients together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.statistics.blocks import paired_blocks, patient_blocks


def cohort(seed: int, patients: int, most: int = 12, prefix: str = "p") -> np.ndarray:
    rng = np.random.default_rng(seed)
    names = np.array([f"{prefix}{i}" for i in range(patients)])
    return rng.permutation(np.repeat(names, rng.integers(1, most + 1, patients)))


@given(seed=st.integers(0, 10**6), patients=st.integers(1, 200), blocks=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_whole_patients_in_gapless_blocks(seed: int, patients: int, blocks: int) -> None:
    names = cohort(seed, patients)
    block = patient_blocks(names, blocks, seed)
    for name in np.unique(names):
        assert len(set(block[names == name])) == 1
    held = [len(np.unique(names[block == index])) for index in range(block.max() + 1)]
    assert len(held) == min(blocks, patients)
    assert max(held) - min(held) <= 1


def test_blocks_have_near_equal_numbers_of_images() -> None:
    sizes = np.bincount(patient_blocks(cohort(1, 500), 50))
    assert sizes.max() - sizes.min() <= 2
    assert len(sizes) == 50


def test_the_seed_and_nothing_else_decides() -> None:
    names = cohort(2, 300)
    block = patient_blocks(names, 50, 3)
    np.testing.assert_array_equal(block, patient_blocks(names, 50, 3))
    assert (block != patient_blocks(names, 50, 4)).mean() > 0.5
    shuffle = np.random.default_rng(0).permutation(len(names))
    np.testing.assert_array_equal(block[shuffle], patient_blocks(names[shuffle], 50, 3))


def test_a_patient_on_both_sides_is_in_one_block() -> None:
    generated, reference = cohort(3, 120), cohort(4, 150)
    on_generated, on_reference = paired_blocks(generated, reference, 20, 0)
    both = dict(zip(generated, on_generated, strict=True))
    for name, block in zip(reference, on_reference, strict=True):
        assert both.get(name, block) == block


def test_unrelated_sides_are_each_spread_evenly() -> None:
    generated, reference = cohort(5, 200, prefix="g"), cohort(6, 300, prefix="r")
    for block in paired_blocks(generated, reference, 25, 0):
        sizes = np.bincount(block, minlength=25)
        assert sizes.max() - sizes.min() <= 0.35 * sizes.mean()


@given(seed=st.integers(0, 10**6), shared=st.integers(0, 90), only=st.integers(0, 90))
@settings(max_examples=40, deadline=None)
def test_private_blocks_hold_twenty_patients(seed: int, shared: int, only: int) -> None:
    reference = np.concatenate([cohort(seed, shared, prefix="s"), cohort(seed + 1, only + 20, prefix="r")])
    generated = np.concatenate([cohort(seed, shared, prefix="s"), cohort(seed + 2, only + 20, prefix="g")])
    on_generated, on_reference = paired_blocks(generated, reference, 50, seed, 20, 20)
    for names, block in ((generated, on_generated), (reference, on_reference)):
        assert min(len(np.unique(names[block == index])) for index in range(on_reference.max() + 1)) >= 20


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(ValueError, match="19 patients"):
        paired_blocks(cohort(0, 40), cohort(0, 19), 5, 0, 20)
    with pytest.raises(ValueError, match="at least one image"):
        patient_blocks(np.array([], dtype=str))
