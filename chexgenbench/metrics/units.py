"""What a metric may store of each side: per image where that is allowed, else per block of at least 20 patients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import MetricInput, Side, StoredRows
from leaderboards.statistics.blocks import PRIVATE_PATIENTS, patient_blocks

MAX_BLOCKS = 200

Int = NDArray[np.int64]


def codes(patients: NDArray[np.str_]) -> Int:
    """Patients as numbers from 0, in the order of their names."""
    return np.unique(patients, return_inverse=True)[1].reshape(-1).astype(np.int64)


def joint_codes(data: MetricInput) -> tuple[Int, Int]:
    """Patients of the generated and of the reference side in one numbering."""
    both = codes(np.concatenate([data.generated.patients, data.reference.patients]))
    return both[: len(data.generated)], both[len(data.generated) :]


def is_open(data: MetricInput, side: Side) -> bool:
    """Whether numbers of single images may be stored: always of an open split, else of generated images."""
    return data.share_reference or (side is data.generated and side.source is not None)


def units(data: MetricInput, side: Side) -> Int:
    """The unit of each image: its patient, or a block of at least 20 patients where the side is not open."""
    return codes(side.patients) if is_open(data, side) else private_blocks(side)


def private_blocks(side: Side) -> Int:
    """Blocks of at least 20 patients (of all patients where there are fewer), for numbers that tell of single cases."""
    blocks = len(np.unique(side.patients)) // PRIVATE_PATIENTS
    return patient_blocks(side.patients, min(MAX_BLOCKS, max(1, blocks)))


def per_image(data: MetricInput, side: Side, **values: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
    """Arrays of the `clustered_mean` estimator: the values by image with patients as clusters, or means by block.

    Args:
        values: name -> [n], one number an image of the side.
    """
    unit = units(data, side)
    if is_open(data, side):
        return {**{name: np.asarray(each, np.float64) for name, each in values.items()}, "cluster": unit}
    return block_means(unit, **values)


def block_means(unit: Int, **values: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
    """Arrays of the `clustered_mean` estimator by block: means, and how many images each is of."""
    size = np.bincount(unit)
    means = {name: np.bincount(unit, np.asarray(each, np.float64)) / size for name, each in values.items()}
    return {**means, "cluster": np.arange(len(size), dtype=np.int64), "size": size.astype(np.int64)}


def stored(side: Side) -> NDArray[np.float32] | StoredRows:
    """The side's features by reference to the stored array; the features themselves where none is stored."""
    return side.features if side.source is None else StoredRows(side.source, side.rows)
