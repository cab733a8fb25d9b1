"""Which cases play which part."""

from __future__ import annotations

import pytest

from chexgenbench.plan import resolve
from chexgenbench.run_folder import RunConfig
from data_splits.errors import UserError

SMALL = {"train": "40", "test": "25"}


def config(**changes: object) -> RunConfig:
    return RunConfig.model_validate({"model": "constant", "split": "phantom", "split_options": SMALL} | changes)


def test_parts_share_no_patient_and_the_floor_is_no_larger_than_the_question() -> None:
    plan = resolve(config())
    patients = [{case.patient for case in part} for part in (plan.cases, plan.fit, plan.floor)]
    assert all(patients) and not (patients[0] & patients[1] or patients[0] & patients[2] or patients[1] & patients[2])
    assert len(plan.floor) <= len(plan.cases)
    assert plan.subset == "test" and plan.reference == plan.cases


def test_every_model_and_run_seed_is_asked_the_same_cases_with_other_seeds() -> None:
    one, two = resolve(config()), resolve(config(seed=7, model="memoriser"))
    assert [case.id for case in one.cases] == [case.id for case in two.cases]
    assert [case.id for case in one.drawn] == [case.id for case in two.drawn]
    assert not {request.seed for request in one.requests} & {request.seed for request in two.requests}


def test_requests_are_one_a_case_then_further_draws_all_with_their_own_seed() -> None:
    plan = resolve(config())
    requests = plan.requests
    assert [request.case_id for request in requests[: len(plan.cases)]] == [case.id for case in plan.cases]
    assert len(requests) == len(plan.cases) + len(plan.drawn) * (plan.protocol.draws - 1)
    assert len({request.seed for request in requests}) == len({(r.case_id, r.draw) for r in requests}) == len(requests)


def test_limits_keep_whole_patients_and_are_part_of_the_protocol() -> None:
    plan, whole = resolve(config(limit=10)), resolve(config())
    assert 2 <= len(plan.cases) <= 10
    chosen = {case.patient for case in plan.cases}
    assert [case.id for case in whole.cases if case.patient in chosen] == [case.id for case in plan.cases]
    assert plan.protocol.hash != whole.protocol.hash


def test_training_cases_are_never_compared_with_themselves() -> None:
    plan = resolve(config(subset="train", limit=20))
    evaluated = {case.patient for case in plan.cases}
    assert not evaluated & {case.patient for case in (*plan.fit, *plan.floor)}


def test_no_further_draws_where_no_metric_needs_them() -> None:
    assert resolve(config(metrics=["kid"])).drawn == ()


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(UserError, match="at least 2"):
        resolve(config(split_options={"train": "4", "test": "1"}, limit=2, subset="test", seed=1))
