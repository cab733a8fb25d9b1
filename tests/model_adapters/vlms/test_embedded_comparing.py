"""Training on thumbnails: targets by hand, options drawn anew, and both comparisons learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from data_splits.sources import load_questions
from model_adapters.vlms import embedded_pixels, smollm2
from model_adapters.vlms.embedded_analogy import FACTORS, SIZES, STEPS
from model_adapters.vlms.embedded_training import comparing, stages
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.items import Items, write_chunk
from model_adapters.vlms.embedded_training.mixing import Mixer
from model_adapters.vlms.embedded_training.plan import FIRST_TRAINING_SEED, Plan

WORDS = 128


class Letters:
    """A tokenizer of characters."""

    def encode(self, text: str) -> Any:
        return SimpleNamespace(ids=[ord(letter) % WORDS for letter in text])

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Batches:
    folders: list[Path] = []
    for task, holds, count in (
        ("analogy", "thumbnails", 6),
        ("image_jigsaw", "thumbnails", 9),
        ("analogy", "evidence", 30),
    ):
        seed = FIRST_TRAINING_SEED + len(folders)
        split = load_questions("mirb-procedural", seed=seed, per_task=count, tasks=task)
        folders.append(tmp_path_factory.mktemp("chunks") / task)
        write_chunk(split.questions, split.read_image, folders[-1], holds)
    table = torch.randn(WORDS, smollm2.WIDTH, generator=torch.Generator().manual_seed(0)) * 0.1
    return Batches(Items(folders), {}, Letters(), table)


def test_chunks_are_told_apart_by_what_they_hold(batches: Batches) -> None:
    draws = comparing.Comparisons(embedded_pixels.Pixels(), batches)
    assert (len(draws.shown), len(draws.told), len(draws.jigsaws)) == (6, 30, 9)
    assert {each.task for each in draws.told} == {"analogy"}
    assert batches.words("ab").std() == pytest.approx(1, abs=0.1)


def test_what_is_told_reads_as_what_the_evidence_says(batches: Batches) -> None:
    items = [Mixer([], 0.0)(each, torch.Generator().manual_seed(n)) for n, each in enumerate(batches.data.items[-30:])]
    values = comparing.values_of(items)
    assert values.shape == (30, 4, len(FACTORS))
    for name, place in zip(FACTORS, range(len(FACTORS)), strict=True):
        for image in (1, 3):
            said = comparing.steps_said(items, image, name)
            step = values[:, image, place] - values[:, image - 1, place]
            if name in ("turn", "fill", "night"):
                step %= len(FACTORS[name])
            assert [int(STEPS[name][i]) for i in said.tolist()] == step.tolist()
    doubts = comparing.uncertain(values, torch.Generator().manual_seed(0))
    read = torch.stack([part.argmax(-1) for part in doubts.split(SIZES, -1)], -1)
    assert 0.9 < (read == values).float().mean() < 1


def test_options_drawn_anew_hold_the_right_order_once(batches: Batches) -> None:
    item = batches.data.items[6]
    right, seen = comparing.order_of(item), set()
    assert f"{item.answer}. {right}" in item.texts[-1]
    rng = torch.Generator().manual_seed(0)
    for _ in range(40):
        text, gold = comparing.redrawn(item, rng)
        lines = [line for line in text.split("\n") if line[1:3] == ". "]
        assert [line[0] for line in lines] == list("ABCD")
        assert [line[3:] == str(right) for line in lines] == [place == gold for place in range(4)]
        assert len({line[3:] for line in lines}) == 4
        seen.add((text, gold))
    assert {gold for _, gold in seen} == {0, 1, 2, 3}
    assert (item.texts[-1], "ABCD".index(item.answer)) in seen
    with pytest.raises(ValueError, match="not four options"):
        comparing.redrawn(replace(item, texts=("What?",)), rng)


def test_marks_say_option_place_and_patch_of_every_digit() -> None:
    text = "Of 4:\nA. [2, 1, 0, 3]\nB. [0, 1, 2, 3]\nAnswer 5."
    found = comparing.marks(list(text))
    named = [mark for mark in found if mark[0] < 4]
    assert named == [*((0, place, patch) for place, patch in enumerate((2, 1, 0, 3))), *((1, p, p) for p in range(4))]
    assert set(found) - set(named) == {(4, -100, -100)}


def test_both_comparisons_learn_a_handful(batches: Batches, tmp_path: Path) -> None:
    plan = replace(Plan(), analogies=4, jigsaws=2, comparing_steps=40)
    torch.manual_seed(0)
    pixels = embedded_pixels.Pixels()
    first = comparing.Comparisons(pixels, batches).shards(4, 2, 1, torch.Generator().manual_seed(0))[0]()[1]
    stages.learn_to_compare(plan, tmp_path, pixels, batches, lambda line: None, 1)
    last = comparing.Comparisons(pixels, batches).shards(4, 2, 1, torch.Generator().manual_seed(0))[0]()[1]
    for name in ("factors", "steps", "match", "options"):
        assert last[name] < 0.9 * first[name], name
    assert np.isfinite(last["analogy"])
