"""A record that was changed, or whose statistics were, is found out by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from data_splits.errors import UserError
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import read_record, record_hash, write_record
from leaderboards.records.recompute import check_run, recompute
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.registry import estimate


def result(reference: str | None, value: float, **more: object) -> MetricResult:
    data = {
        "metric": "m",
        "family": "fidelity",
        "value": value,
        "n_generated": 3,
        "n_reference": 3,
        "estimator": "scalar",
        "interval_reason": "no interval exists for this definition",
        "statistics": reference,
        "direction": "lower",
    }
    return MetricResult.model_validate(data | more)


def write_run(folder: Path, value: float = 0.1) -> ResultRecord:
    writer = StatisticsWriter(folder / "statistics")
    reference = writer.add("m", "overall", "raw", {"value": np.array(0.1)})
    other = writer.add("m", "sex=F", "raw", {"value": np.array([7.0])})
    record = ResultRecord(
        benchmark="chexgenbench",
        protocol="v2",
        protocol_hash="0",
        split={"name": "s"},
        model={"name": "m"},
        run_seed=0,
        samples_hash="0",
        encoders=[],
        results=[
            result(reference, value),
            result(other, 7.0, group="sex=F"),
            result(None, 3.0, group="sex=M"),
            result(None, 0.0, metric="k").model_copy(update={"value": None, "reason": "no images"}),
        ],
        statistics=writer.close(),
    )
    write_record(folder, record)
    return record


def test_an_honest_record_has_no_discrepancy(tmp_path: Path) -> None:
    record = write_run(tmp_path)
    assert recompute(tmp_path) == []
    check = check_run(tmp_path)
    assert (check.recomputed, check.undefined, check.without_statistics) == (2, 1, ("m, sex=M, raw",))
    assert read_record(tmp_path) == record
    digest, name = (tmp_path / "record.sha256").read_text().split()
    assert name == "record.json" and digest == record_hash(record)


def test_a_changed_number_is_named(tmp_path: Path) -> None:
    write_run(tmp_path, value=0.1 + 1e-8)
    (found,) = recompute(tmp_path)
    assert (found.metric, found.group, found.field, found.recorded, found.recomputed) == (
        "m",
        "overall",
        "value",
        0.1 + 1e-8,
        0.1,
    )


def test_the_last_digits_may_differ(tmp_path: Path) -> None:
    write_run(tmp_path, value=0.1 + 1e-12)
    assert recompute(tmp_path) == []


def test_a_changed_interval_reason_or_extra_is_named(tmp_path: Path) -> None:
    record = write_run(tmp_path)
    first = record.results[0]
    for change, field in [
        ({"low": 0.0}, "low"),
        ({"se": 0.1}, "se"),
        ({"extra": {"x": 1.0}}, "extra.x"),
        ({"reason": "r"}, "reason"),
        ({"interval_reason": "r"}, "interval_reason"),
        ({"method": "exact"}, "method"),
    ]:
        write_record(tmp_path, record.model_copy(update={"results": [first.model_copy(update=change)]}))
        assert [found.field for found in recompute(tmp_path)] == [field]


def test_changed_files_are_named(tmp_path: Path) -> None:
    write_run(tmp_path)
    path = tmp_path / "statistics" / "metric.m.safetensors"
    save_file({key: np.asarray(value + 1) for key, value in load_file(path).items()}, path)
    fields = [(found.metric, found.group, found.field) for found in recompute(tmp_path)]
    assert fields == [("metric.m.safetensors", "", "sha256"), ("m", "overall", "value"), ("m", "sex=F", "value")]
    path.unlink()
    assert [found.field for found in recompute(tmp_path)] == ["sha256", "estimate", "estimate"]


def test_a_record_edited_by_hand_no_longer_has_its_hash(tmp_path: Path) -> None:
    write_run(tmp_path)
    path = tmp_path / "record.json"
    path.write_text(path.read_text().replace('"run_seed":0', '"run_seed":1'))
    (found,) = recompute(tmp_path)
    assert (found.metric, found.field) == ("record.json", "sha256")


@pytest.mark.parametrize(
    ("change", "message"),
    [({"surprise": 1}, "surprise"), ({"run_seed": "x"}, "run_seed"), ({"results": [{}]}, "results.0")],
)
def test_a_record_of_another_shape_is_refused_in_a_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    write_run(tmp_path)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=message) as error:
        read_record(tmp_path)
    assert len(str(error.value)) < 400


def test_nan_and_repeated_results_are_refused(tmp_path: Path) -> None:
    record = write_run(tmp_path)
    path = tmp_path / "record.json"
    path.write_text(path.read_text().replace('"value":7.0', '"value":NaN'))
    with pytest.raises(UserError, match="NaN"):
        read_record(tmp_path)
    with pytest.raises(ValueError, match="two results"):
        write_record(tmp_path, record.model_copy(update={"results": record.results[:1] * 2}))
    with pytest.raises(UserError, match="no record"):
        read_record(tmp_path / "elsewhere")


def test_metric_result_takes_numpy_scalars() -> None:
    answer = estimate("scalar", {"value": np.array(0.25)})
    line = metric_result(
        answer,
        metric="kid_lite0",
        family="fidelity",
        direction="lower",
        estimator="scalar",
        n_generated=np.int64(4),
        n_reference=5,
        parameters={"blocks": np.int64(3), "exact": np.bool_(True)},
    )
    assert (
        line.value == 0.25
        and line.parameters == {"blocks": 3, "exact": True}
        and type(line.parameters["blocks"]) is int
    )
