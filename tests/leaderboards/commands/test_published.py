from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from leaderboards.cli import app
from leaderboards.reference.published import tables


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["published", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_without_a_choice_it_lists_what_there_is() -> None:
    text = run()
    assert all(each.id in text for each in tables()) and "54.225" not in text


@pytest.mark.parametrize("style", ["text", "markdown", "latex"])
def test_a_table_comes_with_its_warnings(style: str) -> None:
    text = run("--table", "cgb-fidelity", "--format", style)
    assert "54.225" in text and "no repeat was printed" in text and "mean over four shards" in text


def test_all_numbers_as_csv_and_json() -> None:
    rows = list(csv.DictReader(io.StringIO(run("--benchmark", "mirb", "--format", "csv"))))
    assert {row["benchmark"] for row in rows} == {"mirb"} and len(rows) > 150
    data = json.loads(run("--json"))
    assert len(data) == len(tables()) and data[0]["rows"][0]["values"]["FID-RadDino"] == 125.186


def test_several_tables_are_told_apart() -> None:
    text = run("--benchmark", "chexgenbench", "--format", "markdown")
    assert text.count("### CheXGenBench:") == 5 and "\n\n### " in text


def test_misuse_is_said_in_a_line() -> None:
    from data_splits.errors import UserError

    for words, message in (
        (["--table", "mirbb"], "did you mean mirb"),
        (["--table", "mirb", "--benchmark", "methods"], "not one of"),
    ):
        with pytest.raises(UserError, match=message):
            CliRunner().invoke(app, ["published", *words], catch_exceptions=False)
