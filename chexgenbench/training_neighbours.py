"""How near images come to the training set: the exact distances that the memorisation metrics share.

Distances are Euclidean between features as the encoder gives them. Standardising each dimension was tried and costs
sensitivity: on real radiographs (`lite0`, 396 training images, level of the ratio test that no held-out image passes)
cropped copies were found at a rate of 97 % with features as they are and 90 % with standardised ones, copies under
noise of 5 grey levels at 27 % and 9 %; whitened principal components lie between. Rarely active dimensions hold noise.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import MetricInput, Side
from chexgenbench.metrics.units import codes, per_image
from chexgenbench.search import NOBODY, search

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEW = "the searched training images show fewer than two patients"


@dataclass(frozen=True)
class Near:
    """Attributes: first: float64[n], distance to the nearest training image; second: to the nearest image of another
    patient than the one it shows; index: int64[n], row of the nearest in the corpus."""

    first: Float
    second: Float
    index: Int

    @property
    def ratio(self) -> Float:
        """float64[n], first / second, 0 to 1; 0 where both are 0: an image that two training patients share."""
        return np.divide(self.first, self.second, out=np.zeros_like(self.first), where=self.second > 0)


@dataclass
class TrainingSet:
    """What is kept of the corpus between metrics: who is in it and the distances found so far, not its features.

    Attributes:
        patients: int64[m]. names: patient -> number. found: results by what they depend on.
    """

    patients: Int
    names: Mapping[str, int]
    found: dict[bytes, Any] = field(default_factory=dict)


def training_set(data: MetricInput) -> TrainingSet | None:
    """The corpus of a measurement; None if it shows fewer than two patients."""
    corpus = data.corpus
    if corpus is None or len(corpus) == 0 or (corpus.patients == corpus.patients[0]).all():
        return None
    held = data.shared.get("training_set")
    if held is None or held[0]() is not corpus:
        key = f"training_set/{_digest(corpus.features, corpus.patients, corpus.ids).hex()}"
        if key not in data.shared:
            names, patients = np.unique(corpus.patients, return_inverse=True)
            numbers = {str(name): index for index, name in enumerate(names)}
            data.shared[key] = TrainingSet(patients.reshape(-1).astype(np.int64), numbers)
        held = data.shared["training_set"] = weakref.ref(corpus), key
    result: TrainingSet = data.shared[held[1]]
    return result


def near(data: MetricInput, side: Side) -> Near:
    """Distances of each image of a side to the training set, searched once a run.

    Raises:
        ValueError: there is no training set (see `training_set`).
    """
    known, corpus = _known(data)
    key = _digest(side.features)
    if key not in known.found:
        found = search(side.features, corpus.features, 2, patients=known.patients, one_per_patient=True)
        known.found[key] = Near(found.distance[:, 0], found.distance[:, 1], found.index[:, 0])
    result: Near = known.found[key]
    return result


def near_others(data: MetricInput, side: Side, *, image_level: bool = False) -> Float:
    """float64[n], distance of each image to the nearest training image of another patient than its own.

    Args:
        image_level: to the nearest other training image, whoever it shows (the image itself, found by its case id, is
            left out), as published definitions have it.
    """
    known, corpus = _known(data)
    key = _digest(side.features, side.ids if image_level else side.patients) + (b"image" if image_level else b"patient")
    if key not in known.found:
        own, names, mine = known.patients, known.names, side.patients
        if image_level:
            own, mine = codes(corpus.ids), side.ids
            names = {str(name): int(code) for name, code in zip(corpus.ids, own, strict=True)}
        exclude = np.array([names.get(str(name), NOBODY) for name in mine], np.int64)
        found = search(side.features, corpus.features, 1, patients=own, exclude=exclude)
        known.found[key] = found.distance[:, 0]
    result: Float = known.found[key]
    return result


def distances(one: Side, other: Side) -> Float:
    """float64[n], distances of paired images of two sides of equal length."""
    gap = one.features.astype(np.float64) - other.features
    return np.asarray(np.sqrt((gap * gap).sum(axis=1)))


def drawn(side: Side, **values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Numbers of generated images, which may always be stored, with the patients of their prompts as clusters."""
    return {**{name: np.asarray(each, np.float64) for name, each in values.items()}, "cluster": codes(side.patients)}


def real(data: MetricInput, side: Side, **values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Numbers of real images: one an image, or means of at least 20 patients of a credentialed split."""
    return dict(per_image(data, side, **values))


def prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays under `<prefix>_<name>`."""
    return {f"{prefix}_{name}": each for name, each in arrays.items()}


def one_a_patient(side: Side) -> Int:
    """Rows of one image of each patient, the one whose case id comes first."""
    order = np.argsort(side.ids, kind="stable")
    return np.sort(order[np.unique(side.patients[order], return_index=True)[1]])


def _known(data: MetricInput) -> tuple[TrainingSet, Side]:
    known = training_set(data)
    if known is None or data.corpus is None:
        raise ValueError(FEW)
    return known, data.corpus


def _digest(*arrays: NDArray[Any]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data.cast("B") if array.dtype.kind != "U" else array.tobytes())
    return digest.digest()
