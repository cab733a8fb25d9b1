"""What a run will do, resolved before anything heavy starts: split, protocol, and which cases play which part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chexgenbench import protocols, selection
from chexgenbench.protocols import Protocol
from chexgenbench.run_folder import RunConfig
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.inference.generate import requests_for
from model_adapters.protocols import GenerationRequest

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
        drawn: the cases that are drawn several times.
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

    @property
    def requests(self) -> list[GenerationRequest]:
        """Every image to draw: one for each case, then the further draws."""
        further = requests_for(self.drawn, self.config.seed, self.protocol.draws, needs_prompt=False)
        return [
            *requests_for(self.cases, self.config.seed, needs_prompt=False),
            *(request for request in further if request.draw > 0),
        ]


def resolve_protocol(config: RunConfig) -> Protocol:
    """The protocol of a configuration, cut to the metrics and encoders that were asked for."""
    protocol = protocols.load(config.protocol, config.preset)
    if config.limit is not None:
        protocol = replace(protocol, max_cases=config.limit)
    metrics = list(config.metrics) if config.metrics is not None else None
    encoders = list(config.encoders) if config.encoders is not None else None
    if encoders is not None:
        from model_adapters.encoders import ENCODERS

        encoders = [ENCODERS.resolve(name) for name in encoders]
    protocol = protocol.narrowed(metrics, encoders)
    if not any(use.metric == "ms_ssim_diversity" for use in protocol.uses):
        protocol = replace(protocol, draw_prompts=0, draws=1)
    return protocol


def resolve(config: RunConfig, split: Split | None = None) -> Plan:
    """Choose the cases of a split, which is loaded unless it is given.

    Raises:
        UserError: the split cannot be loaded, has no such subset, or is too small to be scored.
    """
    protocol = resolve_protocol(config)
    split = split or load_split(config.split, **config.split_options)
    subset = config.subset or split.evaluation
    cases = selection.by_patient(split.cases(subset), protocol.max_cases, "evaluate", CHOICE_SEED)
    if len(cases) < 2:
        raise UserError(f"Subset {subset!r} of {split.name} gives {len(cases)} case(s); at least 2 are needed.")
    reference = selection.unique_prompts(cases) if protocol.unique_prompts else cases
    fit, floor = _training_parts(split, cases, protocol)
    drawn: tuple[Case, ...] = ()
    if protocol.draws > 1:
        drawn = selection.one_per_patient(cases, protocol.draw_prompts, "draws", CHOICE_SEED)
    return Plan(config, protocol, split, subset, cases, reference, fit, floor, drawn)


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
