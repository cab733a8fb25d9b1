"""Text features are computed once, come back in order, and leave no text behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_splits.integrity import sha256_bytes
from model_adapters.card import ModelCard
from model_adapters.inference.text_features import CHUNK, text_features, text_hash, text_store


class Counting:
    """A text encoder that notes what it is asked."""

    name, dim, fingerprint = "counting", 3, "ab" * 32
    card = ModelCard(name="counting", kind="encoder", source="test", licence="none")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), text.count("e"), 1] for text in texts], np.float32)


def test_each_text_once_ever_and_in_order(tmp_path: Path) -> None:
    encoder = Counting()
    texts = ["effusion", "no finding", "effusion", "edema"]
    features = text_features(texts, encoder, text_store(encoder, tmp_path))
    np.testing.assert_array_equal(features, encoder.encode_text(texts))
    assert encoder.asked[:3] == ["effusion", "no finding", "edema"]
    again = Counting()
    np.testing.assert_array_equal(text_features(texts[::-1], again, text_store(again, tmp_path)), features[::-1])
    assert again.asked == []
    np.testing.assert_array_equal(
        text_features([*texts, "new"], again, text_store(again, tmp_path))[-1], encoder.encode_text(["new"])[0]
    )
    assert again.asked == ["new"]


def test_the_store_holds_hashes_and_no_text(tmp_path: Path) -> None:
    encoder = Counting()
    prompt = "A very recognisable sentence about a patient."
    text_features([prompt], encoder, text_store(encoder, tmp_path))
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert bytes.fromhex(text_hash(prompt)) in stored
    assert b"recognisable" not in stored
    assert text_hash(prompt) == sha256_bytes(prompt.encode())


def test_more_than_one_chunk(tmp_path: Path) -> None:
    encoder = Counting()
    texts = ["e" * (row % 50) + str(row) for row in range(2 * CHUNK + 3)]
    features = text_features(texts, encoder, text_store(encoder, tmp_path))
    np.testing.assert_array_equal(features, Counting().encode_text(texts))
