"""Several records: order, ties, adjusted tests, and records that may not share a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compared_runs import run_folder

from data_splits.errors import UserError
from leaderboards.comparison.compare import as_json, compare, load


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("three")
    return [
        run_folder(folder / "good", "good", 0.05, 0.85, 5),
        run_folder(folder / "twin", "twin", 0.05, 0.85, 8),
        run_folder(folder / "bad", "bad", 0.7, 0.55, 6),
    ]


def test_the_bad_model_is_last_and_the_twins_are_tied(three: list[Path]) -> None:
    found = {each.metric: each for each in compare(load(three))}
    assert set(found) == {"kid", "precision", "fid", "utility_auroc"}
    for metric in ("kid", "precision", "utility_auroc"):
        each = found[metric]
        assert each.order[-1] == "bad" and set(each.top) == {"good", "twin"}, metric
        assert each.letters["good"] == each.letters["twin"] != each.letters["bad"]
        assert each.ranks["bad"] == (3, 3) and each.ranks["good"] == (1, 2)
    assert found["kid"].goodness("good") > found["kid"].goodness("bad")


def test_p_values_are_adjusted_over_the_pairs_of_a_metric(three: list[Path]) -> None:
    each = compare(load(three), ["precision"])[0]
    raw = sorted((d.p, pair) for pair, d in each.differences.items())
    smallest = raw[0][1]
    assert each.adjusted[smallest] == pytest.approx(min(1.0, 3 * raw[0][0]))  # type: ignore[operator]
    assert all(each.adjusted[pair] >= d.p for pair, d in each.differences.items())  # type: ignore[operator]


def test_the_json_is_plain_and_complete(three: list[Path]) -> None:
    data = json.loads(json.dumps(as_json(compare(load(three))), allow_nan=False))
    assert {row["metric"] for row in data} >= {"kid"} and all(len(row["differences"]) == 3 for row in data)
    assert {"p_holm", "paired", "effect_size", "method"} <= set(data[0]["differences"][0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "v1"}, "protocol"),
        ({"protocol_hash": "q"}, "protocol hash"),
        ({"split": {"name": "made-up", "subset": "test", "hash": "t"}}, "split"),
        ({"split": {"name": "made-up", "subset": "train", "hash": "s"}}, "subset"),
    ],
)
def test_records_of_other_questions_never_share_a_table(
    three: list[Path], tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    other = run_folder(tmp_path / "other", "other", **changes)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=words):
        load([three[0], other])


def test_one_folder_and_unknown_metrics_are_the_users_mistakes(three: list[Path]) -> None:
    with pytest.raises(UserError, match="two run folders"):
        load(three[:1])
    with pytest.raises(UserError, match="did you mean precision"):
        compare(load(three), ["precison"])


def test_the_same_model_twice_is_told_apart(three: list[Path], tmp_path: Path) -> None:
    again = run_folder(tmp_path / "again", "good", 0.05, 0.85, 5, run_seed=9)
    assert [each.name for each in load([three[0], again])] == ["good (seed 1)", "good (seed 9)"]
    assert [each.name for each in load([three[0], three[0]])] == ["good (seed 1) #1", "good (seed 1) #2"]
