"""Answers on disk: keyed by how they were elicited, whole after any crash, never holding an error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_vlms import CARD, asks

from data_splits.errors import UserError
from model_adapters.inference.ask import Ask, ImageRef
from model_adapters.inference.response_store import ResponseStore, model_identity
from model_adapters.protocols import AnswerRequest, Response


def store_in(folder: Path, **further: object) -> ResponseStore:
    return ResponseStore(folder, CARD.model_dump(mode="json"), model_identity(CARD, **further))


def test_an_answer_comes_back_as_it_went_in(tmp_path: Path) -> None:
    text, letters = asks(1)[0], replace(asks(2)[1], letters=("A", "B"))
    store = store_in(tmp_path)
    store.append(
        [
            store.row(text, Response("three\n", truncated=True, tokens_in=7, tokens_out=16)),
            store.row(letters, Response("", {"A": -1.5, "B": 0.25})),
            store.refusal(asks(3)[2], "AnswerRefused"),
        ]
    )
    again = store_in(tmp_path)
    assert again.rows == store.rows
    row = again.get(text)
    assert row is not None and (row.text, row.truncated, row.tokens_in) == ("three\n", True, 7)
    assert again.get(letters).letter == "B" and again.get(asks(3)[2]).status == "refused"  # type: ignore[union-attr]
    assert ResponseStore.reopen(tmp_path).rows == store.rows


@pytest.mark.parametrize(
    "change",
    [
        {"max_new_tokens": 17},
        {"letters": ("A", "B")},
        {"parts": ("Look: ", ImageRef.of(np.full((4, 4, 3), 1, np.uint8)), "\nQuestion 0?")},
        {"parts": (ImageRef.of(np.zeros((4, 4, 3), np.uint8)), "Look: ", "\nQuestion 0?")},
        {"parts": ("Look: ", ImageRef.of(np.zeros((4, 4, 3), np.uint8)), "\nQuestion 0? ")},
        {"case_id": "other"},
    ],
)
def test_whatever_changes_the_question_changes_the_key(change: dict[str, object], tmp_path: Path) -> None:
    ask, store = asks(1)[0], store_in(tmp_path)
    store.append([store.row(ask, Response("x"))])
    assert store.get(replace(ask, **change)) is None  # type: ignore[arg-type]
    assert store.get(asks(1)[0]) is not None, "equal questions have equal keys"


def test_a_request_with_pixels_has_the_key_of_its_ask() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    request = AnswerRequest("q-000", "count", ("Look: ", pixels, "\nQuestion 0?"), (), 16)
    assert Ask.of(request).key("model") == asks(1)[0].key("model")


def test_another_model_is_another_key_and_may_not_use_the_folder(tmp_path: Path) -> None:
    ask, store = asks(1)[0], store_in(tmp_path)
    assert ask.key("a") != ask.key("b")
    with pytest.raises(UserError, match=r"another run \(differing: identity.dtype\)"):
        store_in(tmp_path, dtype="float16")
    assert store_in(tmp_path).identity == store.identity


def test_a_torn_last_line_is_dropped_and_written_again(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for ask in asks(3):
        store.append([store.row(ask, Response("x" * 50))])
    log = tmp_path / "responses.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])
    torn = store_in(tmp_path)
    assert len(torn.rows) == 2
    torn.append([torn.row(asks(3)[2], Response("x" * 50))])
    assert log.read_bytes() == whole


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for ask in asks(3):
        store.append([store.row(ask, Response("x"))])
    log = tmp_path / "responses.jsonl"
    lines = log.read_text().splitlines()
    log.write_text("\n".join([lines[0], lines[1][:-9], lines[2]]) + "\n")
    with pytest.raises(UserError, match="Line 2"):
        store_in(tmp_path)


def test_the_first_answer_counts(tmp_path: Path) -> None:
    ask, store = asks(1)[0], store_in(tmp_path)
    store.append([store.row(ask, Response("first"))])
    store.append([store.row(ask, Response("second"))])
    assert store.get(ask).text == "first"  # type: ignore[union-attr]
    assert (tmp_path / "responses.jsonl").read_bytes().count(b"\n") == 1


def test_the_hash_ignores_order_and_last_digits_but_no_answer(tmp_path: Path) -> None:
    made = asks(4, ("A", "B"))
    one, other, third = (store_in(tmp_path / name) for name in "abc")
    one.append(one.row(ask, Response("", {"A": 1.0, "B": 2.0})) for ask in made)
    other.append(other.row(ask, Response("", {"A": 1.0, "B": 2.0000001})) for ask in reversed(made))
    third.append(third.row(ask, Response("", {"A": 3.0, "B": 2.0})) for ask in made)
    assert one.responses_hash(made) == other.responses_hash(made) != third.responses_hash(made)
    assert one.responses_hash(made[:3]) != one.responses_hash(made)


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    ask, store = asks(1, ("A",))[0], store_in(tmp_path)
    with pytest.raises(ValueError):
        store.append([store.row(ask, Response("", {"A": float("nan")}))])
    assert store_in(tmp_path).rows == {}
