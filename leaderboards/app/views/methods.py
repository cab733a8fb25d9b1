"""Training methods: what their papers print. Records of methods join this tab as they are submitted."""

from __future__ import annotations

from leaderboards.app.grid import Grid
from leaderboards.app.state import State
from leaderboards.app.views.published import published_grid, published_view
from leaderboards.boards.board import Board

BENCHMARKS = ("methods",)


def grid(board: Board, state: State) -> Grid | None:
    """A published table of methods."""
    return published_grid(board, state, BENCHMARKS)


def view(board: Board, state: State) -> str:
    """A published table of methods."""
    lead = (
        "Figures of training, merging and certification methods as their papers print them. This suite has not "
        "measured them; a generator trained by a method is a row of its own under the other tabs."
    )
    return published_view(board, state, BENCHMARKS, "Training methods, as published", lead)
