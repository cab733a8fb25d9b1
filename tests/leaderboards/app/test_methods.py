"""The Methods tab: arms beside controls, certificates rounded up, studies and published tables by one choice."""

from __future__ import annotations

from leaderboards.app.choices import others
from leaderboards.app.state import State
from leaderboards.app.views import methods
from leaderboards.boards.board import Board


def test_arms_stand_beside_their_control(board: Board) -> None:
    grid = methods.grid(board, State(tab="methods"))
    assert grid is not None
    one, control = grid.make(slice(None))
    assert one[0].text == "fw-hard" and control[0].tags == ("control",)
    assert one[4].text == "≤ 0.182" and "exact binomial Occam, n = 100, ln M 6.18, deterministic" in one[4].sub
    assert one[5].text.startswith("≤ 0.") and control[5].text == "—"
    assert one[3].top and control[3].text == "the control"
    table = grid.table()
    assert "Score 95 % interval low" in table.columns and table.rows[0][0] == "fw-hard"


def test_filters_and_tables(board: Board) -> None:
    study = board.methods[0]["study"][:16]
    names = [value for _, value in methods.choices(board)]
    assert names[:2] == ["measured", study] and len(names) > 2
    for state, rows in (
        (State(tab="methods", controls="no"), 1),
        (State(tab="methods", q="average"), 1),
        (State(tab="methods", q="nothing like it"), 0),
        (State(tab="methods", table=study), 2),
    ):
        grid = methods.grid(board, state)
        assert grid is not None and grid.count == rows
    published = methods.grid(board, State(tab="methods", table=names[-1]))
    assert published is not None and published.name == "published"
    assert others(board, State(tab="methods"))["table"].value == "measured"


def test_what_is_reconstructed_is_said(board: Board) -> None:
    html = methods.view(board, State(tab="methods"))
    assert "Reconstructed or unverified" in html and "The order of its steps." in html
    assert "Does the one beat the others?" in html and "python -m benchmarks.made_up" in html
