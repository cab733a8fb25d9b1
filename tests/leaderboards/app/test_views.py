"""Every tab renders, hostile texts stay texts, filters filter, and tables leave the page without formulae."""

from __future__ import annotations

import csv
import io
import json

import pytest
from made_boards import Tables, hostile, large
from markup import foreign

from leaderboards.app import views
from leaderboards.app.choices import UNFILTERED, UNSEARCHED, boards, others, tiers
from leaderboards.app.state import TABS, State
from leaderboards.boards import store
from leaderboards.boards.board import Board
from leaderboards.reporting.numbers import value_text
from leaderboards.reporting.tables import to_csv, to_latex

EMPTY: Tables = {name: [] for name in store.COLUMNS}


@pytest.fixture(scope="module")
def wild(made: Tables) -> Board:
    return Board(hostile(made))


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_renders_its_own_markup_only(board: Board, wild: Board, tab: str) -> None:
    for held in (board, wild, Board(EMPTY)):
        for cohort in [row["cohort"] for row in held.cohorts] or [""]:
            html = views.view(held, State(tab=tab, board=cohort, q="", page=1))
            assert html.lstrip().startswith('<div class="board"') and not foreign(html), foreign(html)[:5]
            state = State(tab=tab, board=cohort)
            assert boards(held, state) and tiers(held, state) and others(held, state) is not None
    # The texts are there, as texts.
    if tab in ("overview", "reproduce", "published", "protocols"):
        assert "&lt;script&gt;" in views.view(wild, State(tab=tab))


def test_a_search_text_stays_a_text(board: Board) -> None:
    for q in ('"><script>alert(1)</script>', "' onmouseover=alert(1)", "\u202e{{7*7}}"):
        for tab in TABS:
            assert not foreign(views.view(board, State(tab=tab, q=q)))


def test_the_parser_of_these_tests_finds_what_it_should() -> None:
    bad = '<div><script>x</script><img src=x><a href="javascript:1" onclick=x></a><b></div>'
    assert {"tag script", "tag img", "attribute src", "link to javascript:1", "attribute onclick"} <= set(foreign(bad))
    assert "unbalanced div" in foreign(bad)


def test_filters(board: Board) -> None:
    def names(state: State) -> list[str]:
        grid = views.grid(board, state)
        assert grid is not None
        where = next(k for k, head in enumerate(grid.heads) if head.title == "Model")
        return [line[where].text for line in grid.make(slice(None))]

    fidelity = State(tab="fidelity")
    assert set(names(fidelity)) == {"good", "twin", "bad"}  # never the record of another protocol hash
    assert names(fidelity.but(q="GOO")) == ["good"] and names(fidelity.but(q="good twin")) == []
    assert len(names(fidelity.but(tiers=("self",)))) == 3 and names(fidelity.but(tiers=("samples",))) == []
    assert names(fidelity.but(sort="kid"))[-1] == names(fidelity.but(sort="-kid"))[0] == "bad"
    assert names(fidelity.but(sort="name")) == ["bad", "good", "twin"]
    assert names(fidelity.but(sort="nonsense")) == names(fidelity)
    grid = views.grid(board, fidelity.but(columns=("precision", "nonsense")))
    assert grid is not None and [head.key for head in grid.heads[2:]] == ["precision"]


def test_ties_intervals_and_tiers_are_on_the_first_page(board: Board) -> None:
    html = views.view(board, State())
    assert "2 of 3 tied" in html and 'class="letters">a</sup>' in html and "self-reported" in html
    mirb = next(row["cohort"] for row in board.cohorts if row["benchmark"] == "mirb")
    html = views.view(board, State(board=mirb))
    assert "seeing leads alone" in html and "trained on this data set" in html and "chance" in html


def test_an_interval_around_another_number_than_the_value_says_so(board: Board) -> None:
    rows = board.results(board.cohorts[0]["cohort"])["fid", "overall", "raw"]
    row = next(row for row in rows.values() if row["model"] == "twin")
    centre = json.loads(row["extra"])["bias_corrected"]
    assert row["low"] < centre < min(row["value"], row["high"])
    html = views.view(board, State(tab="fidelity", columns=("fid", "kid")))
    assert f"bias removed {value_text(centre, row['low'], row['high'])}" in html
    assert html.count("without its bias of few images") == len(rows)  # and KID's, which stands around its value, not


