from __future__ import annotations

import numpy as np
import pytest
from toy_split import Toy, toy

from data_splits.errors import UserError
from model_adapters.generators.copier import DISGUISES, build, training_cases
from model_adapters.protocols import BuildContext, GenerationRequest, Image


def seen_and_unseen(data: Toy) -> tuple[frozenset[str], frozenset[str]]:
    seen = training_cases(data.context())
    assert seen is not None
    return seen, frozenset(case.id for case in data.split.cases("train")) - seen


def many(data: Toy, subset: str = "test", draws: int = 40) -> list[GenerationRequest]:
    return [request for draw in range(draws) for request in data.requests(draw, subset=subset)]


def test_seen_and_unseen_share_no_patient_and_are_about_halves() -> None:
    data = toy(train=100)
    seen, unseen = seen_and_unseen(data)
    patients = {case.id: case.patient for case in data.split.cases("train")}
    assert not {patients[each] for each in seen} & {patients[each] for each in unseen}
    assert 30 <= len(seen) <= 70


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 1.0])
def test_the_share_of_copies_is_the_one_asked_for(share: float) -> None:
    data = toy(train=60)
    seen, _ = seen_and_unseen(data)
    requests = many(data)
    shown = [data.case(image).id in seen for image in build(data.context(share=share)).generate(requests)]
    assert shown == [build(data.context(share=share)).copies(request) for request in requests]
    assert abs(np.mean(shown) - share) <= 3 * np.sqrt(share * (1 - share) / len(requests))


def test_no_evaluated_image_is_ever_read() -> None:
    data = toy(train=60)
    build(data.context(share=0.5)).generate(many(data, draws=3))
    assert data.read and all(each.startswith("t") for each in data.read)


def test_a_copied_training_case_is_that_very_case_and_an_uncopied_one_another_patient() -> None:
    data = toy(train=60)
    seen, unseen = seen_and_unseen(data)
    adapter = build(data.context(share=0.5))
    patients = {case.id: case.patient for case in data.split.cases("train")}
    for request in many(data, "train", draws=3):
        if request.case_id in seen and adapter.copies(request):
            assert adapter.source(request).id == request.case_id
        elif not adapter.copies(request):
            assert adapter.source(request).id in unseen
            assert adapter.source(request).patient != patients[request.case_id]
        else:
            assert adapter.source(request).id in seen


def test_uncopied_images_have_the_labels_and_view_asked_for() -> None:
    data = toy(train=120)
    adapter = build(data.context(share=0.0))
    cases = {case.id: case for case in data.split.cases("test")}
    for request in many(data, draws=2):
        asked, shown = cases[request.case_id], adapter.source(request)
        assert (shown.labels, shown.view) == (asked.labels, asked.view)


def test_an_image_follows_from_its_request_alone() -> None:
    data = toy(train=60)
    requests = many(data, draws=4)
    adapter = build(data.context(share=0.5, kind="noisy"))
    together = adapter.generate(requests)
    alone = [build(data.context(share=0.5, kind="noisy")).generate([request])[0] for request in reversed(requests)]
    assert all((one == other).all() for one, other in zip(together, reversed(alone), strict=True))


def test_a_larger_share_adds_copies_and_takes_none_away() -> None:
    data = toy(train=60)
    few, more = (build(data.context(share=share)) for share in (0.1, 0.4))
    assert all(more.copies(request) for request in many(data) if few.copies(request))


@pytest.fixture
def picture() -> Image:
    rows, columns = np.mgrid[0:64, 0:80]
    return (60 + rows + columns / 2).astype(np.uint8)


def test_disguises_are_what_they_say(picture: Image) -> None:
    shown = {kind: hide(picture, 10.0, np.random.default_rng(0)) for kind, hide in DISGUISES.items()}
    assert all(image.shape == picture.shape and image.dtype == np.uint8 for image in shown.values())
    assert (shown["exact"] == picture).all()
    assert (shown["flipped"] == picture[:, ::-1]).all()
    assert abs((shown["noisy"].astype(float) - picture).std() - 10) < 0.5
    # A ramp cut to 90 % of its side and enlarged again is a ramp with 90 % of the slope.
    assert np.diff(shown["cropped"].astype(float), axis=0)[5:-5].mean() == pytest.approx(0.9, abs=0.02)
    contrasted = shown["contrast"].astype(int)
    order = np.argsort(picture, axis=None, kind="stable")
    assert (np.diff(contrasted.reshape(-1)[order]) >= 0).all() and np.ptp(contrasted) > 1.2 * np.ptp(picture)


@pytest.mark.parametrize("options", [{"share": 1.5}, {"share": "nan"}, {"kind": "rotated"}, {"sigma": -1}])
def test_options_must_make_sense(options: dict[str, object]) -> None:
    with pytest.raises(UserError, match="copier"):
        build(toy().context(**options))


def test_needs_training_patients_on_both_sides() -> None:
    with pytest.raises(UserError, match="train"):
        build(BuildContext())
    with pytest.raises(UserError, match="too few"):
        build(toy(train=2).context())
    assert training_cases(BuildContext()) is None
