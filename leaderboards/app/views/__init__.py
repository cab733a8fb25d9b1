"""One file a tab: what it shows, and the table of it that leaves the page."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from leaderboards.app.grid import Grid
from leaderboards.app.state import TABS, State
from leaderboards.boards.board import Board


def view(board: Board, state: State) -> str:
    """The HTML of the state's tab."""
    return str(_module(state).view(board, state))


def grid(board: Board, state: State) -> Grid | None:
    """The table of the state's tab, for a file; None where the tab has none, or the board no such rows."""
    found = _module(state).grid(board, state)
    assert found is None or isinstance(found, Grid)
    return found


def _module(state: State) -> ModuleType:
    assert state.tab in TABS
    return import_module(f"{__name__}.{state.tab}")
