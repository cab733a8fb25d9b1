"""Images blanked in turn."""

from __future__ import annotations

import numpy as np
from ablation_runs import material
from mirb_questions import question

from mirb.ablations.leave_one_out import GREY, MOST, blank, make
from model_adapters.inference.ask import ImageRef


def test_each_image_is_blanked_once_and_the_others_keep_their_places() -> None:
    whole = material(question("count", "3"), 3)
    variants = make(whole)
    assert [variant.missing for variant in variants] == [{0}, {1}, {2}]
    for out, variant in enumerate(variants):
        same = [new.sha256 == old.sha256 for new, old in zip(variant.images, whole.images, strict=True)]
        assert same == [place != out for place in range(3)]


def test_a_blank_has_the_size_of_the_image() -> None:
    image = ImageRef.of(np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    made = blank(image).load()
    assert made.shape == (4, 5, 3) and (made == GREY).all() and blank(image).sha256 != image.sha256


def test_of_many_images_the_needed_ones_are_left_out_first() -> None:
    evidence = {"needed": [11, 40]}
    variants = make(material(question("arxiv", "T", evidence=evidence), 42))
    out = sorted(place for variant in variants for place in variant.missing)
    assert len(out) == MOST and {11, 40} <= set(out)
    assert [v.missing for v in make(material(question("arxiv", "T"), 42))] == [
        v.missing for v in make(material(question("arxiv", "T"), 42))
    ]
