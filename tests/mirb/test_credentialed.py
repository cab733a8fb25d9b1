"""A credentialed split with marked questions, gold answers and pixels goes through every command; no mark gets out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from data_splits.question import Question, QuestionSplit
from leaderboards.cli import app as boards
from leaderboards.records.io import read_record
from mirb.cli import app

CANARY = "canary-5c1f"


def split(name: str, **options: object) -> QuestionSplit:
    """Questions with marked texts, options, gold answers and image keys."""
    questions = tuple(
        Question(
            id=f"{task}-{number}",
            task=task,
            question=f"{CANARY} which?\nA. {CANARY} one\nB. two",
            answer=gold if task != "sightseeing" else f"{CANARY} city",
            images=(f"{number}/{CANARY}.png",),
            choices=(f"{CANARY} one", "two") if task == "food" else (),
            cluster=f"{CANARY}-{number // 2}",
        )
        for task, gold in (("food", "A"), ("sightseeing", ""), ("count", "3"))
        for number in range(6)
    )
    hashes = {key: f"{index:064d}" for index, key in enumerate({key for each in questions for key in each.images})}
    return QuestionSplit(
        name="private", version="1", licence="no", credentialed=True, questions=questions,
        read_image=lambda key: np.full((8, 8, 3), 77, np.uint8), image_hashes=hashes,
    )  # fmt: skip


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("mirb.plan.load_questions", split)
    return tmp_path / "run"


def shareable(folder: Path) -> list[Path]:
    """Every file of a run but the answers, which stay on the machine."""
    return [path for path in folder.rglob("*") if path.is_file() and "responses" not in path.relative_to(folder).parts]


@pytest.mark.parametrize("protocol", ["v2", "official", "lmms-eval"])
def test_no_mark_reaches_record_log_or_report(output: Path, protocol: str) -> None:
    asked = ["--vlm", "text-only", "--split", "private", "--protocol", protocol, "--output", str(output)]
    said = [CliRunner().invoke(app, ["eval", *asked, *flags]) for flags in ([], ["--json"])]
    said += [
        CliRunner().invoke(app, [stage, str(output), *flags])
        for stage in ("score", "report")
        for flags in ([], ["--json"])
    ]
    said += [CliRunner().invoke(boards, [word, str(output)]) for word in ("show", "verify")]
    for each in said:
        assert each.exit_code == 0, each.output
        assert CANARY not in each.output
    for path in shareable(output):
        assert CANARY.encode() not in path.read_bytes(), path
    report = (output / "report.html").read_text()
    assert not re.findall(r"data:image/(?:jpeg|png)", report) and "is credentialed" in report
    assert read_record(output).split["credentialed"] is True


def test_no_mark_leaves_through_ablations_or_comparison(output: Path) -> None:
    asked = ["--vlm", "text-only", "--split", "private"]
    said = [CliRunner().invoke(app, ["ablate", *asked, "--output", str(output)])]
    said.append(CliRunner().invoke(app, ["ablate", *asked, "--json", "--output", str(output)]))
    other = output.parent / "other"
    said.append(CliRunner().invoke(app, ["eval", "--vlm", "constant", "--split", "private", "--output", str(other)]))
    page = ["--output", str(output / "comparison.html")]
    said += [CliRunner().invoke(app, ["compare", str(output), str(other), *flags]) for flags in (page, ["--json"])]
    for each in said:
        assert each.exit_code == 0, each.output
        assert CANARY not in each.output
    assert (output / "ablations" / "ablations.html").exists() and (output / "comparison.html").exists()
    for path in shareable(output):
        assert CANARY.encode() not in path.read_bytes(), path


def test_questions_are_shown_only_when_asked_for_by_name(output: Path) -> None:
    asked = ["--vlm", "text-only", "--split", "private", "--output", str(output)]
    assert CliRunner().invoke(app, ["eval", *asked, "--show-credentialed"]).exit_code == 0
    report = (output / "report.html").read_text()
    assert CANARY in report and "data:image/" in report and "do not share this file" in report
    assert CANARY not in (output / "record.json").read_text()
    assert CliRunner().invoke(app, ["report", str(output)]).exit_code == 0


def test_a_failing_question_is_named_without_its_text(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_adapters.vlms.text_only import TextOnly

    def fail(self: object, requests: object) -> None:
        raise ConnectionError(f"could not send {CANARY}")

    monkeypatch.setattr(TextOnly, "answer", fail)
    asked = ["--vlm", "text-only", "--split", "private", "--limit", "1", "--batch-size", "1", "--output", str(output)]
    done = CliRunner().invoke(app, ["eval", *asked])
    assert "ConnectionError" in str(done.exception) and CANARY not in done.output + str(done.exception)
    assert not (output / "record.json").exists()
