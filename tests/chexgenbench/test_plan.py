"""Which cases play which part."""

from __future__ import annotations

import pytest

from chexgenbench.plan import Plan, resolve
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
    trained = {case.id for case in (*plan.synthetic, *plan.probes)}
    further = (len(plan.drawn) + len(plan.probes)) * (plan.protocol.draws - 1)
    assert len(requests) == len(plan.cases) + len(trained) + further
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


def test_training_prompts_are_drawn_only_where_a_metric_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(config(metrics=["kid"])).synthetic == resolve(config(metrics=["kid"])).probes == ()
    plan = with_needs(monkeypatch, {"probes", "synthetic", "corpus", "controls"})
    train = {case.id for case in plan.split.cases("train")}
    assert {case.id for case in (*plan.synthetic, *plan.probes, *plan.corpus)} <= train
    assert len(plan.corpus) == plan.seen == len(train), "the whole training set is searched"
    assert len({case.patient for case in plan.probes}) == len(plan.probes) > 1, "one a patient"
    assert {case.id for case in plan.probes} <= {case.id for case in plan.synthetic} <= {c.id for c in plan.corpus}
    draws = plan.protocol.draws
    keys = [(request.case_id, request.draw) for request in plan.requests]
    wanted = len(plan.cases) + len(plan.synthetic) + (draws - 1) * (len(plan.drawn) + len(plan.probes))
    assert len(keys) == len(set(keys)) == wanted and draws > 1


def test_a_smaller_corpus_still_holds_every_case_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = with_needs(monkeypatch, {"probes", "corpus"}, max_corpus=30, probe_prompts=8)
    assert 2 <= len(plan.corpus) <= 30 < plan.seen
    assert {case.id for case in plan.probes} <= {case.id for case in plan.corpus}


def test_a_model_that_saw_half_of_the_training_set_is_searched_against_that_half(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from model_adapters.generators.copier import training_cases
    from model_adapters.protocols import BuildContext

    plan = with_needs(monkeypatch, {"probes", "corpus"}, model="copier")
    known = training_cases(BuildContext(split=plan.split))
    assert known is not None and {case.id for case in plan.corpus} == set(known)
    assert plan.seen == len(known) < len(plan.split.cases("train"))


def with_needs(monkeypatch: pytest.MonkeyPatch, needs: set[str], model: str = "constant", **sizes: int) -> Plan:
    """The plan of a protocol whose metrics need these things."""
    from dataclasses import replace

    from chexgenbench import protocols

    protocol = replace(protocols.load("v2"), **sizes)  # type: ignore[arg-type]
    monkeypatch.setattr(protocols, "load", lambda *_: protocol)
    monkeypatch.setattr(type(protocol), "needs", frozenset(needs))
    return resolve(config(model=model))
