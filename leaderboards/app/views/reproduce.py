"""Every row's exact command and hashes."""

from __future__ import annotations

from typing import Any

from leaderboards.app.grid import Box, Grid, Head, Line, arranged
from leaderboards.app.html import render
from leaderboards.app.lines import TIERS, matches, model_box
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title
from leaderboards.boards.board import Board

Row = dict[str, Any]

HEADS = (
    Head("Model", "name"),
    Head("Command"),
    Head("Record hash"),
    Head("Samples hash"),
    Head("Split hash"),
    Head("Protocol hash"),
    Head("Seed", "seed", numeric=True),
)


def grid(board: Board, state: State) -> Grid | None:
    """A line a record of the cohort."""
    cohort = board.cohort(state.board)
    if cohort is None:
        return None
    keys = {
        "name": lambda model: model["name"].casefold(),
        "seed": lambda model: model["run_seed"],
    }
    models = [model for model in board.of("models", cohort["cohort"]) if matches(model, state)]
    held = arranged(models, keys, state.sort)

    def line(model: Row) -> Line:
        texts = [model["command"], model["record"], model["samples_hash"], cohort["split_hash"]]
        return (
            model_box(model, state),
            *(Box(text) for text in (*texts, cohort["protocol_hash"], str(model["run_seed"]))),
        )

    caption = f"Reproduce: {cohort_title(cohort)}"
    return Grid("reproduce", HEADS, len(held), lambda part: [line(each) for each in held[part]], state, caption)


def view(board: Board, state: State) -> str:
    """A card a record."""
    cohort = board.cohort(state.board)
    table = grid(board, state)
    if cohort is None or table is None:
        return render("empty.html.j2", state, title="Reproduce")
    models = [board.models[line[2].text] for line in table.shown]
    return render(
        "reproduce.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        grid=table,
        models=[(model, *TIERS[model["tier"]]) for model in models],
    )
