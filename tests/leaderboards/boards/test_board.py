"""The board in memory: texts that cannot forge, and indexes that keep cohorts apart."""

from __future__ import annotations

from made_boards import Tables, hostile

from leaderboards.boards.board import LONGEST_NAME, Board, clean


def test_texts_lose_what_could_reorder_or_hide() -> None:
    assert clean("plain") == "plain" and clean("Fréchet ↓ 1\u202f000") == "Fréchet ↓ 1\u202f000"
    assert clean("a\u202eb\u200b\x00\n") == "a\ufffdb\ufffd\ufffd\ufffd"


def test_every_text_of_every_row_is_clean_and_names_are_short(made: Tables) -> None:
    wild = hostile(made)
    wild["models"][0]["name"] = "x" * 500
    board = Board(wild)
    for cohort in board.cohorts:
        for row in board.of("models", cohort["cohort"]):
            assert len(row["name"]) <= LONGEST_NAME
            assert not any("\u202e" in str(value) or "\x00" in str(value) for value in row.values())


def test_a_cohort_sees_its_own_rows_only(made: Tables) -> None:
    board = Board(made)
    ids = [row["cohort"] for row in board.cohorts]
    assert len(ids) == 3
    for name in ids:
        assert {row["cohort"] for row in board.of("results", name)} == {name}
        records = {row["record"] for row in board.of("models", name)}
        assert all(set(rows) <= records for rows in board.results(name).values())
    mirb = board.cohort("", "mirb")
    assert mirb is not None and board.cohort(mirb["cohort"], "chexgenbench")["benchmark"] == "chexgenbench"  # type: ignore[index]
    assert board.cohort("unknown", "mirb") == mirb and board.of("pairs", "unknown") == []
