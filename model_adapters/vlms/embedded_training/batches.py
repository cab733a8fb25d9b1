"""From items to tensors: a batch of questions with the features of their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from model_adapters.vlms.embedded_network import SUFFIX
from model_adapters.vlms.embedded_training.items import Item, Items


@dataclass(frozen=True)
class Batch:
    """Some questions.

    Attributes:
        items: the questions.
        fine, coarse: features of all their images, one question's after another's.
        of: int64 [images], which question an image belongs to.
        words, known: embeddings float [q, length, 576] of the question's tokens, bool [q, length].
    """

    items: Sequence[Item]
    fine: Tensor
    coarse: Tensor
    of: Tensor
    words: Tensor
    known: Tensor


class Batches:
    """Draws questions by the shares of their tasks."""

    def __init__(self, data: Items, shares: Mapping[str, float], tokenizer: Any, table: Tensor) -> None:
        self.data, self.tokenizer, self.table = data, tokenizer, table
        self.by_task: dict[str, list[Item]] = {}
        for each in data.items:
            self.by_task.setdefault(each.task, []).append(each)
        self.tasks = sorted(self.by_task)
        self.weights = torch.tensor([shares[task] for task in self.tasks])
        self._ids: dict[str, list[int]] = {}

    def draw(self, n: int, rng: torch.Generator) -> list[Item]:
        """n questions."""
        picked = []
        for task in torch.multinomial(self.weights, n, replacement=True, generator=rng).tolist():
            pool = self.by_task[self.tasks[task]]
            picked.append(pool[int(torch.randint(len(pool), (1,), generator=rng))])
        return picked

    def batch(self, items: Sequence[Item]) -> Batch:
        """Their tensors."""
        fine, coarse = self.data.features([image for each in items for image in each.images])
        of = torch.repeat_interleave(torch.tensor([len(each.images) for each in items]))
        words, known = padded([self.table[self.ids(each.texts[-1])] for each in items])
        return Batch(items, torch.from_numpy(fine), torch.from_numpy(coarse), of, words, known)

    def ids(self, text: str) -> list[int]:
        """Token ids of a text part."""
        if text not in self._ids:
            self._ids[text] = self.tokenizer.encode(text).ids
        return self._ids[text]


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """float [length, w] each -> float [n, longest, w], bool [n, longest]."""
    stacked = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    known = torch.arange(stacked.shape[1]) < torch.tensor([len(row) for row in rows])[:, None]
    return stacked, known


def with_suffix(texts: Sequence[str]) -> list[str]:
    """The text parts of a prompt with what the adapter puts after the last."""
    return [*texts[:-1], texts[-1] + SUFFIX]
