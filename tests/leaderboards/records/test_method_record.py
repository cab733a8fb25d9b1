"""What no method record may be: without a control, without the test-set bound, with values of credentialed cases."""

from __future__ import annotations

from typing import Any

import pytest
from made_claims import occam
from made_studies import DATA, own_study, study
from pydantic import ValidationError

from leaderboards.records.method_record import Arm, MethodRecord, Score, own_score
from leaderboards.statistics.certificates.certify import certify


def arms(**second: Any) -> list[Arm]:
    """A method and a control with one score each."""
    score = own_score("t", "accuracy", "higher", "seed", [0.1, 0.2, 0.4])
    control: dict[str, Any] = {"name": "c", "role": "control", "scores": [score]}
    return [Arm(name="m", role="method", scores=[score]), Arm(**(control | second))]


def test_a_study_that_holds() -> None:
    record = own_study()
    assert [each.role for each in record.arms] == ["method", "control"]
    assert MethodRecord.model_validate(record.model_dump(mode="json")) == record


@pytest.mark.parametrize(
    ("second", "match"),
    [
        ({"role": "method"}, "one control"),
        ({"name": "m"}, "one name"),
        ({"scores": [own_score("t", "loss", "lower", "seed", [1.0])]}, "lacks a score"),
        ({"scores": [own_score("t", "accuracy", "lower", "seed", [0.1, 0.2, 0.4])]}, "another unit or direction"),
        ({"scores": [own_score("t", "accuracy", "higher", "seed", [0.1, 0.2])]}, "other units"),
        ({"scores": [own_score("t", "accuracy", "higher", "client", [0.1, 0.2, 0.4])]}, "other units"),
        ({"seconds": float("inf")}, "finite"),
        ({"seconds": 1e300}, "less than or equal"),
        ({"trainable": 10**15}, "less than or equal"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_what_a_study_may_not_be(second: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        study(arms(**second))


def test_a_score_that_diverged_says_so() -> None:
    gone = Score(task="t", metric="accuracy", direction="higher", reason="diverged in all seeds")
    assert study(arms(scores=[gone])).arms[1].scores[0].value is None


@pytest.mark.parametrize(
    "facts",
    [
        {"value": 0.5},
        {"value": 0.5, "records": ["5b" * 32], "values": [0.5], "per": "seed"},
        {"value": 0.5, "values": [0.5]},
        {"value": 0.5, "values": [0.5], "per": "seed", "indicator": True},
        {"reason": "none", "values": [0.5], "per": "seed"},
        {},
        {"value": 0.5, "records": ["not a hash"]},
    ],
)
def test_a_score_rests_on_one_thing(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Score(task="t", metric="accuracy", direction="higher", **facts)


def test_a_bound_stands_beside_the_test_set_bound() -> None:
    with pytest.raises(ValidationError, match="lacks the test-set bound"):
        own_score("t", "accuracy", "higher", "seed", [0.5], certificate=certify(occam()))
    with pytest.raises(ValidationError, match="not held-out"):
        own_score("t", "accuracy", "higher", "seed", [0.5], certificate=certify(occam()), test_set=certify(occam()))


def test_single_cases_of_credentialed_data_stay_home() -> None:
    secret = DATA.model_copy(update={"credentialed": True})
    score = own_score("t", "accuracy", "higher", "case", [1.0, 0.0], indicator=True)
    each = [Arm(name=name, role=role, scores=[score]) for name, role in (("m", "method"), ("c", "control"))]
    assert study(each)
    with pytest.raises(ValidationError, match="stay on your machine"):
        study(each, data=[secret])
    assert study(arms(), data=[secret])  # means over seeds may leave
