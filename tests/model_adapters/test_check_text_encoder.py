"""The check finds each fault that is planted in a text encoder that is sound otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from model_adapters.card import ModelCard
from model_adapters.check_text_encoder import check_text_encoder

TEXTS = ["no acute findings", "large right pleural effusion", "cardiomegaly"]


class Hashed:
    """The bytes of a text's hash: a function of the text alone."""

    name, dim, fingerprint = "hashed", 8, "0" * 64
    card = ModelCard(name="hashed", kind="encoder", source="made up", licence="CC0")

    def row(self, text: str) -> np.ndarray:
        return np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8).astype(np.float32)

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.row(text) for text in texts]) if texts else np.zeros((0, self.dim), np.float32)


def failures(change: Callable[[type], None] = lambda kind: None) -> list[str]:
    kind = type("Planted", (Hashed,), {})
    change(kind)
    return [each.name for each in check_text_encoder(kind(), TEXTS) if each.passed is False]


def test_a_sound_encoder_passes() -> None:
    assert failures() == []


def wrong_card(kind) -> None:
    kind.card = Hashed.card.model_copy(update={"kind": "vlm"})


def doubles(kind) -> None:
    kind.encode_text = lambda self, texts: Hashed.encode_text(self, texts).astype(np.float64)


def random(kind) -> None:
    kind.row = lambda self, text: Hashed.row(self, text) + np.float32(np.random.random())  # noqa: NPY002


def centred(kind) -> None:
    def encode_text(self, texts):
        found = Hashed.encode_text(self, texts)
        return found - found.mean(axis=0, keepdims=True) if len(found) > 1 else found

    kind.encode_text = encode_text


def deaf(kind) -> None:
    kind.row = lambda self, text: np.ones(8, np.float32)


def short(kind) -> None:
    def row(self, text):
        if len(text) > 500:
            raise IndexError("index out of range in self")
        return Hashed.row(self, text)

    kind.row = row


def voiceless(kind) -> None:
    kind.row = lambda self, text: Hashed.row(self, text) if text else np.full(8, np.nan, np.float32)


def anonymous(kind) -> None:
    kind.fingerprint = "hashed-1"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (wrong_card, "it has a model card of its kind"),
        (doubles, "features are finite float32[n, d]"),
        (random, "the same text gives the same feature"),
        (centred, "a feature does not depend on its company"),
        (deaf, "different texts have different features"),
        (short, "a text longer than it reads has a feature"),
        (voiceless, "an empty text has a feature"),
        (anonymous, "the fingerprint is a sha256"),
    ],
)
def test_a_planted_fault_is_found(change, name: str) -> None:
    assert name in failures(change)
