"""What a metric is: it turns features or images into the arrays from which an estimator computes value and interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case

if TYPE_CHECKING:
    from chexgenbench.lazy_images import LazyImages
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
        cases: the case of each image (prompt, labels, view, ...); a generated image carries the case it was asked for.
        images: the pixels, decoded on access; None where a metric is tested on features alone.
    """

    features: NDArray[np.float32]
    patients: NDArray[np.str_]
    ids: NDArray[np.str_]
    rows: NDArray[np.int64]
    source: str | None
    cases: tuple[Case, ...] = ()
    images: LazyImages | None = None

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
        return Side(
            self.features[index],
            self.patients[index],
            self.ids[index],
            self.rows[index],
            self.source,
            tuple(self.cases[row] for row in index) if self.cases else (),
            None if self.images is None else self.images.take(index),
        )


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
class Asked:
    """Images drawn for known cases, each beside the real image of its case: what privacy and utility look at.

    Attributes:
        images: the generated images, draw by draw; a case that was drawn k times stands in it k times.
        draw: int64[n], the draw of each image.
        real: the real images of the cases, each once.
        target: int64[n], the row of `real` that belongs to each generated image.
        noise: float64[n], the generator's text-conditional noise norm of each image (white box), or None.
    """

    images: Side
    draw: NDArray[np.int64]
    real: Side
    target: NDArray[np.int64]
    noise: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[np.intp] | Sequence[int]) -> Asked:
        """Some of the generated images; `real` stays whole."""
        index = np.asarray(rows, dtype=np.intp)
        noise = None if self.noise is None else self.noise[index]
        return Asked(self.images.take(index), self.draw[index], self.real, self.target[index], noise)


@dataclass(frozen=True)
class Texts:
    """Embeddings of prompts.

    Attributes:
        encoder: name of the text encoder.
        joint: True if its space is that of the image features (BioViL-T, CLIP): then their cosine means something as
            it is. Otherwise a metric fits a map on the training images.
        of: a side whose cases have prompts -> float32[n, d], a row an image.
    """

    encoder: str
    joint: bool
    of: Callable[[Side], NDArray[np.float32]]


@dataclass(frozen=True)
class Lengths:
    """How long the evaluated prompts are for the generator, where it tells.

    Attributes:
        patients: str[n]. tokens: int64[n], for the text encoder that reads the most.
        cut: bool[n], longer than that one reads. cut_short: the same of the one that reads the least, or None.
    """

    patients: NDArray[np.str_]
    tokens: NDArray[np.int64]
    cut: NDArray[np.bool_]
    cut_short: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class PairHead:
    """Turns two features of a Siamese network into the probability that they show one patient:
    sigmoid(|a - b| @ weight + bias).

    weight: float32[d]; bias: float.
    """

    weight: NDArray[np.float32]
    bias: float


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
        corpus: every real image that the generator was trained on (as far as known), searched for copies, or None.
        probes: images drawn, `draws` times each, for prompts of training cases, or None.
        controls: the same for prompts of held-out (evaluated) cases, or None. One image a patient in both.
        synthetic: one image for each of many training cases: a synthetic training set, or None.
        texts: embeddings of prompts, or None where cases have none.
        pair_head: of a Siamese encoder, or None.
        lengths: of the evaluated prompts for the generator, or None where it tells none.
        masks: the outlined structures of a real image, by name over its field of view, or None.
        shared: results that cost much and serve several metrics, groups or variants (trained predictors, say), by a
            key that names everything they depend on; filled by the metrics themselves.
        scratch: a folder of the run where such results may be kept across a crash, or None.
        options: what the user alone can say, by name ("delta", the published re-identification threshold).
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
    corpus: Side | None = None
    probes: Asked | None = None
    controls: Asked | None = None
    synthetic: Asked | None = None
    texts: Texts | None = None
    pair_head: PairHead | None = None
    lengths: Lengths | None = None
    masks: Callable[[Case], Mapping[str, NDArray[np.bool_]]] | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    scratch: Path | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    share_reference: bool = True

    @cached_property
    def neighbours(self) -> Neighbours:
        """k-nearest-neighbour statistics of both sides (exact, blocked), shared by the four k-NN metrics."""
        from chexgenbench.neighbours import Neighbours

        return Neighbours.shared(self.generated.features, self.reference.features)


@dataclass(frozen=True)
class Measurement:
    """Arrays for the metric's estimator, or the reason why there are none.

    Attributes:
        n_generated, n_reference: images that the value rests on, where these are not the two sides.
    """

    arrays: Mapping[str, NDArray[Any] | StoredRows] = field(default_factory=dict)
    parameters: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    reason: str | None = None
    n_generated: int | None = None
    n_reference: int | None = None


@dataclass(frozen=True)
class Metric:
    """One metric of the registry; its module's docstring is its reference page.

    Attributes:
        name: without the encoder: "kid" is reported as "kid_lite0".
        measure: MetricInput -> Measurement.
        estimator: name in leaderboards.statistics.registry.
        source: paper of the definition. cost: time and memory order in n and d.
        per_group: also computed per pathology and subgroup.
        floor: what stands in for a perfect generator beside each value. "train": real training images (True is the
            same). "held_out": one half of the evaluated patients' real images, as if drawn, against the other half;
            for metrics that must find no copies. False: none.
        matched: n-dependent, so groups are also compared at equal n.
        needs: of "encoder", "train", "class_head", "draws", "projection", "corpus", "probes", "controls",
            "synthetic", "texts", "pair_head", "lengths" (of prompts), "masks" (of real images), "noise" (of the
            probes), "images" (pixels of the generated images).
            What is listed is there when `measure` is called; the run draws and extracts nothing that no metric needs.
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
    floor: bool | Literal["train", "held_out"] = True
    matched: bool = False
    needs: frozenset[str] = frozenset({"encoder"})
    quirks: tuple[str, ...] = ()
    min_images: int = 2

    def full_name(self, encoder: str) -> str:
        """The name under which a result is reported."""
        return f"{self.name}_{encoder}" if encoder else self.name
