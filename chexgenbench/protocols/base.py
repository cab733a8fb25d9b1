"""What a protocol fixes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

from chexgenbench.metrics.base import Metric
from chexgenbench.metrics.registry import MODULES, find
from data_splits.errors import UserError
from data_splits.integrity import content_hash

Preset = Literal["quick", "full"]

PROBING = frozenset({"probes", "noise"})
"""Needs for which training prompts are drawn several times."""


@dataclass(frozen=True, slots=True)
class MetricUse:
    """A metric with the encoder it looks through ("" for metrics that use none)."""

    metric: str
    encoder: str = ""


@dataclass(frozen=True)
class Protocol:
    """One way to score a generator. Everything here enters the protocol hash.

    Attributes:
        name, preset: "v2"/"v1", "quick"/"full".
        encoders: what may be extracted, in the order of the report.
        uses: metric and encoder pairs, in the order of the report.
        headline: metrics shown as cards at the top of the report.
        max_cases: cases of the evaluated subset, whole patients at a time; None is all of them.
        max_train: real training images for the floor, the projection and likelihoods; None is all of them.
        draw_prompts, draws: evaluated prompts that are drawn several times, and how often: for diversity within a
            prompt, and as the held-out control of privacy metrics.
        probe_prompts: training prompts that are drawn `draws` times, one a patient: where copying shows first.
        max_synthetic: training cases that are drawn once, as a synthetic training set .
        max_corpus: real training images that are searched for copies; None is all of them.
        unique_prompts: the reference holds one image for each distinct prompt (the published choice).
        groups: also score each pathology, view, sex and age band.
        min_group: fewer cases leave a group undefined; also the least matched size.
        matched: also compare groups at equal n, where a metric depends on n.
        floor: also score real training images against the reference.
        settings: "v1" or "v2": which sampling settings and preprocessing adapters use.
        quirks: how this protocol departs from what its metrics are meant to measure.
    """

    name: str
    preset: Preset
    encoders: tuple[str, ...]
    uses: tuple[MetricUse, ...]
    headline: tuple[str, ...]
    max_cases: int | None
    max_train: int | None
    draw_prompts: int
    draws: int
    probe_prompts: int = 0
    max_synthetic: int = 0
    max_corpus: int | None = None
    unique_prompts: bool = False
    groups: bool = True
    min_group: int = 20
    matched: bool = True
    floor: bool = True
    settings: Literal["v1", "v2"] = "v2"
    quirks: tuple[str, ...] = ()

    @cached_property
    def hash(self) -> str:
        """sha256 of every choice: results of two runs are comparable only where it is equal."""
        return content_hash(asdict(self))

    def narrowed(self, metrics: list[str] | None, encoders: list[str] | None) -> Protocol:
        """The protocol cut to some metrics (names, names with encoder, or families) and encoders.

        Raises:
            UserError: a name that fits nothing, with the nearest known one.
        """
        protocol = self if encoders is None else self._with_encoders(tuple(encoders))
        if metrics is None or metrics == ["all"]:
            return protocol
        chosen: list[MetricUse] = []
        for wanted in metrics:
            hits = [use for use in protocol.uses if wanted in protocol.names(use)]
            if not hits:
                known = sorted({name for use in protocol.uses for name in protocol.names(use)})
                near = get_close_matches(wanted, known, n=1, cutoff=0.4)
                hint = f"; did you mean {near[0]}?" if near else "."
                raise UserError(
                    f"Protocol {self.name} has no metric {wanted!r}{hint} `chexgenbench metrics` lists what there is."
                )
            chosen += [use for use in hits if use not in chosen]
        uses = tuple(use for use in protocol.uses if use in chosen)
        used = {use.encoder for use in uses}
        return replace(protocol, uses=uses, encoders=tuple(name for name in protocol.encoders if name in used))

    @cached_property
    def needs(self) -> frozenset[str]:
        """Everything that some metric of this protocol needs (`Metric.needs`)."""
        return frozenset().union(*(self.needs_of(encoder) for encoder in {use.encoder for use in self.uses}))

    def needs_of(self, encoder: str) -> frozenset[str]:
        """What the metrics of one encoder need ("" for those that use none)."""
        return frozenset().union(
            *(self.metric(use.metric).needs for use in self.uses if use.encoder == encoder), frozenset()
        )

    def metric(self, name: str) -> Metric:
        """A metric that this protocol lists, as it defines it."""
        metric = find(name, self.settings)
        assert metric is not None, f"protocol {self.name} lists {name}, which it does not define"
        return metric

    def sized(self, limit: int | None) -> Protocol:
        """The protocol with at most `limit` cases in every part, and nothing drawn that no metric needs."""
        small = self
        if limit is not None:
            small = replace(
                self,
                max_cases=limit,
                draw_prompts=min(self.draw_prompts, limit),
                probe_prompts=min(self.probe_prompts, limit),
                max_synthetic=min(self.max_synthetic, limit),
            )
        needs = small.needs
        probes = small.probe_prompts if needs & PROBING else 0
        synthetic = small.max_synthetic if "synthetic" in needs else 0
        several = bool(needs & {"draws", "controls"})
        return replace(
            small,
            draw_prompts=small.draw_prompts if several else 0,
            probe_prompts=probes,
            max_synthetic=synthetic,
            draws=small.draws if several or probes else 1,
            max_corpus=small.max_corpus if "corpus" in needs else 0,
        )

    def names(self, use: MetricUse) -> set[str]:
        """Every name by which `--metrics` may ask for this metric."""
        metric = self.metric(use.metric)
        return {use.metric, metric.full_name(use.encoder), metric.family}

    def _with_encoders(self, encoders: tuple[str, ...]) -> Protocol:
        """The protocol's own metrics of each encoder; of an encoder that it does not know, all that take one."""
        generic = list(dict.fromkeys(use.metric for use in self.uses if use.encoder))
        uses: list[MetricUse] = []
        for encoder in encoders:
            own = [use for use in self.uses if use.encoder == encoder]
            uses += own or [MetricUse(metric, encoder) for metric in generic]
        uses += [use for use in self.uses if not use.encoder]
        return replace(self, encoders=encoders, uses=tuple(uses))


def assert_known(uses: tuple[MetricUse, ...]) -> tuple[MetricUse, ...]:
    """The uses, after checking that every metric is in the registry (a guard against typing errors here)."""
    unknown = sorted({use.metric for use in uses} - set(MODULES))
    assert not unknown, f"unknown metrics in a protocol: {unknown}"
    return uses
