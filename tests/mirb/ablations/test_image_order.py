"""Gold answers under permuted images, by hand and on generated questions whose truth is known."""

from __future__ import annotations

import pytest
from ablation_runs import material
from mirb_questions import question

from data_splits.question import Question
from data_splits.sources import load_questions
from mirb.ablations.base import Unfit, Variant
from mirb.ablations.image_order import ANALOGIES, make, renamed


def order_of(variant: Variant) -> list[int]:
    return [int(ref.sha256) for ref in variant.images]


def test_pictures_are_renamed_with_their_places() -> None:
    text = "Were the second and the third picture taken in the city of image 1?"
    assert renamed(text, (2, 0, 1)) == "Were the third and the first picture taken in the city of image 2?"
    assert renamed("First things: ten images, sixth sense", (0, 1)) == "First things: ten images, sixth sense"
    assert renamed(renamed(text, (2, 0, 1)), (1, 2, 0)) == text, "the inverse order brings it back"


def test_the_gold_food_moves_with_its_label() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=24, tasks="food")
    kinds = set()
    for each in split.questions:
        (variant,) = make(material(each, len(each.images)))
        order = order_of(variant)
        offending = [each.evidence["offending"][old] for old in order]
        fits = [place for place, found in enumerate(offending) if not found]
        choices = variant.question.choices
        expected = f"Food {fits[0] + 1}" if fits else "None of the Above"
        assert choices["ABCD".index(variant.question.answer)] == expected
        kinds.add(expected)
        old_text = each.choices["ABCD".index(each.answer)].casefold()
        assert variant.back.get(expected.casefold(), expected.casefold()) == old_text
    assert {"Food 1", "Food 2", "None of the Above"} <= kinds


def test_the_gold_word_moves_with_its_code() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=12, tasks="plot_code")
    words = ("First", "Second", "Third", "Fourth")
    for each in split.questions:
        (variant,) = make(material(each, 5))
        order = order_of(variant)
        assert order[0] == 0 and sorted(order) == [0, 1, 2, 3, 4]
        assert order[1 + words.index(variant.question.answer)] == each.evidence["match"]
        assert variant.back[variant.question.answer.casefold()] == each.answer.casefold()


def test_the_named_city_is_still_the_one_of_its_postcard() -> None:
    split = load_questions("mirb-procedural", seed=5, per_task=12, tasks="sightseeing")
    ordinals = ("first", "second", "third")
    for each in split.questions:
        (variant,) = make(material(each, len(each.images)))
        order = order_of(variant)
        before = sorted(ordinals.index(word) for word in ordinals if f"{word} " in each.question)
        after = sorted(order[ordinals.index(word)] for word in ordinals if f"{word} " in variant.question.question)
        assert before == after and variant.question.answer == each.answer


def test_an_analogy_stays_one() -> None:
    """A step vector from image to image: the pairs agree before if and only if they agree after."""
    for values in ((1, 3, 5, 7), (1, 3, 5, 8), (4, 4, 2, 2), (4, 1, 2, 0)):
        holds = values[1] - values[0] == values[3] - values[2]
        for order in ANALOGIES:
            a, b, c, d = (values[old] for old in order)
            assert (b - a == d - c) == holds
    seen = {make(material(question("analogy", "Yes", id=f"a-{k}"), 4))[0].name for k in range(40)}
    assert len(seen) == 3


def test_the_original_of_a_jigsaw_stays_first_and_numbers_travel() -> None:
    numbered = question("image_jigsaw", "B", question="Patches are numbered.\nA. [0, 1]\nB. [1, 0]")
    (variant,) = make(material(numbered, 5))
    assert order_of(variant)[0] == 0 and variant.question.answer == "B"
    with pytest.raises(Unfit, match="carry their numbers"):
        make(material(question("image_jigsaw", "B"), 5))


@pytest.mark.parametrize(
    ("each", "count", "reason"),
    [
        (question("arxiv", "T"), 3, "order of its images is fixed"),
        (question("count", "3", question="How many cats are in the first image?"), 2, "which image comes when"),
        (question("count", "3", question="How many more cats are in image 2?"), 2, "which image comes when"),
        (question("count", "3"), 1, "fewer than 2"),
        (question("food", "A", question="Which?\nA. Rice\nB. Beans"), 2, "do not name every image"),
        (question("plot_code", "First"), 4, "one piece of code for each option"),
        (question("analogy", "Yes"), 3, "four images"),
    ],
)
def test_what_cannot_be_permuted_is_refused_with_a_reason(each: Question, count: int, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        make(material(each, count))


def test_the_order_follows_from_the_question_alone_and_is_never_the_original() -> None:
    for k in range(30):
        each = question("count", "3", id=f"count-{k}")
        first, second = (make(material(each, 2))[0] for _ in range(2))
        assert order_of(first) == order_of(second) == [1, 0]
        assert order_of(make(material(each, 4))[0]) != [0, 1, 2, 3]
