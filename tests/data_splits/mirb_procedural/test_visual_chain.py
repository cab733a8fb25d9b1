"""visual_chain: values computed from the sentences by another evaluator; needed and stray images told apart."""

from __future__ import annotations

import re
from collections import Counter

import procedural_items

from data_splits.mirb_procedural.drawing.text import size
from data_splits.mirb_procedural.visual_chain import SCALE, WIDTH


def value(sentences: list[str], target: str) -> int | None:
    """The target's value from the sentences, or None where something is missing."""
    known: dict[str, str] = {}
    for sentence in sentences:
        match = re.search(r"(\w) = (.+)$", sentence)
        assert match and match[1] not in known
        known[match[1]] = match[2]
    text = target
    for _ in range(20):
        names = set(re.findall(r"[a-z]", text))
        if not names:
            return int(eval(text))  # digits, signs and brackets of our own making
        if not names <= known.keys():
            return None
        text = re.sub(r"[a-z]", lambda match: f"({known[match[0]]})", text)
    raise AssertionError("a cycle")


def test_gold_is_what_the_sentences_say() -> None:
    for item in procedural_items.every("visual_chain", 60):
        target = item.question.removeprefix("What is the value of ").removesuffix("?")
        assert item.answer == str(value([scene.sentence for scene in item.scenes], target))
        assert int(item.answer) >= 0


def test_needed_images_are_needed_and_strays_are_not() -> None:
    for item in procedural_items.every("visual_chain", 40):
        sentences = [scene.sentence for scene in item.scenes]
        target = item.evidence["target"]
        for hidden in range(len(sentences)):
            rest = value(sentences[:hidden] + sentences[hidden + 1 :], target)
            assert (rest is None) == (hidden in item.evidence["needed"])
        assert sorted([*item.evidence["needed"], *item.evidence["distractors"]]) == list(range(len(sentences)))


def test_another_number_on_a_needed_image_gives_another_answer() -> None:
    for item in procedural_items.every("visual_chain", 40):
        sentences = [scene.sentence for scene in item.scenes]
        for place in item.evidence["needed"]:
            number = re.search(r"= (\d+)$", sentences[place])
            if number is None:
                continue
            other = sentences[place].replace(number[0], f"= {int(number[1]) + 1}")
            changed = value([*sentences[:place], other, *sentences[place + 1 :]], item.evidence["target"])
            assert str(changed) != item.answer


def test_no_answer_is_frequent_and_order_is_drawn() -> None:
    found = procedural_items.every("visual_chain", 60)
    assert max(Counter(item.answer for item in found).values()) <= 0.08 * len(found)
    last = Counter(max(item.evidence["needed"]) == len(item.scenes) - 1 for item in found)
    assert len(last) == 2


def test_every_sentence_fits_at_the_size_it_is_written() -> None:
    longest = max(
        (scene.sentence for item in procedural_items.every("visual_chain", 60) for scene in item.scenes), key=len
    )
    assert size([longest], SCALE)[0] <= WIDTH - 20
