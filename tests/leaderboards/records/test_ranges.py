"""Every metric has a range, and numbers outside are refused by name."""

from __future__ import annotations

import math
import re
from pathlib import Path

import made_up_record
import pytest
from pydantic import ValidationError

import mirb
from chexgenbench.metrics.registry import MODULES, module_of
from leaderboards.records import ranges
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.registry import ESTIMATORS


def result(**changes: object) -> MetricResult:
    data = {
        "metric": "precision_lite0", "family": "fidelity", "estimator": "clustered_mean", "value": 0.5,
        "n_generated": 100, "n_reference": 100, "direction": "higher", "interval_reason": "none",
    }  # fmt: skip
    return MetricResult.model_validate(data | changes)


def test_every_estimator_has_a_range_and_no_range_is_left_over() -> None:
    assert set(ranges.ESTIMATORS) == set(ESTIMATORS)
    assert {estimator for estimator, _ in ranges.METRICS} <= set(ESTIMATORS)


def test_every_metric_of_a_generic_estimator_has_a_range_of_its_own() -> None:
    """Both protocols; with and without an encoder's name behind the metric's."""
    used = set()
    for name in MODULES:
        module = module_of(name)
        for metric in (getattr(module, each, None) for each in ("METRIC", "PUBLISHED")):
            if metric is None:
                continue
            key = (metric.estimator, metric.name)
            used.add(key)
            if metric.estimator in ranges.GENERIC:
                assert key in ranges.METRICS, f"{name} of {metric.estimator} has no range"
            for full in (metric.name, metric.full_name("lite0"), metric.full_name("rad-dino")):
                expected = ranges.METRICS.get(key, ranges.ESTIMATORS[metric.estimator])
                assert ranges.range_of(full, metric.estimator) == expected, full
    of_mirb = {("stratified_rate", "accuracy_above_chance")}
    assert set(ranges.METRICS) - used == of_mirb


def test_the_generic_are_those_without_bounds() -> None:
    unbounded = {name for name, each in ranges.ESTIMATORS.items() if each == ranges.ANY}
    signed = {"mmd", "log_frechet", "fld", "ct_score"}  # any real number by definition
    assert unbounded == ranges.GENERIC | signed


def test_mirb_uses_no_estimator_whose_range_says_nothing() -> None:
    """Every text in mirb's source that names an estimator: each of its metrics is one of those."""
    folder = Path(mirb.__file__).parent
    words = {word for path in folder.rglob("*.py") for word in re.findall(r'"(\w+)"', path.read_text("utf-8"))}
    used = words & set(ESTIMATORS)
    assert {"stratified_rate", "paired_rate", "position_bias"} <= used
    assert not used & (ranges.GENERIC | {"mmd", "log_frechet", "fld", "ct_score"})


def test_a_metric_of_mirb_is_a_rate_or_a_difference() -> None:
    for name in ("accuracy", "accuracy_macro", "unparsed", "truncated", "flips_image_order", "right_without_needed"):
        assert ranges.range_of(name, "stratified_rate") == ranges.SHARE
    assert ranges.range_of("accuracy_above_chance", "stratified_rate").low == -math.inf
    assert ranges.range_of("change_concat", "paired_rate")[:2] == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": 1.2}, r"value 1.2 of precision_lite0 is outside \[0, 1\]"),
        ({"value": -0.1}, r"\[0, 1\]"),
        ({"low": -0.2, "high": 0.6}, "low -0.2 of precision_lite0"),
        ({"low": 0.2, "high": 1.6}, "high 1.6 of precision_lite0"),
        ({"low": 0.6, "high": 0.4}, "ends"),
        ({"se": -0.01}, r"se -0.01 of precision_lite0 is outside \[0, inf\)"),
        ({"level": 1.0}, "level 1.0"),
        ({"metric": "fid_lite0", "estimator": "frechet", "value": -1.0}, r"outside \[0, inf\)"),
        ({"metric": "alignment_biovilt", "estimator": "image_text", "value": -1.2}, r"outside \[-1, 1\]"),
        ({"metric": "mia_auroc_lite0", "estimator": "auroc", "value": 1.01}, r"outside \[0, 1\]"),
        ({"metric": "vendi_lite0", "estimator": "vendi", "value": 101.0}, r"outside \[1, 100\]"),
        ({"metric": "reid_count_siamese", "estimator": "scalar", "value": 101.0}, r"outside \[0, 100\]"),
        ({"metric": "pixel_distance", "estimator": "scalar", "value": 256.0}, r"outside \[0, 255\]"),
        ({"metric": "authpct_lite0", "estimator": "against_held_out", "value": 101.0}, r"outside \[0, 100\]"),
        ({"metric": "inception_score_lite0", "estimator": "inception_score", "value": 0.9}, r"outside \[1, inf\)"),
        ({"metric": "report_bleu4", "estimator": "report_scores", "value": 31.0}, r"outside \[0, 1\]"),
        ({"metric": "accuracy_above_chance", "estimator": "stratified_rate", "value": 1.1}, r"outside \(-inf, 1\]"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        result(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 1.0 + 2e-16, "low": 1.0, "high": 1.0},
        {"metric": "fid64_lite0", "estimator": "frechet", "value": 0.2, "low": -0.1, "high": 0.1},
        {"metric": "kid_lite0", "estimator": "mmd", "value": -0.001},
        {"metric": "density_lite0", "value": 3.4},
        {"metric": "report_bleu4", "estimator": "report_scores", "value": 31.0, "parameters": {"scale": 100.0}},
        {"metric": "somebodys_own", "estimator": "scalar", "value": -1e9},
    ],
)
def test_what_can_be_is_not(changes: dict[str, object]) -> None:
    result(**changes)


def test_a_record_with_an_impossible_number_is_refused() -> None:
    data = made_up_record.record().model_dump(mode="json")
    changed = next(each for each in data["results"] if each["metric"] == "recall_lite0")
    changed["value"] = 1.5
    from leaderboards.records.schema import ResultRecord

    with pytest.raises(ValidationError, match="recall_lite0"):
        ResultRecord.model_validate(data)
