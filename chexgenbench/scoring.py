"""From features to results: every metric, overall and per group, raw, at matched n, and real against real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chexgenbench import groups
from chexgenbench.metrics.base import Draws, Measurement, Metric, MetricInput, Side, StoredRows
from chexgenbench.metrics.registry import find
from chexgenbench.plan import CHOICE_SEED
from chexgenbench.protocols import Protocol
from data_splits.case import Case
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import undefined
from leaderboards.statistics.registry import estimate
from model_adapters.inference.seeds import derive_seed

if TYPE_CHECKING:
    from chexgenbench.projection import Projection

Variant = Literal["raw", "matched", "floor"]
Store = Callable[[str, str, str, Mapping[str, NDArray[Any] | StoredRows]], str | None]
"""(metric, group, variant, arrays) -> where the arrays were stored."""


@dataclass(frozen=True)
class EncodedSplit:
    """Features of one encoder (float32[n, d]), each array in the order of the cases of its part."""

    encoder: str
    generated: NDArray[np.float32]
    reference: NDArray[np.float32]
    fit: NDArray[np.float32]
    floor: NDArray[np.float32]
    class_weight: NDArray[np.float32] | None = None
    class_bias: NDArray[np.float32] | None = None

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


def score(
    protocol: Protocol,
    cases: Cases,
    encoded: Mapping[str, EncodedSplit],
    draws: Draws | None,
    *,
    credentialed: bool,
    store: Store,
    progress: Callable[[Sequence[tuple[str, str]]], Iterable[tuple[str, str]]] = iter,
) -> list[MetricResult]:
    """Every result of a protocol, ordered by metric, then group, then variant.

    Args:
        encoded: encoder name -> features; metrics of an encoder that is not here are undefined.
        credentialed: keep everything that is a real image's feature, or tells who is in a group, out of the store.
        progress: wraps the list of (encoder, group) that is worked through.
    """
    rows = membership(cases, protocol)
    sizes = [each.smaller for name, each in rows.items() if name != "overall" and each.smaller >= protocol.min_group]
    matched_n = min(sizes, default=None)
    order = {(use.metric, use.encoder): index for index, use in enumerate(protocol.uses)}
    encoders = list(dict.fromkeys(use.encoder for use in protocol.uses))
    found: list[tuple[int, int, MetricResult]] = []
    train = {
        name: _side(each.fit, cases.fit, None if credentialed else f"{name}.fit") for name, each in encoded.items()
    }
    position = {name: index for index, name in enumerate(rows)}
    for encoder, group in progress([(encoder, group) for encoder in encoders for group in rows]):
        metrics = [_metric(use.metric, protocol) for use in protocol.uses if use.encoder == encoder]
        scorer = _GroupScorer(
            group, rows[group], encoded.get(encoder), encoder, cases, train.get(encoder), draws, credentialed, store
        )
        wanted = [each for each in metrics if group == "overall" or (protocol.groups and each.per_group)]
        for metric, result in scorer.results(wanted, protocol, matched_n):
            found.append((order[metric.name, encoder], position[group], result))
    found.sort(key=lambda each: each[:2])
    return [result for _, _, result in found]


def membership(cases: Cases, protocol: Protocol) -> dict[str, Rows]:
    """Group -> rows on every side; "overall" alone where the protocol has no groups."""
    sides = [groups.members(part) for part in (cases.generated, cases.reference, cases.floor)]
    empty = np.zeros(0, np.intp)
    names = list(sides[1]) if protocol.groups else ["overall"]
    return {name: Rows(*(side.get(name, empty) for side in sides)) for name in names}


@dataclass(frozen=True)
class _GroupScorer:
    """Every metric of one encoder in one group. Neighbours and kernels are shared by the metrics of a variant."""

    name: str
    rows: Rows
    encoded: EncodedSplit | None
    encoder: str
    cases: Cases
    train: Side | None
    draws: Draws | None
    credentialed: bool
    store: Store

    def results(
        self, metrics: Sequence[Metric], protocol: Protocol, matched_n: int | None
    ) -> Iterable[tuple[Metric, MetricResult]]:
        """Raw, matched and floor results."""
        minimum = 0 if self.name == "overall" else protocol.min_group
        yield from self._variant("raw", metrics, self.rows.generated, self.rows.reference, minimum)
        matchable = [metric for metric in metrics if metric.matched and protocol.matched]
        if matched_n is not None and matchable and self.rows.smaller >= matched_n:
            generated = self._choose(self.rows.generated, self.cases.generated, matched_n)
            reference = self._choose(self.rows.reference, self.cases.reference, matched_n)
            yield from self._variant("matched", matchable, generated, reference, minimum)
        floored = [metric for metric in metrics if metric.floor]
        if protocol.floor and floored and self.encoded is not None and len(self.rows.floor) >= max(2, minimum):
            n = min(len(self.rows.generated), len(self.rows.floor))
            floor = self._choose(self.rows.floor, self.cases.floor, n)
            yield from self._variant("floor", floored, floor, self.rows.reference, minimum)

    def _choose(self, rows: NDArray[np.intp], cases: Sequence[Case], n: int) -> NDArray[np.intp]:
        """n rows chosen by case id: the same for every model, and the same cases on both sides of a paired split."""
        order = sorted(rows, key=lambda row: derive_seed(CHOICE_SEED, cases[row].id, purpose=f"matched/{self.name}"))
        return np.sort(np.asarray(order[:n], np.intp))

    def _variant(
        self,
        variant: Variant,
        metrics: Sequence[Metric],
        generated: NDArray[np.intp],
        reference: NDArray[np.intp],
        minimum: int,
    ) -> Iterable[tuple[Metric, MetricResult]]:
        data: MetricInput | None = None
        smaller = min(len(generated), len(reference))
        patients = len({self.cases.reference[row].patient for row in reference})
        for metric in metrics:
            needed = max(minimum, metric.min_images)
            reason = self._obstacle(metric)
            if reason is None and smaller < needed:
                reason = f"{smaller} image(s); at least {needed} are needed"
            measurement = Measurement(reason=reason)
            if reason is None:
                with one_thread():  # the last digits of a matrix product depend on the number of threads
                    data = data or self._input(variant, generated, reference)
                    measurement = metric.measure(data)
            name, location = metric.full_name(self.encoder), None
            if measurement.reason is not None:
                result = undefined(measurement.reason)
            else:
                result = estimate(metric.estimator, self._resolved(measurement), measurement.parameters)
                if not self.credentialed or (self.name == "overall" and variant == "raw"):
                    location = self.store(name, self.name, variant, measurement.arrays)
            yield (
                metric,
                metric_result(
                    result,
                    metric=name,
                    family=metric.family,
                    direction=metric.direction,
                    estimator=metric.estimator,
                    n_generated=len(generated),
                    n_reference=len(reference),
                    n_patients=patients,
                    group=self.name,
                    variant=variant,
                    statistics=location,
                    parameters=measurement.parameters,
                    unit=metric.unit,
                ),
            )

    def _obstacle(self, metric: Metric) -> str | None:
        """Why the metric cannot be computed on this run at all, or None."""
        if "draws" in metric.needs and self.draws is None:
            return "no prompt was drawn more than once"
        if "encoder" in metric.needs and self.encoded is None:
            return f"no features of {self.encoder}"
        if self.encoded is not None:
            if {"train", "projection"} & metric.needs and len(self.encoded.fit) == 0:
                return "the split has no training images to fit on"
            if "class_head" in metric.needs and self.encoded.class_weight is None:
                return f"{self.encoder} has no class head"
        return None

    def _input(self, variant: Variant, generated: NDArray[np.intp], reference: NDArray[np.intp]) -> MetricInput:
        encoded = self.encoded or _no_features(self.cases)
        share = not self.credentialed
        part: Literal["floor", "generated"] = "floor" if variant == "floor" else "generated"
        source = f"{self.encoder}.{part}" if share or part == "generated" else None
        drawn = _side(getattr(encoded, part), getattr(self.cases, part), source).take(generated)
        return MetricInput(
            generated=drawn,
            reference=_side(
                encoded.reference, self.cases.reference, f"{self.encoder}.reference" if share else None
            ).take(reference),
            encoder=self.encoder,
            seed=derive_seed(CHOICE_SEED, self.name, purpose="estimate"),
            train=self.train,
            class_weight=encoded.class_weight,
            class_bias=encoded.class_bias,
            projection=encoded.projection,
            draws=None
            if self.draws is None
            else self.draws.of(np.array([self.cases.generated[row].id for row in generated])),
            share_reference=share,
        )

    def _resolved(self, measurement: Measurement) -> dict[str, NDArray[Any]]:
        """The measurement's arrays with stored rows looked up."""
        arrays: dict[str, NDArray[Any]] = {}
        for key, array in measurement.arrays.items():
            if isinstance(array, StoredRows):
                features = getattr(self.encoded, array.source.rpartition(".")[2])
                arrays[key] = features[array.rows]
            else:
                arrays[key] = array
        return arrays


def _metric(name: str, protocol: Protocol) -> Metric:
    metric = find(name, protocol.settings)
    assert metric is not None, f"protocol {protocol.name} lists {name}, which it does not define"
    return metric


def _side(features: NDArray[np.float32], cases: Sequence[Case], source: str | None) -> Side:
    return Side(
        features=features,
        patients=np.array([case.patient for case in cases], dtype=np.str_),
        ids=np.array([case.id for case in cases], dtype=np.str_),
        rows=np.arange(len(cases), dtype=np.int64),
        source=source,
    )


def _no_features(cases: Cases) -> EncodedSplit:
    """Empty features, for metrics that look at images alone."""
    parts = (cases.generated, cases.reference, cases.fit, cases.floor)
    return EncodedSplit("", *(np.zeros((len(part), 0), np.float32) for part in parts))
