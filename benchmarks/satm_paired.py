"""Arms of a study against one of them: differences of the same seed, their mean and its 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leaderboards.statistics.mean_over_units import difference_over_units

Runs = Sequence[Mapping[str, Mapping[str, float]]]
"""Of every seed: arm -> measure -> value."""


def paired(runs: Runs, pairs: Sequence[tuple[str, str]], measures: Mapping[str, tuple[float, int]]) -> list[str]:
    """A Markdown table: a row a pair of arms, a column a measure; mean difference and 95 % by Student's t over seeds.

    Args:
        pairs: (arm, the arm that it is taken against). measures: name -> (factor, decimals).
    """
    lines = ["| arm − other arm | " + " | ".join(measures) + " |", "|---|" + "---|" * len(measures)]
    for arm, against in pairs:
        cells = []
        for measure, (factor, decimals) in measures.items():
            one, other = ([factor * run[name][measure] for run in runs] for name in (arm, against))
            found = difference_over_units(one, other, "seed")
            if found.low is None or found.high is None:
                told = str(found.interval_reason)
            else:
                told = f"{found.low:+.{decimals}f} to {found.high:+.{decimals}f}"
            cells.append(f"{found.value:+.{decimals}f} ({told})".replace("-", "−"))
        lines.append(f"| {arm} − {against} | " + " | ".join(cells) + " |")
    return lines
