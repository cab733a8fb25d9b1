"""From items to tensors: a batch of questions with the features of their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from model_adapters.vlms.embedded_network import Asked
from model_adapters.vlms.embedded_training.items import Item, Items
from model_adapters.vlms.embedded_training.mixing import Mixer


class Batches:
    """Draws questions by the shares of their tasks."""

    def __init__(self, data: Items, shares: Mapping[str, float], tokenizer: Any, table: Tensor) -> None:
        self.data, self.tokenizer, self.table = data, tokenizer, table
        self.gain = 1 / float(table.std())
        self.by_task: dict[str, list[Item]] = {}
        for each in data.items:
            self.by_task.setdefault(each.task, []).append(each)
        self.tasks = sorted(self.by_task)
        self.weights = torch.tensor([shares.get(task, 0.0) for task in self.tasks])
        self._ids: dict[str, list[int]] = {}

    def draw(self, n: int, rng: torch.Generator) -> list[Item]:
        """n questions."""
        picked = []
        for task in torch.multinomial(self.weights, n, replacement=True, generator=rng).tolist():
            pool = self.by_task[self.tasks[task]]
            picked.append(pool[int(torch.randint(len(pool), (1,), generator=rng))])
        return picked

    def draw_mixed(self, mixer: Mixer, n: int, rng: torch.Generator) -> list[Item]:
        """n questions, some of them put together anew."""
        return [mixer(each, rng) for each in self.draw(n, rng)]

    def asked(self, items: Sequence[Item]) -> Asked:
        """Their tensors."""
        fine, coarse = self.data.features([image for each in items for image in each.images])
        words = [self.table[self.ids(each.texts[-1])] for each in items]
        counts = [len(each.images) for each in items]
        return Asked(torch.from_numpy(fine), torch.from_numpy(coarse), counts, words)

    def words(self, text: str) -> Tensor:
        """Embeddings float [length, 576] of a text, of unit deviation."""
        return self.table[self.ids(text)] * self.gain

    def pieces(self, text: str) -> list[str]:
        """The tokens of a text as text."""
        return [self.tokenizer.decode([each]) for each in self.ids(text)]

    def ids(self, text: str) -> list[int]:
        """Token ids of a text part."""
        if text not in self._ids:
            self._ids[text] = self.tokenizer.encode(text).ids
        return self._ids[text]
