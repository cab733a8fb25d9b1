"""`mirb ablate` from the outside: what it writes, resume after a kill, what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mirb_runs import kill_when, lines, run
from typer.testing import CliRunner

from leaderboards.cli import app as boards
from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run

TINY = ("--split", "mirb-procedural", "--split-option", "per_task=3", "--tasks", "food,count")
FILES = ("record.json", "ablations.html", "ablations.csv")


@pytest.fixture(scope="module")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that `ablate` made from nothing."""
    output = tmp_path_factory.mktemp("ablate") / "run"
    done = run("ablate", "--vlm", "scripted", "--model-option", "way=cheater", *TINY, "--output", output)
    assert "Image need" in done.stdout and "Position bias" in done.stdout and "Right without" in done.stdout
    return output


def test_from_nothing_it_makes_the_run_and_its_ablations(ablated: Path) -> None:
    assert (ablated / "report.html").exists() and (ablated / "record.json").exists()
    for name in FILES:
        assert (ablated / "ablations" / name).exists(), name
    record = read_record(ablated / "ablations")
    assert record.protocol == "v2 ablations", "it never shares a table with results of the protocol"
    assert not check_run(ablated / "ablations").discrepancies and not check_run(ablated).discrepancies
    page = (ablated / "ablations" / "ablations.html").read_text()
    assert page.startswith("<!doctype html>") and "has no options" in page and "mirb ablate" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_leaderboards_shows_the_ablations_as_metrics(ablated: Path) -> None:
    shown = CliRunner().invoke(boards, ["show", str(ablated / "ablations")])
    assert shown.exit_code == 0 and "image_need_text_only" in shown.stdout, shown.output
    one = CliRunner().invoke(boards, ["show", str(ablated / "ablations"), "--group", "task=count"]).stdout
    assert "task=count" in one and "task=food" not in one


def test_part_of_a_run_asks_nothing_twice(ablated: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ablated, copy)
    log = copy / "responses" / "responses.jsonl"
    before = lines(log)
    answer = json.loads(run("ablate", copy, "--ablations", "text-only,image-order", "--limit", "2", "--json").stdout)
    assert lines(log) == before
    groups = {(each["metric"], each["group"], each["n_generated"]) for each in answer["record"]["results"]}
    assert ("image_need_text_only", "task=count", 2) in groups and ("flips_image_order", "overall", 4) in groups
    assert not any("swapped" in metric for metric, _, _ in groups)
    only = json.loads(run("ablate", copy, "--ablations", "text-only", "--tasks", "count", "--json").stdout)
    assert {each["group"] for each in only["record"]["results"]} == {"task=count"}
    run("ablate", copy)
    for name in FILES:
        again = (copy / "ablations" / name).read_text().replace(str(copy), str(ablated))
        assert again == (ablated / "ablations" / name).read_text(), name


def test_killed_and_resumed_to_the_same_record(tmp_path: Path) -> None:
    asked = ("--vlm", "guesser", "--model-option", "delay=0.05", *TINY, "--batch-size", "2")
    names = ("--ablations", "leave-one-out,chain-of-thought,image-order")
    whole, output = tmp_path / "whole", tmp_path / "killed"
    run("ablate", *asked, *names, "--output", whole)
    log, again = output / "responses" / "responses.jsonl", output / "ablations" / "responses" / "responses.jsonl"
    for reached in (lambda: lines(log) >= 10, lambda: lines(again) >= 1):
        assert kill_when(reached, ["ablate", *asked, *names, "--output", output])
    run("ablate", *asked, *names, "--output", output)
    assert (output / "ablations" / "record.json").read_bytes() == (whole / "ablations" / "record.json").read_bytes()
    assert sorted(log.read_text().splitlines()) == sorted(
        (whole / "responses" / "responses.jsonl").read_text().splitlines()
    )


def test_batch_size_changes_nothing(tmp_path: Path) -> None:
    records = []
    for size in ("1", "5"):
        output = tmp_path / size
        asked = ("--vlm", "guesser", *TINY, "--batch-size", size, "--ablations", "first-image,option-order")
        run("ablate", *asked, "--output", output)
        records.append((output / "ablations" / "record.json").read_bytes())
    assert records[0] == records[1]


def test_mistakes_are_named(ablated: Path, tmp_path: Path) -> None:
    assert "Did you mean text-only" in run("ablate", ablated, "--ablations", "textonly", expect=2).stderr
    assert "has its own" in run("ablate", ablated, "--protocol", "official", expect=2).stderr
    assert "leave out --output" in run("ablate", ablated, "--output", tmp_path / "x", expect=2).stderr
    assert "no run folder" in run("ablate", tmp_path / "nothing", expect=2).stderr
    assert "has no questions of arxiv" in run("ablate", ablated, "--tasks", "arxiv", expect=2).stderr
    assert "option-order" in run("ablate", "--list").stdout
    kinds = {each["kind"] for each in json.loads(run("ablate", "--list", "--json").stdout)}
    assert kinds == {"need", "form", "order"}
