"""What a metric is: it turns features or images into the arrays from which an estimator computes value and interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chexgenbench.neighbours import Neighbours
    from chexgenbench.projection import Projection

Family = Literal["fidelity", "alignment", "privacy", "memorisation", "utility"]
Direction = Literal["lower", "higher", "zero"]


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        features: float32[n, d] of one encoder.
        patients: str[n]; a generated image carries the patient of the case whose prompt it draws.
        ids: str[n], the case ids. Generated and reference side of one split are paired by them.
        rows: int64[n], the rows of this side in the stored feature array `source`.
        source: name of the stored feature array, for example "lite0.generated"; None if it may not be stored.
    """

    features: NDArray[np.float32]
    patients: NDArray[np.str_]
    ids: NDArray[np.str_]
    rows: NDArray[np.int64]
    source: str | None

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def median_distance(self) -> float:
        """The median Euclidean distance of its images (of 1,000 of them where there are more): an RBF bandwidth.

        Raises:
            ValueError: fewer than two images, or at least half of the pairs coincide.
        """
        from leaderboards.statistics.kernel_tiles import median_distance

        return median_distance(self.features)

    def take(self, rows: NDArray[np.intp] | Sequence[int]) -> Side:
        """The side restricted to some of its rows, in the order given."""
        index = np.asarray(rows, dtype=np.intp)
        return Side(self.features[index], self.patients[index], self.ids[index], self.rows[index], self.source)


@dataclass(frozen=True)
class StoredRows:
    """An array of a measurement that is a selection of rows of a stored feature array, so that it is stored once."""

    source: str
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Draws:
    """Several images of the same prompts, for diversity within a prompt.

    Attributes:
        patients: str[prompts]. ids: str[prompts].
        load: (prompt index, draw index) -> grey uint8[h, w].
        count: draws a prompt.
    """

    patients: NDArray[np.str_]
    ids: NDArray[np.str_]
    load: Callable[[int, int], NDArray[np.uint8]]
    count: int

    def of(self, ids: NDArray[np.str_]) -> Draws:
        """The prompts of some cases only."""
        rows = np.flatnonzero(np.isin(self.ids, ids))
        load = self.load
        return Draws(
            self.patients[rows], self.ids[rows], lambda prompt, draw: load(int(rows[prompt]), draw), self.count
        )


@dataclass(frozen=True)
class MetricInput:
    """Everything a metric may look at. Expensive intermediate results are computed once and shared by all metrics.

    Attributes:
        generated, reference: features of the encoder; reference is the real images of the evaluated subset.
        train: real training images (patients disjoint from the reference), or None.
        encoder: registry name of the encoder, "" for metrics that use none.
        seed: derived from the run seed; the only source of randomness.
        class_weight, class_bias: the encoder's linear class head, or None.
        projection: the fixed 64-dimensional projection fitted on reference training data, or None.
        draws: repeated draws of prompts of the group, or None.
        share_reference: False for a credentialed split: then no array of a measurement may hold a per-image or
            per-patient feature of a real image (block moments of at least 20 patients are allowed).
    """

    generated: Side
    reference: Side
    encoder: str
    seed: int
    train: Side | None = None
    class_weight: NDArray[np.float32] | None = None
    class_bias: NDArray[np.float32] | None = None
    projection: Projection | None = None
    draws: Draws | None = None
    share_reference: bool = True

    @cached_property
    def neighbours(self) -> Neighbours:
        """k-nearest-neighbour statistics of both sides (exact, blocked), shared by the four k-NN metrics."""
        from chexgenbench.neighbours import Neighbours

        return Neighbours.shared(self.generated.features, self.reference.features)


@dataclass(frozen=True)
class Measurement:
    """Arrays for the metric's estimator, or the reason why there are none."""

    arrays: Mapping[str, NDArray[Any] | StoredRows] = field(default_factory=dict)
    parameters: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Metric:
    """One metric of the registry; its module's docstring is its reference page.

    Attributes:
        name: without the encoder: "kid" is reported as "kid_lite0".
        measure: MetricInput -> Measurement.
        estimator: name in leaderboards.statistics.registry.
        source: paper of the definition. cost: time and memory order in n and d.
        per_group: also computed per pathology and subgroup. floor: also computed real against real.
        matched: n-dependent, so groups are also compared at equal n.
        needs: of "encoder", "train", "class_head", "draws", "projection".
        quirks: how a published (v1) variant departs from the definition; empty for v2.
        min_images: fewer on either side make it undefined.
        display: short human name for tables.
    """

    name: str
    display: str
    family: Family
    direction: Direction
    measure: Callable[[MetricInput], Measurement]
    estimator: str
    source: str
    cost: str
    unit: str = ""
    per_group: bool = True
    floor: bool = True
    matched: bool = False
    needs: frozenset[str] = frozenset({"encoder"})
    quirks: tuple[str, ...] = ()
    min_images: int = 2

    def full_name(self, encoder: str) -> str:
        """The name under which a result is reported."""
        return f"{self.name}_{encoder}" if "encoder" in self.needs else self.name
