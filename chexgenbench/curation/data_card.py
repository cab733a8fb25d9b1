"""The data card of a curated set: what it is, how it was made, what it must not be used for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chexgenbench.curation.candidates import Pool
from data_splits.case import CHEXPERT_LABELS, Case

LOCAL = (
    "**Do not upload or share this folder.** Its prompts come from a credentialed data set; whoever may read them is "
    "bound by a data use agreement. Load it with `--split-option credentialed=true`."
)


def data_card(
    pool: Pool, kept: Sequence[Case], tally: Mapping[str, int], keep: Sequence[str], grader: Mapping[str, Any]
) -> str:
    """README.md with a YAML header as Hugging Face reads it; the same set gives the same bytes."""
    model = "unknown" if pool.model is None else str(pool.model["name"])
    name = f"{model} images curated from {pool.name}"
    header = {
        "pretty_name": name,
        "license": "other",
        "license_name": "see ATTRIBUTION.md",
        "task_categories": ["text-to-image", "image-classification"],
        "tags": ["synthetic", "chest radiograph", "medical"],
        "size_categories": [_size(len(kept))],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "train/*"}]}],
    }
    lines = ["---", *_yaml(header), "---", "", f"# {name}", ""]
    if pool.split.credentialed:
        lines += [LOCAL, ""]
    lines += [
        "Synthetic chest radiographs. Each was drawn from a prompt, graded against it, and kept if the grade was "
        f"{' or '.join(keep)}. They show no patient. Not for diagnosis.",
        "",
        "| | images |",
        "|---|---|",
        *(f"| graded {grade} | {count} |" for grade, count in tally.items()),
        f"| without an image | {pool.failed} |",
        f"| kept | {len(kept)} |",
        "",
        "| label | present | absent | unknown or uncertain |",
        "|---|---|---|---|",
        *(_label_row(label, kept) for label in CHEXPERT_LABELS),
        "",
        "## How it was made",
        "",
        f"- Generator: {model}{_of(pool.model)}",
        f"- Prompts and labels: {pool.split.name}, version {pool.split.version}, manifest {pool.split.manifest.hash}. "
        f"{pool.split.licence}",
        f"- Grader: {grader['name']}. Its card, and the hash of every file, are in curation.json; all grades, also "
        "those of images that were left out, are in grades.jsonl.",
        "- Labels are those of the case whose prompt was drawn: what it should show, not what someone saw in it.",
        "- Curation by a model keeps what that model likes: it can make a set less diverse and repeat the grader's "
        "faults. Compare with the uncurated set before you rely on it.",
        "- A generator may repeat images of its training set. Nothing here was checked for that; "
        "`chexgenbench eval --metrics memorisation` does.",
        "",
        "## How to load it",
        "",
        '- `datasets.load_dataset("imagefolder", data_dir="this folder", drop_labels=True)`',
        "- `chexgenbench utility --train folder:THIS_FOLDER --test SPLIT` measures what it is worth for training.",
    ]
    return "\n".join(lines) + "\n"


def _of(model: Mapping[str, Any] | None) -> str:
    if model is None:
        return ""
    revision = f", revision {model['revision']}" if model.get("revision") else ""
    return f" ({model['source']}{revision}; {model['licence']})"


def _label_row(label: str, kept: Sequence[Case]) -> str:
    values = [case.labels.get(label) for case in kept]
    present, absent = values.count(1), values.count(0)
    return f"| {label} | {present} | {absent} | {len(values) - present - absent} |"


def _size(n: int) -> str:
    edges = (("n<1K", 1000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))
    return next((name for name, edge in edges if n < edge), "n>1M")


def _yaml(header: Mapping[str, Any]) -> list[str]:
    """JSON values are YAML: each key on its line, quoted where needed."""
    return [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in header.items()]
