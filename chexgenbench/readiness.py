"""What stands between the user and a run: said before anything heavy starts, with a command that works now."""

from __future__ import annotations

from pathlib import Path

from chexgenbench.plan import resolve_protocol
from chexgenbench.protocols import Protocol
from chexgenbench.run_folder import RunConfig
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.encoders import ENCODERS
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.protocols import BuildContext

PUBLISHED_CASES = 4352
"""Unique test prompts of the published split (chexgenbench references 1.1, second hand)."""

WORKS_NOW = "chexgenbench eval --model embedded --split phantom"


def default_split(model: str) -> str:
    """The split a model is scored on unless the user names one: the data it was made for, else the phantom."""
    card = GENERATORS.card(parse_model(model)[0])
    return "mimic-cxr" if "mimic-cxr" in {name.lower() for name in card.training_data} else "phantom"


def check(config: RunConfig) -> Split:
    """Load the split, or say everything that is missing: weights, data, accelerator; how to get each; the cost.

    Raises:
        UserError: one message with all of it. A wrong name (model, split, metric, protocol) is reported alone,
            because the rest would be guesswork.
    """
    protocol = resolve_protocol(config)
    name, target = parse_model(config.model)
    GENERATORS.resolve(name)
    missing: list[str] = []
    split: Split | None = None
    try:
        split = load_split(config.split, **config.split_options)
    except UserError as error:
        # The split's own message ends with a line about what works now; ours follows at the end of the list.
        lines = [line.strip() for line in str(error).splitlines() if "works right now" not in line]
        missing.append("\n     ".join(lines))
    context = BuildContext(
        target=target,
        split=split,
        device=config.device,
        dtype=config.dtype,
        weights=Path(config.weights) if config.weights else None,
        protocol=protocol.settings,
        options=dict(config.model_options),
    )
    lacking = GENERATORS.requirements(name, context)
    for encoder in protocol.encoders:
        weights = config.encoder_weights.get(encoder)
        lacking += ENCODERS.requirements(
            encoder, BuildContext(weights=Path(weights) if weights else None, protocol=protocol.settings)
        )
    for need in lacking:
        size = "" if need.size_gb is None else f" ({download(need.size_gb)})"
        missing.append(f"{need.what}{size}: {need.how}")
    if split is not None and not missing:
        return split
    if split is None and not lacking:
        raise UserError(missing[0])
    lines = [f"`--model {config.model}` on `--split {config.split}` cannot start here. Missing:"]
    lines += [f"  {index}. {text}" for index, text in enumerate(missing, start=1)]
    images = _images(protocol, split, config.subset)
    cost = GENERATORS.estimate(name, context, images)
    if cost is not None:
        lines.append(
            f"Cost: {images} images take about {duration(cost.seconds)} and {cost.memory_gb:.0f} GB "
            f"on {cost.hardware} ({cost.basis})."
        )
    lines.append(f"Works right now: {WORKS_NOW}")
    raise UserError("\n".join(lines))


def _images(protocol: Protocol, split: Split | None, subset: str | None) -> int:
    """Images the run would draw; the published test size where the split cannot be counted."""
    cases = PUBLISHED_CASES if split is None else len(split.cases(subset or split.evaluation))
    cases = min(cases, protocol.max_cases or cases)
    further = (min(cases, protocol.draw_prompts) + protocol.probe_prompts) * (protocol.draws - 1)
    return cases + max(protocol.max_synthetic, protocol.probe_prompts) + further


def download(gigabytes: float) -> str:
    """A download size: "8.9 GB", "28 MB"."""
    return f"{gigabytes:.1f} GB" if gigabytes >= 0.1 else f"{1000 * gigabytes:.0f} MB"


def duration(seconds: float) -> str:
    """A time a person can plan with: "40 s", "12 min", "3.5 h", "9 days"."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
