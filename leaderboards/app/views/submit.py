"""How a result comes onto this board."""

from __future__ import annotations

from leaderboards.app.grid import Grid
from leaderboards.app.html import render
from leaderboards.app.lines import TIERS
from leaderboards.app.state import State
from leaderboards.boards.board import Board


def grid(board: Board, state: State) -> Grid | None:
    """There is no table here."""
    return None


def view(board: Board, state: State) -> str:
    """Five steps, and what the tiers mean."""
    return render("submit.html.j2", state, tiers=[(name, css, text) for name, (css, text) in TIERS.items()])
