"""Stage: the projector learns to see, with linear heads in the place of the language model (ten times cheaper).

Two losses: a head answers the questions out of a closed list per task, and another reads from an image's second
token what the generator's evidence says of that image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from model_adapters.vlms.embedded_network import Guess
from model_adapters.vlms.embedded_training.items import Item
from model_adapters.vlms.embedded_training.mixing import variants
from model_adapters.vlms.smollm2 import WIDTH

MOST_ANSWERS = 60


class Lists:
    """Closed lists: task -> answers, and target -> values, numbered over all of them."""

    def __init__(self, items: Sequence[Item]) -> None:
        answers: dict[str, set[str]] = {}
        targets: dict[str, set[str]] = {}
        for each in (variant for item in items for variant in variants(item)):
            answers.setdefault(each.task, set()).add(each.answer)
            for image in each.targets:
                for name, value in image.items():
                    targets.setdefault(name, {"True", "False"} if name.endswith(".agrees") else set()).add(value)
        self.answers = {task: sorted(found) for task, found in sorted(answers.items()) if len(found) <= MOST_ANSWERS}
        self.targets = {name: sorted(found) for name, found in sorted(targets.items())}
        self.starts: dict[str, tuple[int, int]] = {}
        at = 0
        for name, values in [*self.answers.items(), *self.targets.items()]:
            self.starts[name] = (at, at + len(values))
            at += len(values)
        self.size = at


class Reader(nn.Module):
    """Linear heads on the tokens that SmolLM2 sees: the first of an image tells the answer, the second the image."""

    def __init__(self, lists: Lists, scale: float) -> None:
        super().__init__()
        self.lists, self.gain = lists, 1 / scale
        self.answer, self.image = nn.Linear(WIDTH, lists.size), nn.Linear(WIDTH, lists.size)

    def forward(self, tokens: Tensor, counts: Sequence[int]) -> tuple[Tensor, Tensor]:
        """float [images, 2, 576] -> answers float [questions, size] (mean over images), float [images, size]."""
        told = self.answer(tokens[:, 0] * self.gain)
        answers = torch.stack([part.mean(0) for part in told.split(list(counts))])
        return answers, self.image(tokens[:, 1] * self.gain)


def guess_of(reader: Reader) -> Guess:
    """The part of the reader that ships: its head for answers."""
    guess = Guess(reader.lists.answers, reader.gain)
    rows = len(guess.head.bias)  # answers come first in the lists
    with torch.no_grad():
        guess.head.weight.copy_(reader.answer.weight[:rows])
        guess.head.bias.copy_(reader.answer.bias[:rows])
    return guess.eval()


def reader_loss(reader: Reader, tokens: Tensor, items: Sequence[Item]) -> tuple[Tensor, dict[str, float]]:
    """Mean cross-entropy of the answers plus that of what is said of single images."""
    lists = reader.lists
    answers, images = reader(tokens, [len(each.images) for each in items])
    parts: list[Tensor] = []
    right = 0
    for q, each in enumerate(items):
        if each.task in lists.answers:
            a, b = lists.starts[each.task]
            gold = torch.tensor(lists.answers[each.task].index(each.answer))
            parts.append(functional.cross_entropy(answers[q, a:b], gold))
            right += int(answers[q, a:b].argmax() == gold)
    heads = _heads_loss(lists, images, _targets(items))
    answer = torch.stack(parts).mean() if parts else images.sum() * 0
    figures = {"answer": float(answer.detach()), "heads": float(heads.detach()), "right": right / max(1, len(parts))}
    return answer + heads, figures


def _targets(items: Sequence[Item]) -> list[dict[str, str]]:
    return [target for each in items for target in each.targets]


def _heads_loss(lists: Lists, said: Tensor, targets: Sequence[Mapping[str, str]]) -> Tensor:
    wanted: dict[str, tuple[list[int], list[int]]] = {}
    for row, target in enumerate(targets):
        for name, value in target.items():
            rows, golds = wanted.setdefault(name, ([], []))
            rows.append(row)
            golds.append(lists.targets[name].index(value))
    parts: dict[str, list[Tensor]] = {}
    for name, (rows, golds) in sorted(wanted.items()):
        a, b = lists.starts[name]
        loss = functional.cross_entropy(said[rows][:, a:b], torch.tensor(golds))
        # nine of ten are True: without a weight the tenth would hardly be heard
        parts.setdefault(name.split("/")[0], []).append(loss * (4.0 if name.endswith(".agrees") else 1.0))
    # a task with many targets weighs no more than one with a single target
    return torch.stack([torch.stack(each).mean() for each in parts.values()]).mean() if parts else said.sum() * 0
