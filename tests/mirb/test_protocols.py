"""What each protocol puts to a model, word for word, and that every choice enters its hash."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mirb_questions import question

from data_splits.errors import UserError
from mirb.asking import ask_of
from mirb.protocols import PROTOCOLS, load
from mirb.tasks import TASKS
from model_adapters.inference.ask import ImageRef

IMAGES = [ImageRef("a" * 64, lambda: None), ImageRef("b" * 64, lambda: None)]  # type: ignore[arg-type, return-value]
ASKED = question("3d_scene", "7")


def test_prompts_word_for_word() -> None:
    text = ASKED.question
    assert ask_of(load("v2"), ASKED, IMAGES).parts == (
        "Image 1: ", IMAGES[0], "\nImage 2: ", IMAGES[1], f"\n{text}\nAnswer with a single number.",
    )  # fmt: skip
    scene = "The following images are different views of the same 3D scene. Answer with a single number."
    assert ask_of(load("official"), ASKED, IMAGES).parts == (f"{scene}\n", *IMAGES, text)
    assert ask_of(load("lmms-eval"), ASKED, IMAGES).parts == (*IMAGES, f"{scene}{text}")


def test_token_caps_and_letters() -> None:
    assert {name: protocol.max_new_tokens for name, protocol in PROTOCOLS.items()} == {
        "v2": 256,
        "official": 15,
        "lmms-eval": 64,
    }
    by_letter = [task.name for task in TASKS if load("official").letters_for(task)]
    assert by_letter == ["food", "codeu", "image_jigsaw"]
    assert all(not load(name).letters_for(task) for name in ("v2", "lmms-eval") for task in TASKS)
    food = question("food", "B")
    assert ask_of(load("official"), food, IMAGES).letters == ("A", "B", "C", "D", "E")
    assert ask_of(load("official"), food, IMAGES, tells_letters=False).letters == ()


@pytest.mark.parametrize(
    "change",
    [
        {"max_new_tokens": 257},
        {"prompt": "other"},
        {"average": "micro"},
        {"letters": ("A",)},
        {"scorer": load("official").scorer},
        {"scorer": replace(load("v2").scorer, version=0)},
    ],
)
def test_every_choice_enters_the_hash(change: dict[str, object]) -> None:
    assert replace(load("v2"), **change).hash != load("v2").hash  # type: ignore[arg-type]


def test_no_two_protocols_share_a_hash_or_a_question() -> None:
    assert len({protocol.hash for protocol in PROTOCOLS.values()}) == 3
    assert len({ask_of(protocol, ASKED, IMAGES).key("m") for protocol in PROTOCOLS.values()}) == 3
    with pytest.raises(UserError, match="choose v2, official, lmms-eval"):
        load("v1")
