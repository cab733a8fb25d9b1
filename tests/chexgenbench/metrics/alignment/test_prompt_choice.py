"""Right prompt of two: controls, a double loop, blocks, and real radiographs against the shared data's figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chexgenbench.metrics.alignment import prompt_choice
from chexgenbench.prompt_match import Matched, matched
from tests.support.made_features import score
from tests.support.made_prompts import World


@pytest.mark.parametrize("seed", range(3))
def test_controls_stand_on_the_right_side_of_one_half(seed: int) -> None:
    world = World(seed)
    found = {n: score(prompt_choice.METRIC, world.input(n)) for n in ("real", "shuffled", "unrelated", "constant")}
    assert found["real"].low > 0.8
    assert found["shuffled"].high < 0.3
    assert abs(found["unrelated"].value - 0.5) < 4 * found["unrelated"].se
    assert found["constant"].value == 0.5
    assert found["constant"].low is None


def test_chance_is_one_half_for_images_that_ignore_their_prompts() -> None:
    """60 generators that show the findings of other cases: 0.5 on average, and the interval holds it nearly always."""
    found = [score(prompt_choice.METRIC, World(seed, 2.0).input("unrelated", n=60)) for seed in range(60)]
    mean = np.mean([each.value for each in found])
    assert abs(mean - 0.5) < 0.03
    assert np.mean([each.low <= 0.5 <= each.high for each in found]) >= 0.85


def test_double_loop() -> None:
    world = World(4)
    data = world.input(n=45)
    cases = world.cases(45, "t", per_patient=3)
    data = replace(data, generated=world.side(cases, data.generated.features))
    found = matched(data)
    assert isinstance(found, Matched)
    s = found.images @ found.texts.T
    points = [
        float(s[i, i] + s[j, j] > s[i, j] + s[j, i])
        for i in range(45)
        for j in range(i)
        if cases[i].patient != cases[j].patient
        and cases[i].view == cases[j].view
        and cases[i].labels != cases[j].labels
    ]
    value = score(prompt_choice.METRIC, data)
    assert value.extra["pairs"] == len(points) > 100
    assert value.value == pytest.approx(np.mean(points))
    assert value.extra["units"] == 15


def test_block_size_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = World(1).input(n=70)
    whole = prompt_choice.METRIC.measure(data).arrays
    monkeypatch.setattr(prompt_choice, "BLOCK", 16)
    for name, array in prompt_choice.METRIC.measure(data).arrays.items():
        np.testing.assert_allclose(np.asarray(array), np.asarray(whole[name]), err_msg=name)


def test_a_private_split_stores_blocks_of_at_least_20_patients_and_the_same_value() -> None:
    data = World().input()
    private = replace(data, share_reference=False)
    assert len(np.asarray(prompt_choice.METRIC.measure(private).arrays["removed_sum"])) == 7
    assert score(prompt_choice.METRIC, private).value == pytest.approx(score(prompt_choice.METRIC, data).value)


def test_equal_findings_have_no_pairs() -> None:
    data = World().input()
    same = tuple(replace(case, labels={"Edema": 1}) for case in data.generated.cases)
    measured = prompt_choice.METRIC.measure(replace(data, generated=replace(data.generated, cases=same)))
    assert "different findings" in str(measured.reason)
