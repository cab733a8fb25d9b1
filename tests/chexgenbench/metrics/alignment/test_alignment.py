"""Image-text cosine: planted relation, rounding of the published call, what is stored of a private split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chexgenbench.metrics.alignment import alignment
from chexgenbench.metrics.base import Texts
from leaderboards.statistics.registry import estimate
from tests.support.made_features import score
from tests.support.made_prompts import World


@pytest.mark.parametrize("seed", range(3))
def test_real_images_are_aligned_and_shuffled_unrelated_and_constant_ones_are_not(seed: int) -> None:
    world = World(seed)
    found = {name: score(alignment.METRIC, world.input(name)) for name in ("real", "shuffled", "unrelated", "constant")}
    assert found["real"].low > 0.5
    assert found["real"].extra["auroc"] > 0.85
    for name in ("unrelated", "constant"):
        assert abs(found[name].value) < 0.2
        assert abs(found[name].extra["auroc"] - 0.5) < 0.15
    assert found["shuffled"].high < 0.2
    assert found["shuffled"].extra["auroc"] < 0.3


def test_value_and_mismatched_by_hand_for_a_joint_model() -> None:
    world = World()
    text = np.random.default_rng(0).normal(size=(150, 40)).astype(np.float32)
    data = replace(world.input(), texts=Texts("joint", True, lambda side: text))
    x, t = (
        each / np.linalg.norm(each, axis=1, keepdims=True) for each in (data.generated.features.astype(float), text)
    )
    found = score(alignment.METRIC, data)
    assert found.value == pytest.approx((x * t).sum(1).mean(), abs=1e-6)
    assert found.method.endswith("encoders and head fixed")


def test_published_rounds_each_cosine_first() -> None:
    data = World().input()
    exact = alignment.METRIC.measure(data).arrays["values"]
    rounded = alignment.PUBLISHED.measure(data).arrays["values"]
    assert np.abs(np.asarray(exact) - np.asarray(rounded)).max() > 1e-4
    np.testing.assert_allclose(np.asarray(rounded) * 1000, np.round(np.asarray(exact) * 1000), atol=1e-9)
    assert score(alignment.PUBLISHED, data).value == pytest.approx(float(np.mean(rounded)))
    assert alignment.PUBLISHED.full_name("biovil-t") == "alignment_biovil-t"
    assert "train" not in alignment.PUBLISHED.needs


def test_one_finding_for_all_leaves_the_control_out() -> None:
    data = World().input()
    same = tuple(replace(case, labels={"Edema": 1}) for case in data.generated.cases)
    found = score(alignment.METRIC, replace(data, generated=replace(data.generated, cases=same)))
    assert found.value is not None
    assert "mismatched" not in found.extra


def test_real_images_of_a_private_split_are_stored_as_means_of_at_least_20_patients() -> None:
    data = replace(World().input(), share_reference=False)
    held = replace(data, generated=replace(data.generated, source=None))
    arrays = alignment.METRIC.measure(held).arrays
    assert np.asarray(arrays["size"]).min() >= 20
    assert len(np.asarray(arrays["values"])) == 7
    whole = score(alignment.METRIC, data)
    blocks = estimate("image_text", dict(arrays), {"seed": 7})  # type: ignore[arg-type]
    assert blocks.value == pytest.approx(whole.value)


def test_without_training_images_there_is_no_map() -> None:
    assert "no real training images" in str(alignment.METRIC.measure(replace(World().input(), train=None)).reason)