def test_compare_turns_round(board: Board) -> None:
    pair = {row["name"]: row["record"] for row in board.models.values()}
    state = State(tab="compare", a=pair["good"][:16], b=pair["bad"][:16])
    one, other = (views.grid(board, each) for each in (state, state.but(a=state.b, b=state.a)))
    assert one is not None and other is not None and one.count == other.count == 4
    for left, right in zip(one.make(slice(None)), other.make(slice(None)), strict=True):
        assert left[0].text == right[0].text and left[3].file == -right[3].file  # type: ignore[operator]
        assert {left[4].text, right[4].text} in ({"A is better", "B is better"}, {"no difference shown"})
        assert left[3].ends[0] == -right[3].ends[1]  # type: ignore[index,operator]
    assert "of 4 comparisons show A better" in views.view(board, state)


def test_exports_hold_every_line_and_no_formula(board: Board, wild: Board) -> None:
    for tab in TABS:
        for held in (board, wild):
            grid = views.grid(held, State(tab=tab))
            if grid is None:
                continue
            rows = list(csv.reader(io.StringIO(to_csv(grid.table()))))
            assert len(rows) == 1 + grid.count
            for row in rows:
                assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row), tab
            assert to_latex(grid.table(full=False)).count("\\\\") >= grid.count
    grid = views.grid(board, State(tab="fidelity"))
    assert grid is not None
    table = grid.table()
    assert {"Tier", "KID ↓", "KID ↓ low", "KID ↓ high"} <= set(table.columns)
    assert all(isinstance(row[table.columns.index("KID ↓ low")], float) for row in table.rows)


def test_the_tier_of_every_model_is_beside_its_numbers(board: Board) -> None:
    compared = views.view(board, State(tab="compare"))
    assert compared.count('<span class="badge self" title="">self-reported</span>') == 2
    for tab in ("overview", "fidelity", "mirb", "pareto", "reproduce"):
        assert "self-reported" in views.view(board, State(tab=tab)), tab
    cohort = next(row["cohort"] for row in board.cohorts if row["benchmark"] == "chexgenbench")
    rows = [row | {"group": "sex=F"} for row in board.of("results", cohort)]
    tables = {name: board.of(name, cohort) for name in ("standings", "pairs", "ranks", "left_out", "fronts")}
    rest = {"methods": [], "published": [], "protocols": [], "cohorts": board.cohorts[:1]}
    made = Board(
        {**tables, **rest, "results": [*board.of("results", cohort), *rows], "models": board.of("models", cohort)}
    )
    grid = views.grid(made, State(tab="pathology"))
    assert grid is not None and [head.sub for head in grid.heads[1:]] == ["self-reported"] * (len(grid.heads) - 1)


def test_controls_that_narrow_nothing_are_not_offered(board: Board) -> None:
    assert [tab for tab in TABS if not tiers(board, State(tab=tab)).choices] == [*sorted(UNFILTERED, key=[*TABS].index)]
    for tab in UNSEARCHED - {"submit"}:
        found = [views.grid(board, State(tab=tab, q=q)) for q in ("", "nothing like it")]
        assert found[0] is not None and found[1] is not None and found[0].count == found[1].count
    for tab in TABS.keys() - UNSEARCHED:
        narrowed = views.grid(board, State(tab=tab, q="nothing like it"))
        assert narrowed is None or narrowed.count == 0 or tab == "pathology", tab


def test_published_numbers_stand_alone(board: Board) -> None:
    ours = {row["name"] for row in board.models.values()}
    for table in dict.fromkeys(row["table"] for row in board.published):
        benchmark = next(row["benchmark"] for row in board.published if row["table"] == table)
        state = State(tab="methods" if benchmark == "methods" else "published", table=table)
        grid = views.grid(board, state)
        assert grid is not None
        lines = grid.make(slice(None))
        assert lines and all(line[0].tier == "published" for line in lines)
        assert not ours & {line[0].text for line in lines}
        assert "Read before quoting" in views.view(board, state) or not any(
            row["flags"] for row in board.published if row["table"] == table
        )


def test_ten_thousand_rows_are_paged_and_only_the_page_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from leaderboards.app import marks

    board, drawn = large(1000, 10), []
    real = marks.interval
    monkeypatch.setattr(marks, "interval", lambda *a: drawn.append(1) or real(*a))
    html = views.view(board, State(tab="fidelity", q="model", page=20))
    grid = views.grid(board, State(tab="fidelity", page=20))
    assert grid is not None and (grid.count, grid.pages, len(grid.shown)) == (1000, 20, 50)
    assert "page 20 of 20" in html and len(drawn) <= 2 * 50 * 6
    assert views.grid(board, State(tab="fidelity", page=999)).page == 20  # type: ignore[union-attr]
