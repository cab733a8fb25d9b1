"""The arms: which images a classifier is trained on, real ones and those that were drawn for the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from chexgenbench.lazy_images import GreyImage
from chexgenbench.metrics.base import Asked, Side
from chexgenbench.utility.labels import Policy, targets
from model_adapters.inference.seeds import derive_seed

CHOICE_SEED = 0
"""Which cases are real in the mixed arm, and which patients stand in a part of the learning curve: for every model
and training the same."""

ARMS = ("tstr", "trtr", "mixed", "augmented")
"""Train on synthetic, test on real; train on real; half of the cases' images replaced; both together."""

CURVE = (25, 50)
"""Percentages of the training patients at which a learning curve is also measured."""


class Joined(Sequence[GreyImage]):
    """Several sequences of images as one, each decoded when it is looked at."""

    def __init__(self, parts: Sequence[Sequence[GreyImage]]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._parts) else 0

    @overload
    def __getitem__(self, index: int) -> GreyImage: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[GreyImage]: ...

    def __getitem__(self, index: int | slice) -> GreyImage | Sequence[GreyImage]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = int(np.searchsorted(self._ends, index, side="right"))
        return self._parts[part][index - (int(self._ends[part - 1]) if part else 0)]


@dataclass(frozen=True)
class TrainingSet:
    """What a classifier is trained on, or scored on.

    Attributes:
        sides: its parts. targets: float32[n, 14], NaN where unknown.
    """

    sides: tuple[Side, ...]
    targets: NDArray[np.float32]

    @classmethod
    def of(cls, *sides: Side, policy: Policy = "known") -> TrainingSet:
        """The parts with the labels of their cases."""
        return cls(sides, np.concatenate([targets(side.cases, policy) for side in sides]))

    def __len__(self) -> int:
        return sum(len(side) for side in self.sides)

    @property
    def features(self) -> NDArray[np.float32]:
        """float32[n, d]."""
        return np.concatenate([side.features for side in self.sides])

    @property
    def patients(self) -> NDArray[np.str_]:
        """str[n]."""
        return np.concatenate([side.patients for side in self.sides])

    @property
    def weights(self) -> NDArray[np.float32] | None:
        """float32[n], or None where every image counts the same."""
        weights = np.array([case.weight for side in self.sides for case in side.cases], np.float32)
        return None if (weights == 1.0).all() else weights

    @property
    def images(self) -> Joined | None:
        """The pixels, or None where a side has none."""
        parts = [side.images for side in self.sides if side.images is not None]
        return Joined(parts) if len(parts) == len(self.sides) else None


def arm(asked: Asked, name: str, policy: Policy = "known") -> TrainingSet:
    """The training set of an arm.

    The arms of one set of cases hold the same cases with the same labels; only "augmented" has each case twice.

    Args:
        asked: one synthetic image for each of many training cases (of further draws only the first is used).
        name: one of ARMS, or with the percentage of the training patients that it is cut to, such as "tstr_25".

    Raises:
        KeyError: no such arm.
    """
    name, _, percent = name.partition("_")
    first = np.flatnonzero(asked.draw == 0)
    if percent:
        first = first[_share_of_patients(asked.images.patients[first], int(percent) / 100)]
    synthetic, real = asked.images.take(first), asked.real.take(asked.target[first])
    if name == "tstr":
        return TrainingSet.of(synthetic, policy=policy)
    if name == "trtr":
        return TrainingSet.of(real, policy=policy)
    if name == "augmented":
        return TrainingSet.of(real, synthetic, policy=policy)
    if name == "mixed":
        replaced = half_of(real.ids)
        return TrainingSet.of(
            real.take(np.flatnonzero(~replaced)), synthetic.take(np.flatnonzero(replaced)), policy=policy
        )
    raise KeyError(f"no arm {name!r}; known: {', '.join(ARMS)}")


def half_of(ids: NDArray[np.str_]) -> NDArray[np.bool_]:
    """True for half of the cases, chosen by hash of their id."""
    order = sorted(range(len(ids)), key=lambda row: derive_seed(CHOICE_SEED, str(ids[row]), purpose="mixed"))
    chosen = np.zeros(len(ids), bool)
    chosen[order[: len(ids) // 2]] = True
    return chosen


def _share_of_patients(patients: NDArray[np.str_], share: float) -> NDArray[np.intp]:
    """Rows of whole patients, taken by hash until they hold a share of the images: a larger share holds a smaller."""
    names, of = np.unique(patients, return_inverse=True)
    images = np.bincount(of.reshape(-1), minlength=len(names))
    order = sorted(
        range(len(names)), key=lambda row: derive_seed(CHOICE_SEED, str(names[row]), purpose="learning curve")
    )
    reach = np.cumsum(images[order])
    kept = order[: int(np.searchsorted(reach, share * len(patients))) + 1]
    return np.flatnonzero(np.isin(of.reshape(-1), kept))
