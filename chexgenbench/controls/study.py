"""Run every control on phantom cohorts of several seeds and count how often each rule exposes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chexgenbench.controls.table import CONTROLS, RULES, Rule, exposed
from chexgenbench.plan import resolve, resolve_protocol
from chexgenbench.protocols import load
from chexgenbench.run_folder import RunConfig, RunFolder
from data_splits.errors import UserError
from data_splits.materialise import materialise
from data_splits.sources import load_split
from leaderboards.records.io import RECORD_FILE, read_record
from leaderboards.records.schema import ResultRecord

COHORT = {"size": "128", "train": "120", "test": "80"}
"""Patients of each cohort: about 240 training and 125 test images."""

SEEDS = range(300, 320)
"""Cohorts of the committed page, which nobody had seen when its rules were written; two rules were changed since, and
their notes say so. Whoever changes another one takes other cohorts."""

SIZES: dict[str, Any] = {"probe_prompts": 40, "draw_prompts": 40, "draws": 3, "max_synthetic": 150}
"""Smaller than `quick`, so that a control takes seconds; `extraction` needs three draws."""


@dataclass
class Count:
    """How often a rule exposed a control, of how many runs in which the metric had a value."""

    exposed: int = 0
    defined: int = 0
    runs: int = 0


Counts = dict[tuple[str, str], Count]
"""(metric, control) -> count."""


LEFT_OUT = frozenset({"utility_dice", "noise_norm", "prompt_cut"})
"""A segmenter takes a minute to train, and no control is a diffusion model or has a text encoder."""


def measured() -> tuple[str, ...]:
    """Every other metric of the quick protocol, so that a new rule can be counted on runs that were made before it."""
    protocol = load("v2", "quick")
    return tuple(
        protocol.metric(use.metric).full_name(use.encoder) for use in protocol.uses if use.metric not in LEFT_OUT
    )


def cohort(seed: int, folder: Path) -> Path:
    """The phantom cohort of a seed as files, so that no image is rendered twice; the path of its cases.csv.

    The table is written last, so a folder that has it is whole.
    """
    if (folder / "cases.csv").exists():
        return folder / "cases.csv"
    return materialise(load_split("phantom", **COHORT, seed=str(seed)), folder)


def run_control(
    control: str, seed: int, cases: Path, folder: Path, cache: Path, shared: dict[str, Any] | None = None
) -> ResultRecord:
    """One control on a cohort, overall numbers only; resumes in its folder.

    Args:
        shared: what the controls of one cohort have in common (a searched training set, trained predictors).

    Raises:
        UserError: the folder holds another run.
    """
    from chexgenbench.stages import extract, generate, score

    model, options = CONTROLS[control]
    config = RunConfig(
        model=model,
        split=f"folder:{cases}",
        model_options=options,
        metrics=measured(),
        seed=seed,
        cache=str(cache),
    )
    plan = resolve(config, protocol=replace(resolve_protocol(config), groups=False, matched=False, **SIZES))
    if (folder / RECORD_FILE).exists():
        record = read_record(folder)
        made = record.split["hash"], record.run_seed, record.model.get("name"), {each.metric for each in record.results}
        if made != (plan.split.manifest.hash, seed, model, set(config.metrics or ())):
            raise UserError(f"{folder} holds another run than {control} on cohort {seed}. Name another --folder.")
        return record
    run = RunFolder(folder)
    run.open(config)
    generate.run(run, plan)
    extract.run(run, plan)
    return score.run(run, plan, shared=shared)


def study(
    seeds: Iterable[int],
    folder: Path,
    controls: Sequence[str] = tuple(CONTROLS),
    rules: Sequence[Rule] = RULES,
    tell: Callable[[str], None] = lambda _: None,
) -> Counts:
    """Count exposures over seeds; a seed is a cohort of other patients and another run seed."""
    counts: Counts = {(rule.metric, control): Count() for rule in rules for control in controls}
    for seed in seeds:
        cases = cohort(seed, folder / f"cohort-{seed}")
        shared: dict[str, Any] = {}
        for control in controls:
            record = run_control(control, seed, cases, folder / f"{control}-{seed}", folder / "cache", shared)
            for rule in rules:
                found, count = exposed(rule, record.results), counts[rule.metric, control]
                count.runs += 1
                count.defined += found is not None
                count.exposed += bool(found)
            tell(f"seed {seed}: {control}")
    return counts
