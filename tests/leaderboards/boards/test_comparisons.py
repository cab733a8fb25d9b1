"""The board says what `compare` says: order, letters, differences, ranks."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_boards import Tables

from leaderboards.comparison.compare import compare, load
from leaderboards.comparison.overall import overall


@pytest.fixture(scope="module")
def names(made: Tables) -> dict[str, str]:
    return {row["record"]: row["name"] for row in made["models"]}


def test_standings_and_pairs_are_those_of_compare(made: Tables, run_folders: Path, names: dict[str, str]) -> None:
    found = compare(load([run_folders / name for name in ("bad", "good", "twin")]))
    for each in found:
        rows = [row for row in made["standings"] if row["metric"] == each.metric]
        assert {names[row["record"]]: row["letters"] for row in rows} == each.letters
        assert {names[row["record"]]: (row["best"], row["worst"]) for row in rows} == each.ranks
        assert {names[row["record"]] for row in rows if row["top"]} == set(each.top)
        assert [names[row["record"]] for row in sorted(rows, key=lambda row: row["place"])] == list(each.order)
        pairs = {(names[r["a"]], names[r["b"]]): r for r in made["pairs"] if r["metric"] == each.metric}
        assert pairs.keys() == each.differences.keys()
        for pair, gap in each.differences.items():
            assert pairs[pair]["difference"] == gap.estimate.value and pairs[pair]["p_holm"] == each.adjusted[pair]
            assert (pairs[pair]["low"], pairs[pair]["high"], pairs[pair]["paired"]) == (
                gap.estimate.low, gap.estimate.high, gap.paired,
            )  # fmt: skip


def test_orders_are_those_of_overall(made: Tables, run_folders: Path, names: dict[str, str]) -> None:
    order = overall(compare(load([run_folders / name for name in ("bad", "good", "twin")])))
    assert order is not None
    rows = sorted(
        (row for row in made["ranks"] if row["scope"] == "all" and names[row["record"]] in order.names),
        key=lambda row: row["place"],
    )
    assert [row["mean_rank"] for row in rows] == list(order.mean_rank)
    assert [row["borda"] for row in rows] == list(order.borda)
    assert rows[0]["low"] <= rows[0]["place"] <= rows[0]["high"]


def test_a_single_record_is_compared_with_nobody(made: Tables, names: dict[str, str]) -> None:
    other = next(record for record, name in names.items() if name == "other")
    for table in ("standings", "pairs", "ranks", "fronts"):
        assert not [row for row in made[table] if other in (row.get("record"), row.get("a"), row.get("b"))]


def test_mirb_is_ranked_over_tasks_and_tested_by_group(made: Tables, names: dict[str, str]) -> None:
    rows = {(row["group"], names[row["record"]]): row for row in made["standings"] if row["metric"] == "accuracy"}
    assert rows["overall", "seeing"]["place"] == 1 and rows["overall", "seeing"]["letters"] == "a"
    assert rows["task=food", "guessing"]["tested"] == 1.0 and rows["overall", "guessing"]["letters"] == "b"
    order = [row for row in made["ranks"] if names[row["record"]] == "seeing"]
    assert order[0]["metrics"] == ["task=food", "task=codeu", "task=count", "task=arxiv"]
