"""Every metric of the quick protocol has its row or a reason, every control exists, and rules read results right."""

from __future__ import annotations

from typing import Any

import pytest

from chexgenbench.controls.table import CONTROLS, NO_CONTROL, RULES, exposed
from chexgenbench.protocols import load
from leaderboards.records.schema import MetricResult
from model_adapters.generators import GENERATORS


def result(metric: str, variant: str = "raw", **changes: Any) -> MetricResult:
    data = {"metric": metric, "family": "fidelity", "variant": variant, "estimator": "scalar", "direction": "lower"}
    return MetricResult.model_validate(data | {"value": 1.0, "n_generated": 9, "n_reference": 9} | changes)


def test_every_metric_has_a_row_or_a_reason() -> None:
    protocol = load("v2", "quick")
    names = {protocol.metric(use.metric).full_name(use.encoder): use.metric for use in protocol.uses}
    rows = {rule.metric for rule in RULES}
    assert rows <= set(names) and len(rows) == len(RULES)
    assert {base for name, base in names.items() if name not in rows} == set(NO_CONTROL)
    assert all(NO_CONTROL.values())


def test_every_control_is_a_generator_and_no_metric_has_to_expose_what_it_must_pass() -> None:
    for model, options in CONTROLS.values():
        assert set(options) <= set(GENERATORS.options(model))
    for rule in RULES:
        assert {*rule.exposes, *rule.passes} <= set(CONTROLS)
        assert not set(rule.exposes) & set(rule.passes), rule.metric


def test_every_control_is_exposed_by_something_and_a_perfect_generator_by_nothing() -> None:
    caught = {control for rule in RULES for control in rule.exposes}
    assert caught == set(CONTROLS) - {"perfect"}
    assert sum("perfect" in rule.passes for rule in RULES) > 30


def rule_of(metric: str) -> Any:
    return next(rule for rule in RULES if rule.metric == metric)


@pytest.mark.parametrize(
    ("metric", "raw", "floor", "expected"),
    [
        ("kid_lite0", {"value": 3.0, "low": 2.0, "high": 4.0}, {"value": 1.0, "low": 0.5, "high": 1.5}, True),
        ("kid_lite0", {"value": 1.2, "low": 1.0, "high": 1.4}, {"value": 1.0, "low": 0.5, "high": 1.5}, False),
        ("fid_lite0", {"value": 3.0}, {"value": 2.0}, True),
        ("recall_lite0", {"value": 0.1, "low": 0.0, "high": 0.2}, {"value": 0.9, "low": 0.8, "high": 1.0}, True),
        ("prompt_choice_lite0", {"value": 0.6, "low": 0.49, "high": 0.7}, None, True),
        ("prompt_choice_lite0", {"value": 0.6, "low": 0.55, "high": 0.7}, None, False),
        ("prompt_choice_lite0", {"value": 0.5}, None, True),
        ("copy_rate_grey64", {"value": 0.2, "low": 0.1, "high": 0.3}, None, True),
        ("copy_rate_grey64", {"value": 0.01, "low": 0.0, "high": 0.03}, None, False),
        ("exposure_lite0", {"extra": {"copies_low": 0.02}}, None, True),
        ("exposure_lite0", {"extra": {}}, None, False),
        ("nn_distance_lite0", {"extra": {"above_real_high": -0.1}}, None, True),
        ("retrieval_lite0", {"value": 0.3, "low": 0.2, "high": 0.4, "extra": {"chance": 0.1}}, None, False),
        ("retrieval_lite0", {"value": 0.1, "low": 0.05, "high": 0.2, "extra": {"chance": 0.1}}, None, True),
        ("permutation_p_lite0", {"value": 0.001}, None, True),
        ("ms_ssim_diversity", {"value": 0.5}, None, False),
    ],
)
def test_rules_read_intervals_extras_and_floors(metric: str, raw: Any, floor: Any, expected: bool) -> None:
    found = [result(metric, **raw)] + ([] if floor is None else [result(metric, "floor", **floor)])
    assert exposed(rule_of(metric), found) is expected


def test_an_undefined_result_is_neither_exposed_nor_passed_and_an_absent_one_is_an_error() -> None:
    assert exposed(rule_of("reid_lite0"), [result("reid_lite0", value=None, reason="too few")]) is None
    with pytest.raises(KeyError):
        exposed(rule_of("reid_lite0"), [])
