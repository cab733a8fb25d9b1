"""docs/controls.md: the table of controls and metrics, with how often each rule held in the last study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chexgenbench.controls.study import COHORT, SIZES, Count, Counts
from chexgenbench.controls.table import CONTROLS, RULES, Rule

HEAD = """# Controls

Generators whose faults are known, run through the metrics. `must` in a cell: the metric has to expose this control;
`pass`: it must not. Behind it stands in how many runs, each on another cohort of phantom patients, the rule exposed it.
A cell with a number alone is not asserted. A test (`make slow`) asserts the table both ways.

- `memoriser` shows the training image that fits the prompt best; `noisy-memoriser` adds noise of 15 grey levels.
- `copier-20` copies 20 % of its images and shows real images of patients it never saw for the rest; `copier-0` copies
  none: what a perfect generator would do.
- `real-holdout` shows training images of other patients. Whoever searches the training set must find them; whoever asks
  about the prompted patient must not.
- `label-shuffler` shows real images of the wrong findings; `constant` always the same grey.
"""


def required(runs: int) -> int:
    """Runs in which an assertion must hold: all but what 5 % of errors make likely (binomial, one in a hundred)."""
    from scipy.stats import binom

    return runs - int(binom.ppf(0.99, runs, 0.05))


def failures(counts: Counts) -> list[str]:
    """Every cell of the table that does not hold, in words."""
    found = []
    for rule in RULES:
        for control in (*rule.exposes, *rule.passes):
            count = counts[rule.metric, control]
            held = count.exposed if control in rule.exposes else count.defined - count.exposed
            if count.runs and held < required(count.runs):
                must = "be exposed" if control in rule.exposes else "pass"
                found.append(f"{rule.metric}: {control} must {must}; it did in {held} of {count.runs} runs")
    return found


def markdown(counts: Counts, seeds: int) -> str:
    """The page."""
    names = list(CONTROLS)
    lines = [HEAD, f"Last study: {seeds} cohorts ({_words(COHORT)}; {_words(SIZES)}), made by"]
    lines += ["`python -m chexgenbench.controls`.", ""]
    lines += [f"| Metric | Exposed if | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for rule in RULES:
        cells = [_cell(rule, name, counts[rule.metric, name]) for name in names]
        lines.append(f"| `{rule.metric}` | {rule.words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_counts(path: Path, counts: Counts) -> None:
    """Keep counts, so that studies of several processes can be added up."""
    rows = [[*key, count.exposed, count.defined, count.runs] for key, count in counts.items()]
    path.write_text(json.dumps(rows, indent=0) + "\n", "utf-8")


def read_counts(paths: list[Path]) -> Counts:
    """The sum of several files of `write_counts`."""
    counts: dict[Any, Count] = {}
    for path in paths:
        for metric, control, exposed, defined, runs in json.loads(path.read_text("utf-8")):
            count = counts.setdefault((metric, control), Count())
            count.exposed += exposed
            count.defined += defined
            count.runs += runs
    return counts


def _cell(rule: Rule, control: str, count: Count) -> str:
    must = "must " if control in rule.exposes else "pass " if control in rule.passes else ""
    undefined = count.runs - count.defined
    return f"{must}{count.exposed}/{count.defined}" + (f" ({undefined} undefined)" if undefined else "")


def _words(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())
