"""Retrieval: controls, duplicates of a prompt, a constant generator at chance, agreement with a sort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chexgenbench.metrics.alignment import retrieval
from chexgenbench.prompt_match import Matched, matched
from tests.support.made_features import score
from tests.support.made_prompts import World


@pytest.mark.parametrize("seed", range(3))
def test_real_images_are_found_and_others_are_not(seed: int) -> None:
    world = World(seed, 0.5)
    found = {n: score(retrieval.METRIC, world.input(n)) for n in ("real", "shuffled", "unrelated", "constant")}
    chance = found["real"].extra["chance"]
    assert chance == pytest.approx(5 / 150)
    assert found["real"].low > 2 * chance
    assert found["shuffled"].value < chance
    assert found["unrelated"].value < min(0.4 * found["real"].value, 2.5 * chance)
    assert found["constant"].value == pytest.approx(chance)
    assert found["constant"].extra["recall_at_10"] == pytest.approx(10 / 150)


def test_agrees_with_sorting() -> None:
    data = World(2, 0.7).input(n=80)
    space = matched(data)
    assert isinstance(space, Matched)
    order = np.argsort(-(space.texts @ space.images.T), axis=1)
    found = score(retrieval.METRIC, data)
    assert found.value == pytest.approx((order[:, :5] == np.arange(80)[:, None]).any(1).mean())
    assert found.extra["recall_at_1"] == pytest.approx((order[:, 0] == np.arange(80)).mean())
    assert found.extra["recall_at_10"] == pytest.approx((order[:, :10] == np.arange(80)[:, None]).any(1).mean())


def test_an_image_of_the_same_words_is_right() -> None:
    """Two cases share every prompt: either image counts, and chance is that of one of two among n."""
    world = World(1, 0.5)
    data = world.input(n=60)
    cases = tuple(
        replace(case, prompt=data.generated.cases[row // 2 * 2].prompt) for row, case in enumerate(data.generated.cases)
    )
    twice = replace(data, generated=replace(data.generated, cases=cases))
    found = score(retrieval.METRIC, twice)
    assert found.extra["chance_at_1"] == pytest.approx(2 / 60)
    assert found.extra["chance"] == pytest.approx(1 - (55 * 54) / (60 * 59))
    space = matched(twice)
    assert isinstance(space, Matched)
    first = np.argmax(space.texts @ space.images.T, axis=1)
    assert found.extra["recall_at_1"] == pytest.approx((first // 2 == np.arange(60) // 2).mean())


def test_blocks_of_rows_and_of_private_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    data = World(1).input(n=70)
    whole = score(retrieval.METRIC, data)
    private = replace(data, share_reference=False)
    assert np.asarray(retrieval.METRIC.measure(private).arrays["size"]).min() >= 20
    assert score(retrieval.METRIC, private).value == pytest.approx(whole.value)
    monkeypatch.setattr(retrieval, "BLOCK", 16)
    assert score(retrieval.METRIC, data).value == pytest.approx(whole.value)
