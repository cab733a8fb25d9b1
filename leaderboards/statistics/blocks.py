"""Whole patients dealt into blocks of near-equal size, for the delete-a-block jackknife and for block moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Blocks = NDArray[np.int64]

BLOCKS = 50
"""Blocks of a jackknife: enough that its standard error is itself known to 10 %, few enough to be quick."""

PRIVATE_PATIENTS = 20
"""Least patients whose moments may be published together: those of one patient are an embedding of that patient."""


def patient_blocks(patients: NDArray[np.str_], n_blocks: int = BLOCKS, seed: int = 0) -> Blocks:
    """Assign whole patients to `n_blocks` blocks (fewer if there are fewer patients) of near-equal numbers of images.

    Args:
        patients: str[n], the patient of each image.

    Returns:
        int64[n], the block of each image. Every block holds as many patients as any other, give or take one.
    """
    return paired_blocks(patients, patients, n_blocks, seed)[0]


def paired_blocks(
    generated: NDArray[np.str_],
    reference: NDArray[np.str_],
    n_blocks: int = BLOCKS,
    seed: int = 0,
    min_reference_patients: int = 1,
    min_generated_patients: int = 1,
) -> tuple[Blocks, Blocks]:
    """Blocks of both sides of a comparison: a patient on both sides is in the same block on both.

    So a deleted block takes a patient's real and generated images away together, as resampling patients would. Patients
    of one side only are dealt separately, so that each side's images are spread evenly.

    Args:
        generated, reference: str[n] and str[m], the patient of each image.
        min_reference_patients, min_generated_patients: least patients of a side in a block; fewer blocks are made if
            need be.

    Returns:
        int64[n] and int64[m]. Blocks are numbered from 0 without gaps.

    Raises:
        ValueError: a side is empty, or has fewer patients than a block needs.
    """
    if not len(generated) or not len(reference):
        raise ValueError("blocks need at least one image on either side")
    names, inverse = np.unique(np.concatenate([generated, reference]), return_inverse=True)
    inverse = inverse.reshape(-1)
    counts = np.stack(
        [
            np.bincount(inverse[: len(generated)], minlength=len(names)),
            np.bincount(inverse[len(generated) :], minlength=len(names)),
        ]
    )
    shuffle = np.random.default_rng(seed).permutation(len(names))
    blocks = min(n_blocks, len(names))
    for side, least in ((0, min_generated_patients), (1, min_reference_patients)):
        on_side = int((counts[side] > 0).sum())
        if on_side < least:
            raise ValueError(f"{on_side} patients, of which each block needs {least}")
        blocks = min(blocks, on_side // least)
    block = _deal(counts, shuffle, max(blocks, 1))
    while (
        min(_fewest(block, counts[0]) - min_generated_patients, _fewest(block, counts[1]) - min_reference_patients) < 0
    ):
        blocks -= 1
        block = _deal(counts, shuffle, blocks)
    return block[inverse[: len(generated)]], block[inverse[len(generated) :]]


def _fewest(block: Blocks, count: NDArray[np.int64]) -> int:
    """Least patients with images in a block."""
    return int(np.bincount(block[count > 0], minlength=int(block.max()) + 1).min())


def _deal(counts: NDArray[np.int64], shuffle: NDArray[np.int64], blocks: int) -> Blocks:
    """Block of each patient, dealt in rounds: the largest patient of a round goes to the smallest block so far.

    Reference patients are dealt first, so that the blocks' numbers of them differ by one at most.
    """
    block = np.zeros(counts.shape[1], dtype=np.int64)
    load = np.zeros((2, blocks))
    share = counts / counts.sum(axis=1, keepdims=True)
    held = np.zeros(blocks, dtype=np.int64)
    on_generated, on_reference = counts[0] > 0, counts[1] > 0
    strata = (
        (on_generated & on_reference, [0, 1]),
        (on_reference & ~on_generated, [1]),
        (on_generated & ~on_reference, [0]),
    )
    for chosen, sides in strata:
        group = shuffle[chosen[shuffle]]
        group = group[np.argsort(-share[sides][:, group].sum(axis=0), kind="stable")]
        start = 0
        while start < len(group):
            order = np.lexsort((load[sides].sum(axis=0), held))
            order = order[held[order] == held[order[0]]]
            dealt = group[start : start + len(order)]
            order = order[: len(dealt)]
            block[dealt] = order
            load[:, order] += share[:, dealt]
            held[order] += 1
            start += len(dealt)
    return block
