"""A number, a benchmark record or a certificate that does not follow is named."""

from __future__ import annotations

import pytest
from made_studies import own_study, record_study
from made_submissions import run_folder

from leaderboards.records.io import read_record, record_hash
from leaderboards.records.method_check import benchmark_score, check
from leaderboards.records.method_record import MethodRecord
from leaderboards.records.schema import ResultRecord


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ResultRecord]:
    folder = tmp_path_factory.mktemp("runs")
    records = [read_record(run_folder(folder / name, name, seed)) for seed, name in enumerate("ab")]
    return {record_hash(each): each for each in records}


def changed(record: MethodRecord, **facts: object) -> MethodRecord:
    """With other facts in the first score, unchecked."""
    first = record.arms[0]
    score = first.scores[0].model_copy(update=facts)
    arm = first.model_copy(update={"scores": [score, *first.scores[1:]]})
    return record.model_copy(update={"arms": [arm, *record.arms[1:]]})


def test_an_honest_study_follows() -> None:
    assert check(own_study(), {}.get) == []


@pytest.mark.parametrize("facts", [{"value": 0.9}, {"low": 0.1}, {"high": None}, {"n": 13}])
def test_a_changed_number_is_named(facts: dict[str, object]) -> None:
    [name] = facts
    [line] = check(changed(own_study(), **facts), {}.get)
    assert line.startswith(f"fw-hard, twelve clients, accuracy: {name} recorded")


def test_a_forged_certificate_is_named() -> None:
    record = own_study()
    certificate = record.arms[0].scores[0].certificate
    assert certificate is not None
    forged = changed(record, certificate=certificate.model_copy(update={"value": 0.01}))
    assert any("certificate" in line and "value" in line for line in check(forged, {}.get))


def test_numbers_of_benchmark_records(held: dict[str, ResultRecord]) -> None:
    one, two = held.items()
    record = record_study(one, two, "precision_lite0")
    assert record.arms[0].scores[0].n == 60 and check(record, held.get) == []
    assert "no benchmark record" in check(record, {}.get)[0]
    assert "value recorded" in check(changed(record, value=0.123), held.get)[0]
    assert "has no fid_nothing" in check(changed(record, metric="fid_nothing"), held.get)[0]
    assert "direction or unit" in check(changed(record, direction="lower"), held.get)[0]


def test_several_records_are_seeds(held: dict[str, ResultRecord]) -> None:
    score = benchmark_score("made-up", [*held.items()], "precision_lite0")
    values = [next(r.value for r in each.results if r.metric == "precision_lite0") for each in held.values()]
    assert (
        score.value == pytest.approx(sum(each for each in values if each is not None) / 2) and len(score.records) == 2
    )
    assert score.high is not None and score.value is not None and score.high > score.value


def test_an_undefined_result_has_its_reason(held: dict[str, ResultRecord]) -> None:
    score = benchmark_score("made-up", [next(iter(held.items()))], "reid")
    assert score.value is None and "50 are needed" in str(score.reason)
    with pytest.raises(ValueError, match="has no"):
        benchmark_score("made-up", [next(iter(held.items()))], "nothing")


def test_a_hidden_credentialed_record_is_named(held: dict[str, ResultRecord]) -> None:
    one, two = held.items()
    record = record_study(one, two, "precision_lite0")
    secret = one[1].model_copy(update={"split": {**one[1].split, "credentialed": True}})
    assert any("credentialed" in line for line in check(record, {**held, one[0]: secret}.get))
