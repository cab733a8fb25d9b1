"""The generated split: the same on every machine and in any order, nested sizes, options."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.mirb_procedural.tasks import pixel_hash
from data_splits.sources import load_questions, load_split

GOLDEN = "c2c2cf9dd9a6fa6efc21c5822b366d00d6337e08d7b71d519171c6a78e8dbb5e"
"""Hash of the split of seed 7 with three questions a task: every text, gold and pixel of them."""


def test_texts_and_pixels_are_pinned() -> None:
    split = load_questions("mirb-procedural", seed=7, per_task=3)
    assert len(split.tasks) == 11 and len(split.questions) == 33
    assert split.hash == GOLDEN
    assert split.stand_ins == ("sightseeing",)


def test_another_process_and_hash_seed_give_the_same() -> None:
    code = (
        "from data_splits.sources import load_questions\n"
        "split = load_questions('mirb-procedural', per_task=3, tasks='food,analogy,codeu,sightseeing,3d_scene')\n"
        "print(split.hash)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != ""


def test_an_item_depends_on_its_own_number_only() -> None:
    few = load_questions("mirb-procedural", per_task=2, tasks="count,food")
    many = load_questions("mirb-procedural", per_task=9)
    for task in ("count", "food"):
        assert many.of(task)[:2] == few.of(task)
    keys = [key for question in few.questions for key in question.images]
    forwards = {key: pixel_hash(few.read_image(key)) for key in keys}
    backwards = {key: pixel_hash(many.read_image(key)) for key in reversed(keys)}
    assert forwards == backwards
    assert all(few.image_hashes[key] == forwards[key] for key in keys)


def test_other_seeds_are_other_questions() -> None:
    one, two = (
        load_questions("mirb-procedural", seed=seed, per_task=12, tasks="visual_chain,count") for seed in (7, 8)
    )
    for mine, theirs in zip(one.questions, two.questions, strict=True):
        assert mine.evidence != theirs.evidence
    first = one.read_image(one.of("count")[0].images[0])
    assert not np.array_equal(first, two.read_image(two.of("count")[0].images[0]))


def test_levels_can_be_fixed() -> None:
    hard = load_questions("mirb-procedural", per_task=4, tasks="3d_scene", difficulty=3)
    assert [question.evidence["difficulty"] for question in hard.questions] == [3] * 4
    assert hard.options["difficulty"] == 3
    assert hard.questions[0].id == "3d_scene-s7-d3-0000"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_task": 0}, "per_task of split mirb-procedural must be 1 or more"),
        ({"difficulty": 4}, "difficulty of split mirb-procedural must be 1, 2 or 3"),
        ({"seed": -1}, "seed of split mirb-procedural must be 0 or more"),
        ({"seed": 2**63}, r"less than 2\^63"),
        ({"tasks": "cuont"}, "Did you mean count"),
        ({"tasks": " , "}, "Option tasks is empty"),
        ({"sed": 1}, "Did you mean seed"),
    ],
)
def test_wrong_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_questions("mirb-procedural", **options)


def test_the_two_kinds_of_split_are_not_mixed_up() -> None:
    with pytest.raises(UserError, match="mirb eval"):
        load_split("mirb-procedural")
    with pytest.raises(UserError, match="holds no questions"):
        load_questions("phantom")
    with pytest.raises(UserError, match="Did you mean mirb-procedural"):
        load_questions("mirb-procedual")


@pytest.mark.slow
def test_the_whole_default_split_is_pinned() -> None:
    """All 550 questions and their 2,600 images (half a minute)."""
    assert load_questions("mirb-procedural").hash == WHOLE


WHOLE = "d3c77e766ca7fb29e94c6e22386780bb1f8421e139c2cc9d1b2262b099aa9e75"
"""Hash of the split as `mirb eval` asks it by default."""
