"""What metrics are called on the board, and what each asks, in plain words; with no import of the benchmarks.

`metrics.json` is made from the benchmark's own registry, and a test holds the two together::

    chexgenbench metrics --json | python -m leaderboards.boards.words > leaderboards/boards/metrics.json
"""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

HEADLINE = {
    "chexgenbench": ("kid", "coverage", "prompt_choice", "copy_rate", "exposure", "utility_auroc", "fid64", "fid",
                     "precision", "recall", "reid", "mia_auroc"),
    "mirb": ("accuracy",),
}  # fmt: skip
"""What the overview shows first, where a record has it: all families, so that a copier does not lead it by fidelity."""


class Words(NamedTuple):
    """Attributes: base: registry name. title: as a column head. question: what it asks, one sentence."""

    base: str
    title: str
    family: str
    question: str


MIRB = (
    Words("accuracy", "Accuracy", "overall", "Share of questions answered right; unparsed answers count as not right."),
    Words("accuracy_micro", "Accuracy, all questions", "overall", "Share of all questions right, each counted once."),
    Words("accuracy_macro", "Accuracy, mean of categories", "overall", "Mean over categories of the mean over tasks."),
    Words("accuracy_above_chance", "Above chance", "overall", "0 is guessing, 1 is all right, task by task."),
    Words("accuracy_if_unparsed_right", "Upper bound", "overall", "Accuracy if every unparsed answer were right."),
    Words("unparsed", "Unparsed", "overall", "Share of answers of which nobody can tell what they say."),
    Words("truncated", "Truncated", "overall", "Share of answers that hit the token cap."),
)
"""The metrics of MIRB that have no registry of their own."""


@cache
def known() -> dict[str, Words]:
    """Registry name -> words."""
    rows = json.loads(files(__package__).joinpath("metrics.json").read_text("utf-8"))
    return {each.base: each for each in (*(Words(**row) for row in rows), *MIRB)}


def split_name(metric: str) -> tuple[str, str]:
    """ "kid_lite0" -> ("kid", "lite0"): the longest known name, and the encoder behind it, "" where there is none."""
    for end in range(len(metric), 0, -1):
        if metric[:end] in known() and (end == len(metric) or metric[end] == "_"):
            return metric[:end], metric[end + 1 :]
    return metric, ""


def title(metric: str) -> str:
    """ "KID (lite0)": what people call a metric of a record, with its encoder."""
    base, encoder = split_name(metric)
    name = known()[base].title if base in known() else base
    return f"{name} ({encoder})" if encoder else name


def question(metric: str) -> str:
    """What a metric asks; "" of one that is not known."""
    base, _ = split_name(metric)
    return known()[base].question if base in known() else ""


def rank_in_headline(benchmark: str, metric: str) -> int:
    """Place of a metric among the headlines, or a large number: the order of columns."""
    names = HEADLINE.get(benchmark, ())
    base, _ = split_name(metric)
    return names.index(base) if base in names else len(names)


def rows_of(listed: list[dict[str, Any]]) -> list[dict[str, str]]:
    """`chexgenbench metrics --json` cut to what the board says."""
    return [
        {"base": row["name"], "title": row["display"], "family": row["family"], "question": row["summary"]}
        for row in listed
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(rows_of(json.load(sys.stdin)), indent=1, ensure_ascii=False) + "\n")
