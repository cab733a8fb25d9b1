"""The parts of a run that metrics look at: who is on which side, and what each encoder sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chexgenbench import groups
from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, Lengths, PairHead, Side, Texts
from data_splits.case import Case
from data_splits.split import ReadMasks

if TYPE_CHECKING:
    from chexgenbench.projection import Projection


@dataclass(frozen=True)
class Extras:
    """What some metrics look at besides the four parts; see `MetricInput`. `no_texts`: why there are none."""

    corpus: Side | None = None
    probes: Asked | None = None
    controls: Asked | None = None
    synthetic: Asked | None = None
    texts: Texts | None = None
    no_texts: str = "some cases have no prompt"
    pair_head: PairHead | None = None
    lengths: Lengths | None = None
    masks: ReadMasks | None = None

    def of_group(self, group: str) -> Extras:
        """Only what was drawn for cases of a group; the corpus stays whole."""
        if group == "overall":
            return self

        def some(asked: Asked | None) -> Asked | None:
            if asked is None:
                return None
            rows = groups.members(asked.images.cases).get(group, np.zeros(0, np.intp))
            return asked.take(rows) if len(rows) else None

        return replace(self, probes=some(self.probes), controls=some(self.controls), synthetic=some(self.synthetic))


@dataclass(frozen=True)
class EncodedSplit:
    """Features of one encoder (float32[n, d]), each array in the order of the cases of its part; pixels by part."""

    encoder: str
    generated: NDArray[np.float32]
    reference: NDArray[np.float32]
    fit: NDArray[np.float32]
    floor: NDArray[np.float32]
    class_weight: NDArray[np.float32] | None = None
    class_bias: NDArray[np.float32] | None = None
    images: Mapping[str, LazyImages] = field(default_factory=dict)
    extras: Extras = field(default_factory=Extras)

    @cached_property
    def projection(self) -> Projection | None:
        """The fixed 64-dimensional projection fitted on the training features, or None without any."""
        from chexgenbench.projection import Projection

        return Projection.fit(self.fit) if self.fit.size else None


@dataclass(frozen=True)
class Cases:
    """The cases behind the feature rows. `generated` may be shorter than asked where images are missing."""

    generated: Sequence[Case]
    reference: Sequence[Case]
    fit: Sequence[Case]
    floor: Sequence[Case]


@dataclass(frozen=True)
class Rows:
    """The rows of a group in each part."""

    generated: NDArray[np.intp]
    reference: NDArray[np.intp]
    floor: NDArray[np.intp]

    @property
    def smaller(self) -> int:
        """Images on the smaller side."""
        return min(len(self.generated), len(self.reference))


def side_of(
    features: NDArray[np.float32], cases: Sequence[Case], source: str | None, images: LazyImages | None = None
) -> Side:
    """A side of these cases, rows numbered in their order."""
    return Side(
        features=features,
        patients=np.array([case.patient for case in cases], dtype=np.str_),
        ids=np.array([case.id for case in cases], dtype=np.str_),
        rows=np.arange(len(cases), dtype=np.int64),
        source=source,
        cases=tuple(cases),
        images=images,
    )


def no_features(cases: Cases) -> EncodedSplit:
    """Empty features, for metrics that look at images alone."""

    def empty(part: Sequence[Case]) -> NDArray[np.float32]:
        return np.zeros((len(part), 0), np.float32)

    return EncodedSplit("", empty(cases.generated), empty(cases.reference), empty(cases.fit), empty(cases.floor))
