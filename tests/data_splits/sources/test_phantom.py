"""The phantom source: same cohort from the same seed, nested sizes, rendering on demand."""

from __future__ import annotations

import numpy as np
import pytest

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.sources import load_split


def test_same_seed_same_manifest_and_pixels() -> None:
    one, two = (load_split("phantom", train=3, test=3, size=64) for _ in range(2))
    other = load_split("phantom", train=3, test=3, size=64, seed=1)
    assert one.manifest == two.manifest
    assert one.manifest.hash != other.manifest.hash
    case = one.cases("test")[0]
    image = one.read_image(case)
    assert image.shape == (64, 64)
    assert image.dtype == np.uint8
    assert np.array_equal(image, two.read_image(two.cases("test")[0]))
    assert not np.array_equal(image, other.read_image(other.cases("test")[0]))


def test_a_smaller_cohort_is_the_start_of_a_larger_one() -> None:
    small = load_split("phantom", train=2, test=2)
    large = load_split("phantom", train=5, test=5)
    for subset in ("train", "test"):
        assert small.cases(subset) == large.cases(subset)[: len(small.cases(subset))]


def test_cases_are_complete() -> None:
    split = load_split("phantom", train=4, test=4)
    assert not split.credentialed
    assert split.manifest.counts["train"]["patients"] == 4
    for case in (*split.cases("train"), *split.cases("test")):
        assert set(case.labels) == set(CHEXPERT_LABELS)
        assert case.prompt
        assert case.view in ("AP", "PA")
        assert case.sex in ("M", "F")
        assert case.age is not None


@pytest.mark.parametrize(("key", "value"), [("size", 100), ("size", 0), ("train", 0)])
def test_impossible_options_are_refused(key: str, value: int) -> None:
    with pytest.raises(UserError, match=key):
        load_split("phantom", **{key: value})


def test_masks_are_those_of_the_study_at_the_size_of_the_image() -> None:
    split = load_split("phantom", train=2, test=2, size=96)
    assert split.read_masks is not None
    case = split.cases("test")[0]
    masks, image = split.read_masks(case), split.read_image(case)
    assert set(masks) == {"left_lung", "right_lung", "heart", "left_clavicle", "right_clavicle"}
    assert all(each.shape == image.shape and each.dtype == bool and each.any() for each in masks.values())
    assert not (masks["heart"] & (masks["left_lung"] | masks["right_lung"])).any()
    assert image[masks["heart"]].mean() > image[masks["right_lung"]].mean(), "the heart is denser than lung"
