import pytest
from toy_split import toy

from data_splits.errors import UserError
from model_adapters.generators.real_holdout import build
from model_adapters.protocols import GenerationRequest


def shown(data, requests, **options) -> list[str]:
    return [data.case(image).id for image in build(data.context(**options)).generate(requests)]


def test_matches_labels_and_view_without_repetition_while_images_last() -> None:
    data = toy(train=24, test=12)
    requests = data.requests(0) + data.requests(1)
    ids = shown(data, requests)
    assert sorted(ids) == sorted(case.id for case in data.split.cases("train"))
    by_id = {case.id: case for case in data.split.cases("train")}
    for request, name in zip(requests, ids, strict=True):
        asked = data.split.cases("test")[int(request.case_id[1:])]
        assert (by_id[name].labels, by_id[name].view) == (asked.labels, asked.view)


def test_images_come_again_only_when_all_were_used() -> None:
    data = toy(train=6, test=12)
    ids = shown(data, data.requests())
    assert {ids.count(name) for name in ids} == {2} and len(set(ids)) == 6


def test_order_of_requests_does_not_matter() -> None:
    data = toy()
    requests = data.requests(0) + data.requests(1)
    forward, backward = shown(data, requests), shown(data, requests[::-1])
    assert forward == backward[::-1]
    assert forward != shown(data, requests, shuffle_seed=1)


def test_a_training_case_never_gets_its_own_patient() -> None:
    data = toy()
    ids = shown(data, data.requests(subset="train"))
    by_id = {case.id: case for case in data.split.cases("train")}
    asked = [by_id[request.case_id] for request in data.requests(subset="train")]
    assert all(by_id[name].patient != case.patient for case, name in zip(asked, ids, strict=True))


def test_foreign_cases_and_a_single_patient_are_errors() -> None:
    with pytest.raises(UserError, match="none of them"):
        build(toy().context()).generate([GenerationRequest("x", "", 0)])
    data = toy(train=2)
    with pytest.raises(UserError, match="more than one patient"):
        build(data.context()).generate(data.requests(subset="train"))
