"""`kill -9` while answering, scoring and reporting: the same command ends in the record of an undisturbed run."""

from __future__ import annotations

from pathlib import Path

from mirb_runs import SMALL, kill_when, lines, run


def test_killed_and_resumed_to_the_same_record(tmp_path: Path) -> None:
    asked = ("eval", "--vlm", "guesser", "--model-option", "delay=0.05", *SMALL, "--batch-size", "2")
    undisturbed, output = tmp_path / "undisturbed", tmp_path / "killed"
    run(*asked, "--output", undisturbed)
    arguments: list[str | Path] = [*asked, "--output", output]
    log = output / "responses" / "responses.jsonl"
    moments = {
        "first batch": lambda: lines(log) >= 2,
        "later batch": lambda: lines(log) >= 8,
        "score": lambda: (output / "asked.json").exists(),
        "report": lambda: (output / "record.json").exists(),
    }
    before = 0
    for name, moment in moments.items():
        assert kill_when(moment, arguments), name
        assert lines(log) >= before, "nothing answered is lost"
        before = lines(log)
    run(*arguments)
    for file in ("record.json", "outcomes.jsonl", "asked.json", "results.csv"):
        assert (output / file).read_bytes() == (undisturbed / file).read_bytes(), file
    assert sorted(log.read_text().splitlines()) == sorted(
        (undisturbed / "responses" / "responses.jsonl").read_text().splitlines()
    )


def test_a_torn_line_costs_one_answer(tmp_path: Path) -> None:
    asked = ("--vlm", "guesser", *SMALL, "--output", tmp_path / "run")
    run("eval", *asked)
    record = (tmp_path / "run" / "record.json").read_bytes()
    log = tmp_path / "run" / "responses" / "responses.jsonl"
    log.write_bytes(log.read_bytes()[:-7])
    assert "no answer" in run("score", tmp_path / "run", expect=2).stderr
    assert "answer: 1 answered, 15 were there already" in run("eval", *asked).stderr
    assert (tmp_path / "run" / "record.json").read_bytes() == record
