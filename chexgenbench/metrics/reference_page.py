"""The metric reference page, made from the registry and the modules' docstrings: docs/metrics.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chexgenbench import protocols
from chexgenbench.metrics.base import Metric
from chexgenbench.metrics.registry import MODULES, find, module_of

TITLES = {
    "fidelity": "Fidelity and diversity",
    "alignment": "Alignment with the prompt",
    "privacy": "Privacy: can a patient be recognised?",
    "memorisation": "Memorisation: was a training image copied?",
    "utility": "Utility: do models learn from the images?",
}
DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "zero": "closer to zero is better"}
NEEDS = {
    "encoder": "features of an encoder",
    "train": "real training images",
    "projection": "real training images",
    "class_head": "an encoder with a class head",
    "draws": "several draws of a prompt",
    "corpus": "the training set, searched whole",
    "probes": "images drawn for training prompts",
    "controls": "several draws of held-out prompts",
    "synthetic": "a synthetic training set",
    "texts": "prompts",
    "pair_head": "a Siamese encoder",
    "noise": "a white-box diffusion generator",
    "images": "pixels",
    "lengths": "a generator that tells how much of a prompt it reads",
    "masks": "anatomical masks",
}


def markdown() -> str:
    """The whole page; the same registry gives the same bytes."""
    lines = [
        "# Metrics",
        "",
        "Made by `chexgenbench metrics --markdown` from the registry and the docstrings; do not edit by hand.",
        "A metric of an encoder is reported as NAME_ENCODER, such as `kid_lite0`. Where protocol v1 (as published)",
        "differs, its quirks are listed. An estimator lives in `leaderboards.statistics`, so that every value can be",
        "recomputed from the stored arrays without the images.",
        "",
    ]
    for family, title in TITLES.items():
        names = [name for name in MODULES if _metric(name).family == family]
        lines += [f"- [{title}](#{_anchor(title)}): {', '.join(f'[{name}](#{_anchor(name)})' for name in names)}"]
    for family, title in TITLES.items():
        lines += ["", f"## {title}"]
        for name in MODULES:
            if _metric(name).family == family:
                lines += ["", *_entry(name)]
    return "\n".join(lines) + "\n"


def _entry(name: str) -> Iterator[str]:
    metric, published = _metric(name), find(name, "v1")
    head, _, rest = (module_of(name).__doc__ or "").strip().partition("\n\n")
    yield f"### {name}"
    yield ""
    yield f"**{metric.display}**: {_flat(head)}"
    yield ""
    direction, unit = DIRECTIONS[metric.direction].capitalize(), metric.unit or "no unit"
    yield f"{direction}; {unit}; estimator `{metric.estimator}`; {metric.cost}."
    yield ""
    yield f"- Protocols: {', '.join(_listed_in(name)) or 'none'}"
    yield f"- Source: {metric.source}"
    needs = dict.fromkeys(NEEDS.get(need, need) for need in sorted(metric.needs))
    yield f"- Needs: {', '.join(needs) or 'images alone'}"
    yield f"- Also per group: {'yes' if metric.per_group else 'no'}"
    if published is not None and published.quirks:
        yield f"- v1: {'; '.join(_flat(quirk) for quirk in published.quirks)}"
    for paragraph in filter(None, rest.split("\n\n")):
        yield ""
        yield _paragraph(paragraph)


def _metric(name: str) -> Metric:
    metric = find(name, "v2") or find(name, "v1")
    assert metric is not None
    return metric


def _listed_in(name: str) -> list[str]:
    found = []
    for protocol in protocols.PROTOCOLS:
        presets = [
            preset
            for preset in ("quick", "full")
            if any(use.metric == name for use in protocols.load(protocol, preset).uses)
        ]
        if presets:
            found.append(f"{protocol} ({' and '.join(presets)})")
    return found


def _paragraph(text: str) -> str:
    """Prose joined to one line; lists and indented formulas keep their lines."""
    lines = text.splitlines()
    if any(line.startswith((" ", "-", "*")) for line in lines):
        return "\n".join(line.rstrip() for line in lines)
    return _flat(text)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "", title.lower().replace(" ", "-"))
