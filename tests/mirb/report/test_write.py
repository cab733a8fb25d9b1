"""The page: complete, self-contained, escaped, deterministic."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from mirb_questions import question

from data_splits.question import QuestionSplit
from mirb.plan import resolve
from mirb.report import browser
from mirb.report.thumbnails import SIDE, thumbnail
from mirb.run_folder import RunConfig, RunFolder
from mirb.scorers import Verdict
from mirb.stages import report as report_stage
from mirb.stages import score as score_stage
from model_adapters.inference.answer import answer
from model_adapters.inference.response_store import ResponseStore, model_identity
from model_adapters.protocols import AnswerRequest, Response

EVIL = "<script>alert('xss')</script>\"'><img src=x onerror=alert(1)>"
VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})


class Page(HTMLParser):
    """Elements and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


class Says:
    """Answers with a fixed text."""

    def __init__(self, text: str) -> None:
        from mirb_runs import CARD

        self.card, self.text = CARD, text

    def answer(self, requests: list[AnswerRequest]) -> list[Response]:
        return [Response(self.text, truncated=True) for _ in requests]


def written(folder: Path, text: str, asked: str = "Which?") -> str:
    """The page of a run whose model says `text` to six questions that ask `asked`."""
    from mirb.asking import Asked, asks_of

    questions = tuple(
        question(task, gold, id=f"{task}-{n}", question=asked, images=("a", "b"))
        for task, gold in (("food", "B"), ("analogy", "No"), ("count", "3"))
        for n in range(2)
    )
    split = QuestionSplit(
        "toy",
        "1",
        "free",
        False,
        questions,
        lambda key: np.full((9, 9, 3), 50, np.uint8),
        {"a": "0" * 64, "b": "1" * 64},
    )
    config = RunConfig(vlm="guesser", split="toy")
    plan = resolve(config, split)
    run = RunFolder(folder)
    run.open(config)
    model = Says(text)
    store = ResponseStore(run.responses, model.card.model_dump(mode="json"), model_identity(model.card))
    asks = asks_of(plan.protocol, split, split.questions, True)
    answer(model, asks, store)
    Asked.of(split, asks, store).write(run.asked)
    score_stage.run(run, plan)
    return report_stage.run(run, plan).read_text("utf-8")


def test_the_page_shows_what_was_measured(small_run: Path) -> None:
    page = Page((small_run / "report.html").read_text("utf-8"))
    assert page.open == []
    for words in (
        "guesser on mirb-procedural",
        "Accuracy, macro",
        "Accuracy, micro",
        "Above chance",
        "If all of these",
        "Best constant",
        "These columns are not results of those protocols",
        "lmms-eval",
        "Before you quote a number",
        "answered alike in a batch and one by one",
        "mirb eval --vlm guesser --split mirb-procedural --protocol v2",
    ):
        assert words in page.text.replace("\u202f", " "), words
    for task in ("food", "count", "analogy", "visual_chain"):
        assert task in page.text
    shown = [attributes for _, attributes in page.tags if "data-item" in attributes]
    assert len(shown) == 16 and {each["data-outcome"] for each in shown} <= {"correct", "wrong", "unparsed"}
    assert {each["data-filter"] for tag, each in page.tags if tag == "select"} == {"task", "outcome", "state"}


def test_nothing_is_fetched_and_only_the_shell_runs(small_run: Path) -> None:
    page = Page((small_run / "report.html").read_text("utf-8"))
    for tag, attributes in page.tags:
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?:https?:)?//", value), (tag, value)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert str(small_run) not in (small_run / "report.html").read_text("utf-8")


def test_answers_and_questions_are_escaped(tmp_path: Path) -> None:
    text = written(tmp_path / "run", EVIL, EVIL)
    page = Page(text)
    assert page.open == [] and EVIL in page.text
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any(attributes.get("src") == "x" for _, attributes in page.tags)


def test_the_trace_says_how_an_answer_was_read(tmp_path: Path) -> None:
    text = Page(written(tmp_path / "run", "<think>hm</think>**The answer is B**")).text
    assert "thinking block removed; markup removed; cut off at the token cap; stated letter" in text
    assert "neither yes nor no" in text and "no number" in text


def test_the_same_run_gives_the_same_page(small_run: Path) -> None:
    before = (small_run / "report.html").read_bytes()
    run = RunFolder(small_run)
    from mirb.report import write_report

    plan = resolve(run.config())
    write_report(run, plan)
    first = (small_run / "report.html").read_bytes()
    write_report(run, plan)
    assert (small_run / "report.html").read_bytes() == first
    assert len(before) == pytest.approx(len(first), rel=0.01)


def test_failures_come_first_and_right_answers_are_never_missing() -> None:
    asked = [question("food", "B", id=f"q{n}") for n in range(60)]
    verdicts = {each.id: Verdict("correct" if n < 20 else "wrong", "B", "r") for n, each in enumerate(asked)}
    chosen = browser.choose(asked, verdicts)
    outcomes = [verdicts[each.id].outcome for each in chosen]
    assert outcomes == ["wrong"] * (browser.PER_TASK - browser.CORRECT) + ["correct"] * browser.CORRECT
    assert chosen == browser.choose(asked, verdicts)
    right = {each.id: Verdict("correct", "B", "r") for each in asked}
    assert len(browser.choose(asked, right)) == browser.PER_TASK


def test_images_are_small_and_the_page_has_a_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (900, 600, 3), dtype=np.uint8)
    path = tmp_path / "thumbnail"
    path.write_bytes(thumbnail(noise))
    assert max(Image.open(path).size) == SIDE and len(thumbnail(noise)) < 60_000
    assert thumbnail(np.zeros((50, 50, 3), np.uint8)).startswith(b"\x89PNG")
    monkeypatch.setattr(browser, "BUDGET", 400)
    page = written(tmp_path / "run", "B")
    assert 0 < page.count("data:image/png") < 12 and "2 images" in page
