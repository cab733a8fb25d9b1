"""The v2 prompt, word for word: trained models and stored answers depend on it."""

from __future__ import annotations

import numpy as np

from data_splits.question import Question
from model_adapters.inference.prompts import INSTRUCTIONS, v2_parts

QUESTION = Question("count-1", "count", "How many cats are in these two images?", "3", ("a", "b"))
IMAGES = (np.zeros((2, 3, 3), np.uint8), np.ones((4, 2, 3), np.uint8))


def test_images_are_numbered_in_order_and_the_question_comes_last() -> None:
    first, image_1, second, image_2, text = v2_parts(QUESTION, IMAGES)
    assert (first, second) == ("Image 1: ", "\nImage 2: ")
    assert image_1 is IMAGES[0] and image_2 is IMAGES[1]
    assert text == "\nHow many cats are in these two images?\nAnswer with a single number."


def test_without_images_only_the_text_remains() -> None:
    assert v2_parts(QUESTION, ()) == ("How many cats are in these two images?\nAnswer with a single number.",)


def test_an_unknown_task_is_asked_to_be_brief() -> None:
    question = Question("x", "weather", "Is it raining?", "Yes", ())
    assert v2_parts(question, ()) == ("Is it raining?\nAnswer briefly.",)


def test_a_scene_is_asked_for_a_number_only() -> None:
    assert INSTRUCTIONS["3d_scene"] == "Answer with a single number."
    assert INSTRUCTIONS["visual_chain"] == "Answer with a single word."
    assert INSTRUCTIONS["arxiv"] == "Answer with the paper title."
