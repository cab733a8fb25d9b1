"""What each protocol fixes, its quirks, and what changed against which other one."""

from __future__ import annotations

from typing import Any

from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.state import State
from leaderboards.app.views.common import NAMES, cohort_title
from leaderboards.boards.board import Board

Row = dict[str, Any]


def grid(board: Board, state: State) -> Grid | None:
    """A line a sentence."""
    heads = (Head("Benchmark"), Head("Protocol"), Head("Kind"), Head("Against"), Head("Text"))

    def line(row: Row) -> Line:
        texts = (NAMES[row["benchmark"]], row["protocol"], row["kind"], row["against"], row["text"])
        return tuple(Box(text) for text in texts)

    return listed("protocols", heads, board.protocols, line, {}, state, "Protocols")


def view(board: Board, state: State) -> str:
    """A section a protocol, with the hashes that the board holds of it."""
    sections: dict[tuple[str, str], dict[str, Any]] = {}
    for row in board.protocols:
        made = {"title": row["title"], "summary": "", "choice": [], "quirk": [], "change": []}
        section = sections.setdefault((row["benchmark"], row["protocol"]), made)
        if row["kind"] == "summary":
            section["summary"] = row["text"]
        else:
            section[row["kind"]].append((row["against"], row["text"]))
    for cohort in board.cohorts:
        section = sections.get((cohort["benchmark"], cohort["protocol"]), {})
        section.setdefault("held", []).append((cohort_title(cohort), cohort["protocol_hash"], cohort["records"]))
    return render("protocols.html.j2", state, sections=list(sections.values()), grid=grid(board, state))
