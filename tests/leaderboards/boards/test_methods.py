"""Rows of the methods board: beside their control, with what a certificate rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_boards import Tables
from made_studies import own_study

from leaderboards.boards import store
from leaderboards.boards.methods import method_rows, studies
from leaderboards.library.methods import MethodEntry
from leaderboards.library.tiers import Tier
from leaderboards.records.method_record import Score


def test_rows(made: Tables) -> None:
    one, control = made["methods"]
    assert set(one) == set(store.names("methods"))
    assert (one["arm"], control["arm"], control["role"]) == ("fw-hard", "average", "control")
    # 0.1 at the first client, less 0.002 for each further one
    assert one["difference"] == pytest.approx(0.1 - 0.002 * 5.5) and one["against"] == "average"
    assert one["difference_low"] > 0 and control["difference"] is None and control["against"] == ""
    assert (
        one["bound"] == "exact binomial Occam"
        and one["price"] == "ln M"
        and one["nats"] == pytest.approx(6.1759, abs=1e-3)
    )
    assert one["certified"] > one["seen"] and one["test_set_n"] == 50 and one["certified_n"] == 100
    assert control["certified"] is None and one["declared"] and one["budget"] == ["labelled_at_most 100"]
    assert [row["arm"] for row in studies(made["methods"])] == ["fw-hard"]


def test_a_score_that_the_control_lacks_is_taken_against_the_next_one() -> None:
    record = own_study()
    one, control = record.arms
    absent = Score(task="twelve clients", metric="accuracy", direction="higher", reason="learns no such thing")
    arms = [one, control.model_copy(update={"name": "nothing", "scores": [absent]}), control]
    entry = MethodEntry(Path("x"), record.model_copy(update={"arms": arms}), "0" * 64, (), Tier.self_reported)
    first, nothing, last = method_rows([(entry, "public")])
    assert first["against"] == nothing["against"] == "average" and last["against"] == ""
    assert first["difference"] == pytest.approx(0.1 - 0.002 * 5.5) and nothing["difference"] is None


def test_what_does_not_follow_has_no_row() -> None:
    entry = MethodEntry(Path("x"), own_study(), "0" * 64, ("a number differs",), Tier.self_reported)
    assert list(method_rows([(entry, "public")])) == []


def test_they_go_to_parquet_and_back(made: Tables, tmp_path: Path) -> None:
    assert store.write(tmp_path, "methods", made["methods"]) == 2
    assert store.read(tmp_path, "methods") == made["methods"]
