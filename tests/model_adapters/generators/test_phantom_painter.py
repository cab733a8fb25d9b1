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
from model_adapters.generators.phantom_painter import FIELDS, _findings, build
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
    for request in requests(SPLIT):
        case, study = asked[request.case_id], painter.study(request)
        assert (study.view, study.sex, study.age) == (case.view, case.sex, case.age)
        assert study.labels == case.labels == labels_of(study.findings)


def test_labels_that_never_come_together_are_put_together() -> None:
    wanted = frozenset(FIELDS)
    found = _findings(wanted, ("key", 1), "AP", 70, 0.44)
    labels = labels_of(found)
    assert {name for name in FIELDS if labels[name]} == wanted
    none = _findings(frozenset(), ("key", 2), "PA", 30, 0.44)
    assert labels_of(none)["No Finding"] == 1


def test_equal_requests_of_different_seeds_share_no_size_of_a_finding() -> None:
    painter = build(BuildContext(split=SPLIT))
    case = next(case for case in SPLIT.cases("test") if case.labels["Pleural Effusion"] == 1)
    studies = [painter.study(GenerationRequest(case.id, case.prompt or "", seed)) for seed in range(20)]
    assert len({study.severities["Pleural Effusion"] for study in studies}) == 20


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
    assert painter.card.resolution == painter.card.settings["size"] == 64


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
