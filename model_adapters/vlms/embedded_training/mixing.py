"""New training questions out of old images: the generator's evidence says what answer a new combination has.

Order-free images are shuffled; for half of the draws of three tasks, images of several questions are put together.
Answers stay exact: counts add up, four images share a value or one differs, two pairs differ by the same steps or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import torch

from model_adapters.vlms.embedded_training.items import Item

ORDER_FREE = ("count", "attribute", "3d_scene", "visual_chain")
TURNS = ((0, 1, 2, 3), (2, 3, 0, 1), (1, 0, 3, 2), (3, 2, 1, 0))
"""Orders of the images of an analogy that leave its answer as it is."""

_CYCLES = {"analogy/turn": 4, "analogy/fill": 2, "analogy/night": 2}
_FACTORS = ("analogy/turn", "analogy/number", "analogy/size", "analogy/fill", "analogy/night")
MOST_ALIKE = 6
"""Kinds of steps with fewer pairs are not mixed: two equal ones would hardly ever be drawn, and the kind alone tell."""
Half = tuple[tuple[int, int], tuple[dict[str, str], dict[str, str]]]
"""Images and targets of one pair of an analogy."""


class Mixer:
    """Draws a question from a pool, as it is or put together anew.

    Args:
        items: all training questions.
        share: of the draws that are put together, where the task allows it.
    """

    def __init__(self, items: Sequence[Item], share: float = 0.5) -> None:
        self.share = share
        self._most: dict[int, int] = {}
        self._counted: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self._valued: dict[str, dict[str, list[tuple[int, dict[str, str]]]]] = {}
        self._pairs: dict[tuple[int, ...], list[Half]] = {}
        for each in items:
            seen = list(zip(each.images, each.targets, strict=True))
            if each.task == "count":
                most = self._most.get(len(each.images), 0)
                self._most[len(each.images)] = max(most, int(each.answer))
                self._counted.setdefault(each.texts[-1], []).extend(seen)
            elif each.task == "attribute":
                for image, target in seen:
                    [(name, value)] = target.items()
                    self._valued.setdefault(name, {}).setdefault(value, []).append((image, target))
            elif each.task == "analogy":
                for a in (0, 2):
                    half = ((each.images[a], each.images[a + 1]), (each.targets[a], each.targets[a + 1]))
                    self._pairs.setdefault(steps_of(*half[1]), []).append(half)
        known = sorted(steps for steps, pairs in self._pairs.items() if len(pairs) >= MOST_ALIKE)
        self._edges = [(a, b) for a, b in combinations(known, 2) if sum(map(int.__ne__, a, b)) == 1]

    def __call__(self, item: Item, rng: torch.Generator) -> Item:
        """A question like this one."""
        if item.task in ("count", "attribute", "analogy") and float(torch.rand(1, generator=rng)) < self.share:
            item = getattr(self, f"_{item.task}")(item, rng)
        if item.task == "analogy":
            return with_steps(_ordered(item, TURNS[_below(4, rng)]))
        if item.task in ORDER_FREE:
            return _ordered(item, torch.randperm(len(item.images), generator=rng).tolist())
        return item

    def _count(self, item: Item, rng: torch.Generator) -> Item:
        pool = self._counted[item.texts[-1]]
        order = torch.randperm(len(pool), generator=rng)[: len(item.images)].tolist()
        total = sum(int(pool[i][1]["count/count"]) for i in order)
        if total > self._most[len(item.images)]:  # the generator asks for no such total
            return item
        return _of(item, str(total), [pool[i] for i in order])

    def _attribute(self, item: Item, rng: torch.Generator) -> Item:
        [name] = item.targets[0]
        values = sorted(self._valued[name])
        shared = values[_below(len(values), rng)]
        pool = self._valued[name][shared]
        chosen = [pool[i] for i in torch.randperm(len(pool), generator=rng)[:4].tolist()]
        if len(chosen) < 4:
            return item
        answer = "Yes" if _below(2, rng) else "No"
        if answer == "No":
            other = [value for value in values if value != shared][_below(len(values) - 1, rng)]
            chosen[0] = self._valued[name][other][_below(len(self._valued[name][other]), rng)]
        return _of(item, answer, chosen)

    def _analogy(self, item: Item, rng: torch.Generator) -> Item:
        """Two kinds of steps that differ in one factor, and of them one for each pair, drawn apart: so neither pair
        alone tells whether both agree."""
        if not self._edges:
            return item
        edge = self._edges[_below(len(self._edges), rng)]
        (one, told), (two, also) = (self._pair(edge[_below(2, rng)], rng) for _ in range(2))
        if set(one) & set(two) or told[0]["analogy/shape"] == also[0]["analogy/shape"]:
            return item
        answer = "Yes" if steps_of(*told) == steps_of(*also) else "No"
        return replace(item, answer=answer, images=(*one, *two), targets=(*told, *also))

    def _pair(self, steps: tuple[int, ...], rng: torch.Generator) -> Half:
        pool = self._pairs[steps]
        return pool[_below(len(pool), rng)]


def variants(item: Item) -> list[Item]:
    """Every reading of a stored question that training may draw, as far as the values of its targets go."""
    if item.task != "analogy":
        return [item]
    return [with_steps(_ordered(item, order)) for order in TURNS]


def with_steps(item: Item) -> Item:
    """An analogy whose images 2 and 4 also tell the steps from the image before, and image 4 which steps agree."""
    first, second = steps_of(*item.targets[:2]), steps_of(*item.targets[2:])
    told = []
    for steps in (first, second):
        told.append({f"{name}.step": str(step) for name, step in zip(_FACTORS, steps, strict=True)})
    agree = {f"{name}.agrees": str(a == b) for name, a, b in zip(_FACTORS, first, second, strict=True)}
    one, two, three, four = item.targets
    return replace(item, targets=(one, two | told[0], three, four | told[1] | agree))


def steps_of(before: dict[str, str], after: dict[str, str]) -> tuple[int, ...]:
    """By how much each factor of an analogy changes from one image to the other."""
    found = []
    for name in _FACTORS:
        step = int(after[name]) - int(before[name])
        found.append(step % _CYCLES[name] if name in _CYCLES else step)
    return tuple(found)


def _of(item: Item, answer: str, seen: Sequence[tuple[int, dict[str, str]]]) -> Item:
    return replace(
        item, answer=answer, images=tuple(image for image, _ in seen), targets=tuple(target for _, target in seen)
    )


def _ordered(item: Item, order: Sequence[int]) -> Item:
    images, targets = tuple(item.images[i] for i in order), tuple(item.targets[i] for i in order)
    return replace(item, images=images, targets=targets)


def _below(n: int, rng: torch.Generator) -> int:
    return int(torch.randint(n, (1,), generator=rng))
