"""The tabs of a family of metrics: fidelity, privacy and memorisation, utility and alignment."""

from __future__ import annotations

from typing import NamedTuple

from leaderboards.app.grid import Grid
from leaderboards.app.html import render
from leaderboards.app.lines import metrics_of, model_grid, shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title, columns_of, forest_of
from leaderboards.boards.board import Board
from leaderboards.boards.words import question, title

PANELS = 4
"""Metrics in the figure."""


class Family(NamedTuple):
    """A tab. scope: of the ranks (leaderboards.boards.comparisons.SCOPES)."""

    title: str
    lead: str
    families: tuple[str, ...]
    scope: str


FAMILIES = {
    "fidelity": Family(
        "Fidelity",
        "Do the generated images look like real ones, and do they cover what real ones cover? The orange mark is real "
        "images of other patients against the same reference: as good as it gets.",
        ("fidelity",),
        "fidelity",
    ),
    "privacy": Family(
        "Privacy and memorisation",
        "Does a model give its training patients away? Every metric is tested against patients it never saw. A model "
        "that copies its training set looks excellent under Fidelity and is exposed here.",
        ("privacy", "memorisation"),
        "privacy",
    ),
    "utility": Family(
        "Utility and alignment",
        "Can a classifier learn from the generated images, tested on real ones, and do the images show what their "
        "prompts ask for?",
        ("utility", "alignment"),
        "utility",
    ),
}


def family_grid(board: Board, state: State) -> Grid | None:
    """Models by the chosen metrics of the tab."""
    family = FAMILIES[state.tab]
    cohort = board.cohort(state.board, "chexgenbench")
    if cohort is None:
        return None
    columns = columns_of(board, cohort["cohort"], state, family.families)
    caption = f"{family.title}: {cohort_title(cohort)}, {state.group}"
    return model_grid(board, cohort["cohort"], state, columns, state.tab, caption, family.scope)


def family_view(board: Board, state: State) -> str:
    """The table, a forest of its first columns, and what each metric asks."""
    family = FAMILIES[state.tab]
    cohort = board.cohort(state.board, "chexgenbench")
    if cohort is None:
        return render("empty.html.j2", state, title=family.title)
    name = cohort["cohort"]
    columns = columns_of(board, name, state, family.families)
    shown = [column.metric for column in columns]
    rest = [metric for metric in metrics_of(board, name, family.families, state.group) if metric not in shown]
    return render(
        "family.html.j2",
        state,
        family=family,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        grid=family_grid(board, state),
        forest=forest_of(board, name, shown_models(board, name, state), columns[:PANELS]),
        asked=[(title(metric), question(metric)) for metric in shown],
        rest=[(metric, title(metric), state.but(columns=(*shown, metric)).query) for metric in rest],
        compared=state.group == "overall",
    )
