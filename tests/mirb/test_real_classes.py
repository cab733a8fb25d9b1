"""A small checkpoint of the real LLaVA class goes through `mirb eval`, letters and text, batched and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mirb_runs import run
from tiny_vlms import tiny_llava

from leaderboards.records.io import read_record
from leaderboards.records.recompute import recompute

ASKED = ("--split", "mirb-procedural", "--split-option", "per_task=2")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llava(tmp_path_factory.mktemp("tiny") / "llava")


@pytest.mark.parametrize(
    ("protocol", "tasks"),
    [("official", "food,count"), pytest.param("v2", "food,count,arxiv", marks=pytest.mark.slow)],
)
def test_llava_by_its_folder(checkpoint: Path, tmp_path: Path, protocol: str, tasks: str) -> None:
    outputs = []
    for name, size in (("one", "1"), ("three", "3")):
        output = tmp_path / name
        run(
            *("eval", "--vlm", checkpoint, *ASKED, "--tasks", tasks, "--protocol", protocol, "--device", "cpu"),
            *("--batch-size", size, "--model-option", "batch=on", "--output", output),
        )
        outputs.append(output)
    assert (outputs[0] / "record.json").read_bytes() == (outputs[1] / "record.json").read_bytes()
    record = read_record(outputs[1])
    assert record.model["name"] == "llava" and record.model["settings"]["model_class"].startswith("Llava")
    assert str(checkpoint) not in (outputs[1] / "record.json").read_text(), "where it lies stays here"
    assert not recompute(outputs[1])
    rows = [json.loads(line) for line in (outputs[1] / "responses" / "responses.jsonl").read_text().splitlines()]
    assert all(("letter_logits" in row) == (protocol == "official" and row["task"] == "food") for row in rows)
    assert all(row["status"] == "ok" for row in rows if row["task"] != "arxiv")
