"""What stands between the user and a run: said before anything heavy starts, with a command that works now."""

from __future__ import annotations

from pathlib import Path

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from mirb import protocols
from mirb.plan import PROCEDURAL, load, resolve
from mirb.run_folder import RunConfig
from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS, parse_vlm

PUBLISHED_QUESTIONS = 969
"""Rows of the published parquet file, for a cost where the data are not there to be counted (references, section 0)."""

WORKS_NOW = "mirb eval --vlm {name}   (on generated questions: no download, minutes on two cores)"


def _named(vlm: str) -> tuple[str, str | None]:
    """As `parse_vlm`; a reader of the tables may take one of their columns for a model."""
    if vlm == "chance":
        raise UserError(
            "chance is no model: what guessing scores is computed exactly, and stands in every table beside the "
            "accuracy. Try --vlm text-only or --vlm constant."
        )
    return parse_vlm(vlm)


def _ours(name: str) -> bool:
    """The embedded model, a change of it, or a baseline: what needs neither hub nor accelerator."""
    return VLMS.card(name).source.startswith(("ships with", "computed", "embedded with"))


def default_split(vlm: str) -> str:
    """The split a model is asked unless the user names one: the published data, for our own models the generated."""
    return PROCEDURAL if _ours(_named(vlm)[0]) else "mirb"


def default_device(vlm: str) -> str:
    """ "cuda" if the model can use one that is there, else "cpu"."""
    name, _ = _named(vlm)
    if name == "openai" or _ours(name):
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def works_now() -> str:
    """A command that needs nothing but this package."""
    return WORKS_NOW.format(name="embedded" if "embedded" in VLMS.targets else "text-only")


def context_of(config: RunConfig, split: QuestionSplit | None) -> tuple[str, BuildContext]:
    """The model's registry name and what it may use."""
    name, target = _named(config.vlm)
    return name, BuildContext(
        target=target,
        questions=split,
        device=config.device,
        dtype=config.dtype,
        weights=Path(config.weights) if config.weights else None,
        protocol=config.protocol,
        options=dict(config.model_options),
    )


def check(config: RunConfig) -> QuestionSplit:
    """Load the split, or say all that is missing: weights, data, packages, accelerator; how to get it; the cost.

    Raises:
        UserError: one message with all of it. A wrong name (model, split, task, protocol) is reported alone, because
            the rest would be guesswork.
    """
    protocols.load(config.protocol)
    missing: list[str] = []
    split: QuestionSplit | None = None
    try:
        split = load(config)
    except UserError as error:
        # The split's own message ends with a line about what works now; ours follows at the end of the list.
        lines = [line.strip() for line in str(error).splitlines() if "works right now" not in line]
        missing.append("\n     ".join(lines))
    name, context = context_of(config, split)
    lacking = VLMS.requirements(name, context)
    for need in lacking:
        size = "" if need.size_gb is None else f" ({need.size_gb:.1f} GB)"
        missing.append(f"{need.what}{size}: {need.how}")
    if split is not None and not missing:
        return split
    if split is None and not lacking:
        works = f"\nWorks right now: {works_now()}" if "\n" in missing[0] else ""
        raise UserError(missing[0] + works)
    lines = [f"`--vlm {config.vlm}` on `--split {config.split}` cannot start here. Missing:"]
    lines += [f"  {index}. {text}" for index, text in enumerate(missing, start=1)]
    questions = PUBLISHED_QUESTIONS if split is None else len(resolve(config, split).questions)
    cost = VLMS.estimate(name, context, questions)
    if cost is not None:
        lines.append(
            f"Cost: {questions} questions take about {duration(cost.seconds)} and {cost.memory_gb:.0f} GB "
            f"on {cost.hardware} ({cost.basis})."
        )
    lines.append(f"Works right now: {works_now()}")
    raise UserError("\n".join(lines))


def duration(seconds: float) -> str:
    """A time a person can plan with: "40 s", "12 min", "3.5 h", "9 days"."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
