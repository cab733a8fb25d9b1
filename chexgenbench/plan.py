"""What a run will do, resolved before anything heavy starts: split, protocol, and which cases play which part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chexgenbench import protocols, selection
from chexgenbench.protocols import Protocol
from chexgenbench.run_folder import RunConfig
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.inference.generate import requests_for
from model_adapters.protocols import BuildContext, GenerationRequest

PRIVACY, UTILITY = "privacy-2000", "utility-20k"
"""Selections of a split that hold the published prompts of the privacy and utility metrics (training cases)."""

CHOICE_SEED = 0
"""Which cases are chosen never depends on the run seed: two models are always asked the same questions."""


@dataclass(frozen=True)
class Plan:
    """A resolved run.

    Attributes:
        subset: the part of the split under evaluation.
        cases: evaluated cases, one generated image each.
        reference: the real images they are compared with.
        fit: real training cases that projections and likelihoods are fitted on (patients apart from `floor`).
        floor: real training cases that stand in for a perfect generator.
        drawn: evaluated cases that are drawn several times, one a patient.
        seen: how many training images the model has seen, as far as known.
        corpus: those of them that are searched for copies.
        synthetic: training cases that are drawn once.
        probes: training cases that are drawn several times, one a patient (in v2 some of `synthetic`).
    """

    config: RunConfig
    protocol: Protocol
    split: Split
    subset: str
    cases: tuple[Case, ...]
    reference: tuple[Case, ...]
    fit: tuple[Case, ...]
    floor: tuple[Case, ...]
    drawn: tuple[Case, ...]
    seen: int = 0
    corpus: tuple[Case, ...] = ()
    synthetic: tuple[Case, ...] = ()
    probes: tuple[Case, ...] = ()

    @property
    def requests(self) -> list[GenerationRequest]:
        """Every image to draw: one for each evaluated case, their further draws, then the same for training cases."""
        trained = {case.id: case for case in (*self.synthetic, *self.probes)}
        return [*self._requests(self.cases, self.drawn), *self._requests(trained.values(), self.probes)]

    def _requests(self, once: Iterable[Case], several: Iterable[Case]) -> list[GenerationRequest]:
        further = requests_for(several, self.config.seed, self.protocol.draws, needs_prompt=False)
        return [
            *requests_for(once, self.config.seed, needs_prompt=False),
            *(request for request in further if request.draw > 0),
        ]


def resolve_protocol(config: RunConfig) -> Protocol:
    """The protocol of a configuration, cut to the metrics and encoders that were asked for."""
    protocol = protocols.load(config.protocol, config.preset)
    metrics = list(config.metrics) if config.metrics is not None else None
    encoders = list(config.encoders) if config.encoders is not None else None
    if encoders is not None:
        from model_adapters.encoders import ENCODERS

        encoders = [ENCODERS.resolve(name) for name in encoders]
    return protocol.narrowed(metrics, encoders).sized(config.limit)


def resolve(config: RunConfig, split: Split | None = None, protocol: Protocol | None = None) -> Plan:
    """Choose the cases of a split; split and protocol are loaded unless they are given.

    Raises:
        UserError: the split cannot be loaded, has no such subset, or is too small to be scored.
    """
    protocol = protocol or resolve_protocol(config)
    split = split or load_split(config.split, **config.split_options)
    subset = config.subset or split.evaluation
    cases = selection.by_patient(split.cases(subset), protocol.max_cases, "evaluate", CHOICE_SEED)
    if len(cases) < 2:
        raise UserError(f"Subset {subset!r} of {split.name} gives {len(cases)} case(s); at least 2 are needed.")
    reference = selection.unique_prompts(cases) if protocol.unique_prompts else cases
    fit, floor = _training_parts(split, cases, protocol)
    drawn = selection.one_per_patient(cases, protocol.draw_prompts, "draws", CHOICE_SEED)
    seen = _seen(config, split, subset, cases)
    corpus = selection.by_patient(seen, protocol.max_corpus, "seen", CHOICE_SEED)
    synthetic, probes = _asked_of_training(split, seen, protocol)
    return Plan(
        config, protocol, split, subset, cases, reference, fit, floor, drawn, len(seen), corpus, synthetic, probes
    )


def _seen(config: RunConfig, split: Split, subset: str, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The training cases that the model has seen, as far as known, without patients under evaluation."""
    name, target = parse_model(config.model)
    weights = Path(config.weights) if config.weights else None
    context = BuildContext(
        target=target, split=split, subset=subset, weights=weights, options=dict(config.model_options)
    )
    known = GENERATORS.training_cases(name, context)
    evaluated = {case.patient for case in cases}
    return tuple(
        case
        for case in split.subsets.get("train", ())
        if case.patient not in evaluated and (known is None or case.id in known)
    )


def _asked_of_training(
    split: Split, seen: tuple[Case, ...], protocol: Protocol
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Training cases that are drawn once, and those of them that are drawn several times.

    The published protocol has its own list of privacy prompts, where the split knows it.
    """
    speaking = tuple(case for case in seen if case.prompt is not None) or seen
    synthetic = selection.by_patient(speaking, protocol.max_synthetic, "seen", CHOICE_SEED)
    candidates = synthetic or selection.by_patient(speaking, protocol.probe_prompts, "seen", CHOICE_SEED)
    probes = selection.one_per_patient(candidates, protocol.probe_prompts, "draws", CHOICE_SEED)
    if protocol.settings == "v1":
        if UTILITY in split.selections:
            synthetic = split.cases(UTILITY)[: protocol.max_synthetic]
        if PRIVACY in split.selections:
            probes = split.cases(PRIVACY)[: protocol.probe_prompts]
    return synthetic, probes


def _training_parts(
    split: Split, cases: tuple[Case, ...], protocol: Protocol
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Two patient-disjoint parts of the real training images: to fit on, and to serve as the floor."""
    evaluated = {case.patient for case in cases}
    train = tuple(case for case in split.subsets.get("train", ()) if case.patient not in evaluated)
    if protocol.max_train == 0 or not train:
        return (), ()
    half = len(train) // 2
    limit = half if protocol.max_train is None else min(half, protocol.max_train)
    fit = selection.by_patient(train, limit, "fit", CHOICE_SEED)
    patients = {case.patient for case in fit}
    rest = tuple(case for case in train if case.patient not in patients)
    return fit, selection.by_patient(rest, len(cases), "floor", CHOICE_SEED)
