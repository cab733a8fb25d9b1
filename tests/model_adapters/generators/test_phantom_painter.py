from __future__ import annotations

import numpy as np
import pytest
from toy_split import toy

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.phantom.cohort import phantom_studies
from data_splits.phantom.findings import labels_of
from data_splits.phantom.rendering import render
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.generators.phantom_painter import PATIENTS, build
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import BuildContext, GenerationRequest

SPLIT = load_split("phantom", seed=41, size=64, train=60, test=30)


def requests(split: Split, subset: str = "test", draw: int = 0) -> list[GenerationRequest]:
    return [
        GenerationRequest(case.id, case.prompt or "", derive_seed(0, case.id, draw), draw)
        for case in split.cases(subset)
    ]


def cases(split: Split) -> dict[str, Case]:
    return {case.id: case for each in split.subsets.values() for case in each}


def test_what_is_painted_is_what_was_asked_for() -> None:
    painter, asked = build(BuildContext(split=SPLIT, options={"size": 64})), cases(SPLIT)
    exact = 0
    for request in requests(SPLIT):
        case, study = asked[request.case_id], painter.study(request)
        assert (study.view, study.sex, study.age) == (case.view, case.sex, case.age)
        assert labels_of(study.findings) == study.labels
        exact += study.labels == case.labels
    assert exact >= 0.8 * len(requests(SPLIT))  # the others have combinations that 1,500 patients do not show


def test_every_request_gets_a_patient_of_its_own() -> None:
    painter = build(BuildContext(split=SPLIT, options={"size": 64}))
    studies = [painter.study(each) for draw in range(3) for each in requests(SPLIT, draw=draw)]
    assert len({study.anatomy.chest_half_width for study in studies}) == len(studies)
    assert len({study.acquisition.photons for study in studies}) == len(studies)


def test_bodies_and_heart_sizes_are_spread_as_those_of_the_asked_patients_are() -> None:
    real = list(phantom_studies(41, "train", 300))
    painter = build(BuildContext(split=load_split("phantom", seed=41, size=64, train=300, test=1)))
    made = [painter.study(GenerationRequest(study.study_id, study.prompt, seed)) for seed, study in enumerate(real)]
    for value in (lambda s: s.anatomy.wall, lambda s: s.anatomy.dome_right_y, lambda s: s.findings.ctr):
        one, other = ([value(study) for study in each] for each in (made, real))
        assert np.mean(one) == pytest.approx(np.mean(other), abs=0.2 * np.std(other))
        assert np.std(one) == pytest.approx(np.std(other), rel=0.2)


def test_an_image_is_the_rendered_study_and_follows_from_its_request_alone() -> None:
    wanted = requests(SPLIT)[:4]
    painter = build(BuildContext(split=SPLIT, options={"size": "64"}))
    together = painter.generate(wanted)
    alone = [build(BuildContext(split=SPLIT, options={"size": 64})).generate([each])[0] for each in reversed(wanted)]
    assert all((one == other).all() for one, other in zip(together, reversed(alone), strict=True))
    assert (together[0] == render(painter.study(wanted[0]), 64)).all() and together[0].shape == (64, 64)
    assert painter.card.resolution == 64 and painter.card.settings["patients"] == PATIENTS


def test_a_request_from_outside_a_split_is_painted_by_its_words() -> None:
    prompt = "AP view, 70 year old male. Large right pneumothorax. Right chest tube in place."
    studies = [build(BuildContext()).study(GenerationRequest("x", prompt, seed)) for seed in range(3)]
    assert all(study.labels["Pneumothorax"] == 1 for study in studies)


def test_no_image_of_the_split_is_read() -> None:
    data = toy()
    images = build(data.context(size=32)).generate(data.requests())
    assert len(images) == 12 and images[0].shape == (32, 32) and data.read == []


def test_the_size_must_make_sense() -> None:
    with pytest.raises(UserError, match="multiple of 32"):
        build(BuildContext(options={"size": 100}))
