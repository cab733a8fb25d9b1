"""Sequences of the embedded VLM: prompt and right answer, and only the answer counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from model_adapters.methods.mobilequant.questions import FIRST_SEED, TASKS, read_questions
from model_adapters.methods.mobilequant.texts import IGNORED
from model_adapters.vlms import smollm2

WIDTH = 6


class FakeVlm:
    """Prompts of three rows; an answer is its characters and an end."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def prompt(self, request: Any) -> torch.Tensor:
        self.asked.append(request.task)
        return torch.full((3, WIDTH), 0.5)

    def answer_ids(self, answer: str) -> list[int]:
        return [*(10 + ord(letter) % 10 for letter in answer), smollm2.EOS]


def test_tasks_in_turn_and_answers_alone_count() -> None:
    vlm = FakeVlm()
    table = torch.nn.Embedding(30, WIDTH)
    source: Any = SimpleNamespace(model=SimpleNamespace(model=SimpleNamespace(embed_tokens=table)), vlm=vlm)
    data = read_questions(source, 6, 5, 0)
    assert vlm.asked == [*TASKS, TASKS[0], *TASKS]
    assert (len(data.calibration), len(data.held_out)) == (6, 5)
    for item in data.calibration:
        answer = item.targets[2:]
        assert item.targets[:2].tolist() == [IGNORED, IGNORED]
        assert answer[-1] == smollm2.EOS
        assert item.embeds.shape == (1, 3 + len(answer) - 1, WIDTH)
        assert torch.equal(item.embeds[0, 3:], table(answer[:-1]).detach())
    other = read_questions(source, 6, 5, 1)
    assert data.facts[0]["hash"] != other.facts[0]["hash"]
    assert FIRST_SEED > 100_000
