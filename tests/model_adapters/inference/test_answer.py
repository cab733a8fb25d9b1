"""The answering engine: nothing it does about batches, memory, errors or kills changes an answer."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from fake_vlms import CARD, Echo, Streaming, asks

from data_splits.errors import ImageUnreadable, UserError
from model_adapters.inference.answer import answer
from model_adapters.inference.ask import Ask, ImageRef
from model_adapters.inference.response_store import ResponseStore, model_identity


def store_in(folder: Path) -> ResponseStore:
    return ResponseStore(folder, CARD.model_dump(mode="json"), model_identity(CARD))


def test_any_batch_size_and_order_give_the_same_answers(tmp_path: Path) -> None:
    made = asks(17)
    hashes = set()
    for number, (size, order) in enumerate([(1, 1), (3, -1), (8, 1), (50, -1)]):
        store = store_in(tmp_path / str(number))
        report = answer(Echo(), made[::order], store, batch_size=size)
        assert report.counts == {"ok": 17} and report.answered == 17 and not report.failed
        hashes.add(store.responses_hash(made))
    assert len(hashes) == 1


def test_the_largest_questions_come_first(tmp_path: Path) -> None:
    model = Echo()
    answer(model, asks(9), store_in(tmp_path), batch_size=4, self_check=0)
    images = [1 + int(name[2:]) % 3 for name in model.asked]
    assert images == sorted(images, reverse=True)


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    made = asks(6)
    answer(Echo(), made, store_in(tmp_path))
    model = Echo()
    report = answer(model, made, store_in(tmp_path))
    assert report.skipped == 6 and report.answered == 0 and model.batches == []


def test_out_of_memory_halves_for_good(tmp_path: Path) -> None:
    made = asks(16)
    model = Echo(fits=3)
    report = answer(model, made, store_in(tmp_path), batch_size=8, self_check=0)
    assert report.batch_size == 2 and report.counts == {"ok": 16}
    assert model.batches[:3] == [8, 4, 2]
    later = Echo(fits=3)
    answer(later, asks(20), store_in(tmp_path), batch_size=8, self_check=0)
    assert max(later.batches) == 2


def test_a_question_too_large_for_memory_is_listed_and_the_others_are_answered(tmp_path: Path) -> None:
    model = Echo()
    model.errors["q-002"] = [RuntimeError("CUDA out of memory")] * 20
    report = answer(model, asks(8), store_in(tmp_path), batch_size=4)
    assert report.failed == {"q-002": "out of memory"} and report.counts == {"ok": 7}
    with pytest.raises(UserError, match=r"1 question\(s\) have no answer: q-002 \(out of memory\)"):
        report.require()
    report.require(1)


def test_a_passing_error_is_tried_again_and_never_stored(tmp_path: Path) -> None:
    model = Echo()
    model.errors["q-003"] = [ConnectionError("reset"), ConnectionError("reset")]
    report = answer(model, asks(8), store_in(tmp_path), batch_size=4, self_check=0)
    assert report.counts == {"ok": 8} and not report.failed


def test_a_lasting_error_leaves_no_answer_and_the_next_run_asks_only_that(tmp_path: Path) -> None:
    model = Echo()
    model.errors["q-003"] = [TimeoutError()] * 50
    store = store_in(tmp_path)
    report = answer(model, asks(8), store, batch_size=1)
    assert report.failed == {"q-003": "TimeoutError"}
    assert "Error" not in (tmp_path / "responses.jsonl").read_text()
    healthy = Echo()
    assert answer(healthy, asks(8), store_in(tmp_path), batch_size=1).counts == {"ok": 8}
    assert healthy.asked == ["q-003"]


def test_a_broken_machine_raises_its_error(tmp_path: Path) -> None:
    model = Echo()
    model.errors = {f"q-{number:03}": [ZeroDivisionError()] * 50 for number in range(40)}
    with pytest.raises(ZeroDivisionError):
        answer(model, asks(40), store_in(tmp_path), self_check=0)
    assert store_in(tmp_path).rows == {}


def test_a_refusal_is_an_outcome_of_its_question_alone(tmp_path: Path) -> None:
    model = Echo()
    model.refuses = {"q-001", "q-004"}
    store = store_in(tmp_path)
    report = answer(model, asks(8), store, batch_size=4, self_check=0)
    assert report.counts == {"ok": 6, "refused": 2} and not report.failed
    assert {row.case_id for row in store.rows.values() if row.status == "refused"} == model.refuses
    again = Echo()
    answer(again, asks(8), store_in(tmp_path), batch_size=4)
    assert again.batches == [], "a refusal is not asked again"


def test_the_check_says_when_batches_change_answers_and_asks_one_by_one(tmp_path: Path) -> None:
    said: list[str] = []
    made = asks(12)
    broken = store_in(tmp_path / "broken")
    model = Echo(batch_bug=True)
    report = answer(model, made, broken, batch_size=4, say=said.append)
    assert report.check is not None and not report.check.agree and report.batch_size == 1
    assert "asked alone" in said[0]
    single = store_in(tmp_path / "single")
    answer(Echo(), made, single, batch_size=1)
    assert broken.responses_hash(made) == single.responses_hash(made)


def test_the_check_says_when_batches_do_not_matter(tmp_path: Path) -> None:
    said: list[str] = []
    report = answer(Echo(), asks(12, ("A", "B")), store_in(tmp_path), batch_size=4, say=said.append)
    assert report.check is not None and report.check.agree and report.check.largest_logit_gap == 0
    assert said == ["batch check: 4 questions answered alike in a batch and one by one"]


def test_refused_questions_are_left_out_of_the_check(tmp_path: Path) -> None:
    said: list[str] = []
    model = Echo()
    model.refuses = {"q-011", "q-002"}  # the largest, which is always among those compared, and another
    report = answer(model, asks(12), store_in(tmp_path / "a"), batch_size=4, say=said.append)
    assert report.check is not None and report.check.compared == 3
    assert report.counts == {"ok": 10, "refused": 2}
    model.refuses = {f"q-{number:03}" for number in range(12)}
    assert answer(model, asks(12), store_in(tmp_path / "b"), batch_size=4, say=said.append).check is None
    assert "left out" in said[-1]


def test_a_check_that_does_not_fit_into_memory_is_left_out(tmp_path: Path) -> None:
    said: list[str] = []
    report = answer(Echo(fits=1), asks(6), store_in(tmp_path), batch_size=4, say=said.append)
    assert report.check is None and report.counts == {"ok": 6} and "do not fit into memory" in said[0]


def test_a_stopped_run_ends_with_the_same_store(tmp_path: Path) -> None:
    made = asks(20)
    answer(Echo(), made, store_in(tmp_path / "whole"), batch_size=4)
    expected = (tmp_path / "whole" / "responses.jsonl").read_bytes()
    for lines in range(1, 20, 3):
        folder = tmp_path / f"cut-{lines}"
        store_in(folder)
        (folder / "batch_check.json").write_bytes((tmp_path / "whole" / "batch_check.json").read_bytes())
        (folder / "responses.jsonl").write_bytes(b"".join(expected.splitlines(keepends=True)[:lines])[:-1])
        answer(Echo(), made, store_in(folder), batch_size=4)
        assert store_in(folder).responses_hash(made) == store_in(tmp_path / "whole").responses_hash(made)


def test_an_unreadable_image_is_listed_and_never_asked(tmp_path: Path) -> None:
    def unreadable() -> None:
        raise ImageUnreadable("broken")

    made = [*asks(5), Ask("bad", "count", (ImageRef("0" * 64, unreadable), "?"))]  # type: ignore[arg-type]
    report = answer(Echo(), made, store_in(tmp_path), batch_size=2)
    assert report.failed == {"bad": "ImageUnreadable"} and report.counts == {"ok": 5}


def test_streamed_answers_find_their_questions(tmp_path: Path) -> None:
    made = asks(29)
    stream, batch = store_in(tmp_path / "stream"), store_in(tmp_path / "batch")
    model = Streaming()
    model.refuses = {"q-005"}
    model.errors["q-007"] = [TimeoutError()]
    report = answer(model, made, stream)
    assert report.counts == {"ok": 27, "refused": 1} and report.failed == {"q-007": "TimeoutError"}
    assert answer(model, made, store_in(tmp_path / "stream")).counts == {"ok": 28, "refused": 1}
    assert len(model.asked) == 28, "no question is asked twice"
    answer(Echo(), made, batch)
    for ask in made:
        if ask.case_id != "q-005":
            assert store_in(tmp_path / "stream").get(ask).text == batch.get(ask).text  # type: ignore[union-attr]


def test_a_service_that_is_down_stops_the_run_and_keeps_what_was_answered(tmp_path: Path) -> None:
    model = Streaming()
    model.errors = {f"q-{number:03}": [TimeoutError()] * 9 for number in range(40)}
    with pytest.raises(UserError, match=r"6 requests in a row failed \(TimeoutError\)"):
        answer(model, asks(60), store_in(tmp_path))
    stored = store_in(tmp_path).rows
    assert stored and all(int(row.case_id[2:]) >= 40 for row in stored.values())


def test_two_processes_may_not_write_at_once(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with store.locked(), pytest.raises(UserError, match="Another process"):
        answer(Echo(), asks(2), store_in(tmp_path))


def test_logs_name_questions_and_errors_but_quote_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = Echo()
    model.errors["q-001"] = [ValueError("SECRET PROMPT")] * 9
    with caplog.at_level(logging.DEBUG):
        answer(model, asks(3), store_in(tmp_path), batch_size=1)
    assert "q-001" in caplog.text and "SECRET" not in caplog.text
