"""Every metric of one encoder: overall and per group, raw, at matched n, and real against real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Draws, Measurement, Metric, MetricInput, Side, StoredRows
from chexgenbench.parts import Cases, EncodedSplit, Rows, no_features, side_of
from chexgenbench.plan import CHOICE_SEED
from chexgenbench.protocols import Protocol
from data_splits.case import Case
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import undefined
from leaderboards.statistics.registry import estimate
from model_adapters.inference.seeds import derive_seed

Variant = Literal["raw", "matched", "floor"]
Part = Literal["generated", "reference", "floor"]
Index = NDArray[np.intp]
Store = Callable[[str, str, str, Mapping[str, NDArray[Any] | StoredRows]], str | None]
"""(metric, group, variant, arrays) -> where the arrays were stored."""

Observe = Callable[[str, MetricInput], None]

PROMPTED = frozenset({"probes", "controls", "synthetic", "noise", "draws"})
"""Needs that only a generator can meet: real images that stand in for one were not asked anything."""


@dataclass(frozen=True)
class Context:
    """What all encoders and groups of a run share; the arguments of `scoring.score`.

    Attributes:
        observe: called once with each encoder's name and its overall raw input, after it was scored.
        matched_n: the size at which groups are compared, or None where no group is large enough.
        shared: costly results that serve several metrics, groups and variants.
    """

    protocol: Protocol
    cases: Cases
    draws: Draws | None
    credentialed: bool
    store: Store
    matched_n: int | None
    options: Mapping[str, float]
    scratch: Path | None
    observe: Observe = lambda *_: None
    shared: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """Rows of a variant: the part that is compared, its rows, and those of the reference."""

    variant: Variant
    part: Part
    generated: Index
    reference: Index

    @property
    def smaller(self) -> int:
        """Images on the smaller side."""
        return min(len(self.generated), len(self.reference))


class EncoderScorer:
    """The metrics of one encoder ("" for those that use none). Neighbours and kernels are shared within a variant."""

    def __init__(self, context: Context, encoder: str, encoded: EncodedSplit | None) -> None:
        self.context = context
        self.encoder = encoder
        self.encoded = encoded
        protocol = context.protocol
        self.metrics = [protocol.metric(use.metric) for use in protocol.uses if use.encoder == encoder]

    def results(self, group: str, rows: Rows) -> Iterator[tuple[Metric, MetricResult]]:
        """Raw, matched and floor results of a group."""
        protocol, matched_n = self.context.protocol, self.context.matched_n
        metrics = [each for each in self.metrics if group == "overall" or (protocol.groups and each.per_group)]
        minimum = 0 if group == "overall" else protocol.min_group
        yield from self._variant(group, Compared("raw", "generated", rows.generated, rows.reference), metrics, minimum)
        matchable = [metric for metric in metrics if metric.matched and protocol.matched]
        if matched_n is not None and matchable and rows.smaller >= matched_n:
            generated = self._choose(group, rows.generated, self.context.cases.generated, matched_n)
            reference = self._choose(group, rows.reference, self.context.cases.reference, matched_n)
            yield from self._variant(group, Compared("matched", "generated", generated, reference), matchable, minimum)
        for floor, real in self._floors(group, rows).items() if protocol.floor and self.encoded is not None else ():
            floored = [m for m in metrics if m.floor == floor and not m.needs & PROMPTED]
            if floored and real.smaller >= max(2, minimum):
                yield from self._variant(group, real, floored, minimum)

    def _floors(self, group: str, rows: Rows) -> dict[bool | str, Compared]:
        """Real images that stand in for a perfect generator, by the kind of floor that a metric asks for."""
        n = min(len(rows.generated), len(rows.floor))
        chosen = self._choose(group, rows.floor, self.context.cases.floor, n)
        train = Compared("floor", "floor", chosen, rows.reference)
        one, other = self._halves(rows.reference)
        return {True: train, "train": train, "held_out": Compared("floor", "reference", one, other)}

    def _halves(self, rows: Index) -> tuple[Index, Index]:
        """Evaluated images of two halves of the patients."""
        patients = [self.context.cases.reference[row].patient for row in rows]
        order = sorted(set(patients), key=lambda name: derive_seed(CHOICE_SEED, name, purpose="held out"))
        first = set(order[: len(order) // 2])
        mask = np.array([patient in first for patient in patients], bool)
        return rows[mask], rows[~mask]

    def _choose(self, group: str, rows: Index, cases: Sequence[Case], n: int) -> Index:
        """n rows chosen by case id: the same for every model, and the same cases on both sides of a paired split."""
        order = sorted(rows, key=lambda row: derive_seed(CHOICE_SEED, cases[row].id, purpose=f"matched/{group}"))
        return np.sort(np.asarray(order[:n], np.intp))

    def _variant(
        self, group: str, compared: Compared, metrics: Sequence[Metric], minimum: int
    ) -> Iterator[tuple[Metric, MetricResult]]:
        if not metrics:
            return
        context = self.context
        data = self._input(group, compared)
        patients = len({context.cases.reference[row].patient for row in compared.reference})
        for metric in metrics:
            needed = max(minimum, metric.min_images)
            reason = self._obstacle(metric, data)
            if reason is None and compared.smaller < needed:
                reason = f"{compared.smaller} image(s); at least {needed} are needed"
            measurement = Measurement(reason=reason)
            if reason is None:
                with one_thread():  # the last digits of a matrix product depend on the number of threads
                    measurement = metric.measure(data)
            name, location = metric.full_name(self.encoder), None
            if measurement.reason is not None:
                result = undefined(measurement.reason)
            else:
                result = estimate(metric.estimator, self._resolved(measurement), measurement.parameters)
                if not context.credentialed or (group == "overall" and compared.variant == "raw"):
                    location = context.store(name, group, compared.variant, measurement.arrays)
            yield (
                metric,
                metric_result(
                    result,
                    metric=name,
                    family=metric.family,
                    direction=metric.direction,
                    estimator=metric.estimator,
                    n_generated=_given(measurement.n_generated, len(compared.generated)),
                    n_reference=_given(measurement.n_reference, len(compared.reference)),
                    n_patients=patients,
                    group=group,
                    variant=compared.variant,
                    statistics=location,
                    parameters=measurement.parameters,
                    unit=metric.unit,
                ),
            )
        if group == "overall" and compared.variant == "raw":
            with one_thread():
                context.observe(self.encoder, data)

    def _obstacle(self, metric: Metric, data: MetricInput) -> str | None:
        """Why the metric cannot be computed on this run at all, or None."""
        needs = metric.needs
        if "draws" in needs and data.draws is None:
            return "no prompt was drawn more than once"
        if self.encoded is None:
            return f"no features of {self.encoder}" if "encoder" in needs else None
        for need, there, reason in (
            ("train", data.train is not None and len(data.train), "the split has no training images to fit on"),
            ("projection", data.projection is not None, "the split has no training images to fit on"),
            ("class_head", data.class_weight is not None, f"{self.encoder} has no class head"),
            ("pair_head", data.pair_head is not None, f"{self.encoder} is no Siamese network"),
            ("corpus", data.corpus is not None, "the split has no training images to search"),
            ("probes", data.probes is not None, "no image was drawn for the prompt of a training case"),
            ("controls", data.controls is not None, "no evaluated prompt was drawn more than once"),
            ("synthetic", data.synthetic is not None, "no image was drawn for the prompt of a training case"),
            ("texts", data.texts is not None, self.encoded.extras.no_texts),
            ("lengths", data.lengths is not None, "the generator does not tell how much of a prompt it reads"),
            ("masks", data.masks is not None, "the split has no masks"),
            ("noise", data.probes is not None and data.probes.noise is not None, "the generator is no white box"),
        ):
            if need in needs and not there:
                return reason
        return None

    @cached_property
    def _train(self) -> Side | None:
        if self.encoded is None:
            return None
        source = None if self.context.credentialed else f"{self.encoder}.fit"
        return side_of(self.encoded.fit, self.context.cases.fit, source, self.encoded.images.get("fit"))

    def _input(self, group: str, compared: Compared) -> MetricInput:
        context = self.context
        encoded = self.encoded or no_features(context.cases)

        def side(part: Part, rows: Index) -> Side:
            source = f"{self.encoder}.{part}" if part == "generated" or not context.credentialed else None
            cases = getattr(context.cases, part)
            return side_of(getattr(encoded, part), cases, source, encoded.images.get(part)).take(rows)

        drawn = side(compared.part, compared.generated)
        extras = encoded.extras.of_group(group)
        asked = compared.variant != "floor"
        return MetricInput(
            generated=drawn,
            reference=side("reference", compared.reference),
            encoder=self.encoder,
            seed=derive_seed(CHOICE_SEED, group, purpose="estimate"),
            train=self._train,
            class_weight=encoded.class_weight,
            class_bias=encoded.class_bias,
            projection=encoded.projection,
            draws=None if context.draws is None else context.draws.of(drawn.ids),
            corpus=extras.corpus,
            probes=extras.probes if asked else None,
            controls=extras.controls if asked else None,
            synthetic=extras.synthetic if asked else None,
            texts=extras.texts,
            pair_head=extras.pair_head,
            lengths=extras.lengths,
            masks=extras.masks,
            shared=context.shared,
            scratch=context.scratch,
            options=context.options,
            share_reference=not context.credentialed,
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


def _given(count: int | None, otherwise: int) -> int:
    return otherwise if count is None else count
