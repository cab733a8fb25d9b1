"""Questions put together from images of several: their answers follow from the generator's evidence."""

from __future__ import annotations

import itertools

import pytest
import torch

from data_splits.question import Question
from data_splits.sources import load_questions
from model_adapters.inference.prompts import v2_parts
from model_adapters.vlms.embedded_training.evidence import targets_of
from model_adapters.vlms.embedded_training.items import Item
from model_adapters.vlms.embedded_training.mixing import Mixer, steps_of, variants

FACTORS = ("turn", "number", "size", "fill", "night")


def items_of(task: str, count: int) -> tuple[list[Item], dict[int, dict[str, object]]]:
    """Items with image numbers, and what the evidence says of each image."""
    numbers = itertools.count()
    items, truth = [], {}
    for each in load_questions("mirb-procedural", seed=123456, per_task=count, tasks=task).questions:
        images = tuple(next(numbers) for _ in each.images)
        texts = tuple(part for part in v2_parts(each, [None] * len(images)) if isinstance(part, str))  # type: ignore[list-item]
        items.append(Item(task, each.answer, texts, images, tuple(targets_of(each))))
        truth.update(zip(images, told(each), strict=True))
    return items, truth


def told(question: Question) -> list[dict[str, object]]:
    evidence = question.evidence
    if question.task == "count":
        return [{"asked": question.question, "count": count} for count in evidence["counts"]]
    if question.task == "attribute":
        return [{"name": evidence["attribute"], "value": row[evidence["attribute"]]} for row in evidence["values"]]
    return [dict(scene) for scene in evidence["scenes"]]


def drawn(task: str, count: int, draws: int = 300) -> tuple[list[Item], list[Item], dict[int, dict[str, object]]]:
    items, truth = items_of(task, count)
    mixer, rng = Mixer(items, share=1.0), torch.Generator().manual_seed(3)
    return [mixer(items[i % len(items)], rng) for i in range(draws)], items, truth


def test_counts_add_up_and_stay_within_what_the_generator_asks() -> None:
    mixed, items, truth = drawn("count", 120)
    for each in mixed:
        assert int(each.answer) == sum(truth[image]["count"] for image in each.images)  # type: ignore[misc]
        assert {truth[image]["asked"] for image in each.images} == {each.texts[-1].split("\n")[1]}
    most = max(int(each.answer) for each in items)
    assert max(int(each.answer) for each in mixed) <= most
    assert {each.images for each in mixed} - {each.images for each in items}, "nothing was put together"


def test_four_images_share_the_value_or_one_differs() -> None:
    mixed, _, truth = drawn("attribute", 90)
    answers = set()
    for each in mixed:
        values = [truth[image]["value"] for image in each.images]
        assert len({truth[image]["name"] for image in each.images}) == 1
        most = max(values.count(value) for value in values)
        assert most == (4 if each.answer == "Yes" else 3)
        answers.add(each.answer)
    assert answers == {"Yes", "No"}


def test_an_analogy_holds_just_where_both_pairs_change_by_the_same_steps() -> None:
    mixed, items, truth = drawn("analogy", 90)
    cycles = {"turn": 4, "fill": 2, "night": 2}
    fresh = 0
    for each in mixed:
        scenes = [truth[image] for image in each.images]
        steps = [
            tuple(
                (int(after[f]) - int(before[f])) % cycles.get(f, 10**6)  # type: ignore[call-overload]
                for f in FACTORS
            )
            for before, after in (scenes[:2], scenes[2:])
        ]
        assert (steps[0] == steps[1]) is (each.answer == "Yes")
        agree = [each.targets[3][f"analogy/{f}.agrees"] == "True" for f in FACTORS]
        assert agree == [a == b for a, b in zip(*steps, strict=True)]
        fresh += not any(set(each.images) == set(item.images) for item in items)
    assert fresh > 20


def test_steps_are_counted_round_the_clock() -> None:
    before = {
        "analogy/turn": "3",
        "analogy/number": "4",
        "analogy/size": "0",
        "analogy/fill": "1",
        "analogy/night": "0",
    }
    after = {"analogy/turn": "0", "analogy/number": "3", "analogy/size": "2", "analogy/fill": "0", "analogy/night": "0"}
    assert steps_of(before, after) == (1, -1, 2, 1, 0)


@pytest.mark.parametrize("task", ["image_jigsaw", "sightseeing", "food"])
def test_questions_that_name_places_keep_their_order(task: str) -> None:
    mixed, items, _ = drawn_plain(task)
    assert mixed == [items[i % len(items)] for i in range(len(mixed))]


def drawn_plain(task: str) -> tuple[list[Item], list[Item], None]:
    questions = load_questions("mirb-procedural", seed=123456, per_task=3, tasks=task).questions
    items = [Item(task, q.answer, (q.question,), tuple(range(len(q.images))), tuple(targets_of(q))) for q in questions]
    mixer, rng = Mixer(items, share=1.0), torch.Generator().manual_seed(3)
    return [mixer(items[i % len(items)], rng) for i in range(30)], items, None


def test_every_target_that_can_be_drawn_is_known_beforehand() -> None:
    items, _ = items_of("analogy", 90)
    known: dict[str, set[str]] = {}
    for each in items:
        for variant in variants(each):
            for target in variant.targets:
                for name, value in target.items():
                    known.setdefault(name, set()).add(value)
    mixer, rng = Mixer(items, share=0.0), torch.Generator().manual_seed(5)
    for each in items:
        for target in mixer(each, rng).targets:
            assert all(value in known[name] for name, value in target.items())
