"""docs/controls.md: the table of controls and metrics, with how often each rule held in the last study."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from chexgenbench.controls.study import COHORT, SIZES, Count, Counts
from chexgenbench.controls.table import CONTROLS, RULES, Rule

HEAD = """# Controls

Generators whose faults are known, run through the metrics. `must` in a cell: the metric has to expose this control;
`pass`: it must not. Behind it stands in how many runs, each on another cohort of phantom patients, the rule exposed it.
A cell with a number alone is not asserted; where one would expect it to be, the reason is below the table.

- `memoriser` shows the training image that fits the prompt best; `noisy-memoriser` adds noise of 15 grey levels.
- `copier-20` copies 20 % of its images and shows real images of patients it never saw for the rest.
- `perfect` (`phantom-painter`) paints a new phantom patient for every request, with the findings asked for.
- `real-holdout` shows training images of other patients. Whoever searches the training set must find them; whoever asks
  about the prompted patient must not.
- `label-shuffler` shows real images of the wrong findings; `constant` always the same grey.

What holds an assertion: a control that must be exposed is, in at least nine runs of ten (18 of 20). A control that must
pass is exposed no more often than the rule's claimed rate of false alarms explains: that often or more would come about
by chance in fewer than one study of 200. The rate is 2.5 % for one end of a 95 % interval (at most 3 of 20 runs), 1 %
where the rule says so (2), and none for limits that are far off (0). Where to pass is to be told from chance (alignment
of real images), passing is what nine runs of ten must do. A test (`make slow`) asserts the table both ways.

The rules were written after seeing cohorts 0 to 12 and changed after seeing 100 to 113 and 200 to 209. The cohorts
below are others, 300 to 319, and no rule was changed after seeing them unless a note below says so.
"""

DETECTED = 0.9
"""Share of runs in which a control that must be exposed has to be."""

BY_CHANCE = 0.005
"""More false alarms than those that are likelier than this, at the claimed rate, are too many."""


BROKEN = "Assertions that do not hold in this study:"


def needed(runs: int) -> int:
    """Runs in which a control that must be exposed has to be."""
    return math.ceil(DETECTED * runs - 1e-9)


def allowed(runs: int, rate: float | None) -> int:
    """False alarms that a claimed rate explains (binomial); None: what is left of the runs that have to detect."""
    from scipy.stats import binom

    if rate is None:
        return runs - needed(runs)
    return int(binom.ppf(1.0 - BY_CHANCE, runs, rate)) if rate else 0


def failures(counts: Counts) -> list[str]:
    """Every cell of the table that does not hold, in words. An undefined result holds nothing."""
    found = []
    for rule in RULES:
        for control in (*rule.exposes, *rule.passes):
            count = counts[rule.metric, control]
            if not count.runs:
                continue
            passed = count.defined - count.exposed
            if control in rule.exposes and count.exposed < needed(count.runs):
                found.append(
                    f"{rule.metric}: {control} must be exposed; it was in {count.exposed} of {count.runs} runs"
                )
            if control in rule.passes and count.runs - passed > allowed(count.runs, rule.alarm):
                found.append(f"{rule.metric}: {control} must pass; it did in {passed} of {count.runs} runs")
    return found


def markdown(counts: Counts, seeds: int) -> str:
    """The page."""
    names = list(CONTROLS)
    lines = [HEAD, f"Last study: {seeds} cohorts ({_words(COHORT)}; {_words(SIZES)}). To repeat it:"]
    lines += ["`python -m chexgenbench.controls`.", ""]
    lines += [f"| Metric | Exposed if | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for rule in RULES:
        cells = [_cell(rule, name, counts[rule.metric, name]) for name in names]
        lines.append(f"| `{rule.metric}` | {rule.words} | {' | '.join(cells)} |")
    if found := failures(counts):
        lines += ["", BROKEN, "", *(f"- {line}" for line in found)]
    lines += ["", "Not asserted, and why:", ""]
    lines += [f"- `{rule.metric}`: {rule.note}" for rule in RULES if rule.note]
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
