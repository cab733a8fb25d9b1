"""Stage: the projector learns to see, with a small reader in the place of the language model (thirty times cheaper).

Two losses: the reader answers the questions out of a closed list per task, and linear heads read from an image's last
token what the generator's evidence says of that image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from model_adapters.vlms.embedded_network import TOKENS, Projector
from model_adapters.vlms.embedded_training.batches import Batch
from model_adapters.vlms.embedded_training.items import Item
from model_adapters.vlms.smollm2 import WIDTH

MOST_IMAGES, MOST_ANSWERS = 48, 60


class Lists:
    """Closed lists: task -> answers, and target -> values, numbered over all of them."""

    def __init__(self, items: Sequence[Item]) -> None:
        answers: dict[str, set[str]] = {}
        targets: dict[str, set[str]] = {}
        for each in items:
            answers.setdefault(each.task, set()).add(each.answer)
            for image in each.targets:
                for name, value in image.items():
                    targets.setdefault(name, set()).add(value)
        self.answers = {task: sorted(found) for task, found in sorted(answers.items()) if len(found) <= MOST_ANSWERS}
        self.targets = {name: sorted(found) for name, found in sorted(targets.items())}
        self.starts: dict[str, tuple[int, int]] = {}
        at = 0
        for name, values in [*self.answers.items(), *self.targets.items()]:
            self.starts[name] = (at, at + len(values))
            at += len(values)
        self.size = at


class Reader(nn.Module):
    """A small transformer over all image tokens of a question and its words."""

    def __init__(self, lists: Lists, width: int, layers: int) -> None:
        super().__init__()
        self.lists = lists
        self.see, self.read = nn.Linear(WIDTH, width), nn.Linear(WIDTH, width)
        self.which = nn.Parameter(torch.randn(MOST_IMAGES, width) * 0.1)
        self.part = nn.Parameter(torch.randn(TOKENS, width) * 0.1)
        self.place = nn.Parameter(torch.randn(512, width) * 0.02)
        self.ask = nn.Parameter(torch.randn(1, width) * 0.1)
        layer = nn.TransformerEncoderLayer(width, 6, 3 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.answer = nn.Linear(width, lists.size)
        self.heads = nn.Linear(WIDTH, lists.size)
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, tokens: Tensor, batch: Batch) -> Tensor:
        """Image tokens float [images, 5, 576] -> float [questions, all answers]."""
        seen = self.see(tokens * self.scale)
        rows = []
        for q in range(len(batch.items)):
            images = seen[batch.of == q] + self.part
            images = (images + self.which[: len(images), None]).flatten(0, 1)
            length = min(512, int(batch.known[q].sum()))
            words = self.read(batch.words[q, :length] * self.scale) + self.place[:length]
            rows.append(torch.cat([self.ask, images, words]))
        x = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        padding = torch.arange(x.shape[1]) >= torch.tensor([len(row) for row in rows])[:, None]
        x = self.layers(x, src_key_padding_mask=padding)[:, 0]
        logits: Tensor = self.answer(self.norm(x))
        return logits


def losses(projector: Projector, reader: Reader, batch: Batch) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Image tokens, loss, and figures."""
    tokens = projector(batch.fine, batch.coarse, batch.words, batch.known, batch.of)
    loss, figures = reader_loss(reader, tokens, batch)
    return tokens, loss, figures


def reader_loss(reader: Reader, tokens: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Mean cross-entropy of the answers plus that of what is said of single images."""
    lists = reader.lists
    logits = reader(tokens, batch)
    answers: list[Tensor] = []
    right = 0
    for q, each in enumerate(batch.items):
        if each.task in lists.answers:
            a, b = lists.starts[each.task]
            gold = torch.tensor(lists.answers[each.task].index(each.answer))
            answers.append(functional.cross_entropy(logits[q, a:b], gold))
            right += int(logits[q, a:b].argmax() == gold)
    said = reader.heads(tokens[:, -1] * reader.scale)
    targets = [target for each in batch.items for target in each.targets]
    heads = _heads_loss(lists, said, targets)
    answer = torch.stack(answers).mean() if answers else said.sum() * 0
    return answer + heads, {
        "answer": float(answer.detach()),
        "heads": float(heads.detach()),
        "right": right / max(1, len(answers)),
    }


def _heads_loss(lists: Lists, said: Tensor, targets: Sequence[Mapping[str, str]]) -> Tensor:
    wanted: dict[str, tuple[list[int], list[int]]] = {}
    for row, target in enumerate(targets):
        for name, value in target.items():
            rows, golds = wanted.setdefault(name, ([], []))
            rows.append(row)
            golds.append(lists.targets[name].index(value))
    parts = []
    for name, (rows, golds) in sorted(wanted.items()):
        a, b = lists.starts[name]
        parts.append(functional.cross_entropy(said[rows][:, a:b], torch.tensor(golds)))
    return torch.stack(parts).mean() if parts else said.sum() * 0
