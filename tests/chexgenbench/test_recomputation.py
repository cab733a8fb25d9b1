"""What any metric measures can be stored, hashed and recomputed without torch, to the last digit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chexgenbench.metrics.base import Draws, MetricInput, Side, StoredRows
from chexgenbench.metrics.registry import MODULES, find, module_of
from chexgenbench.projection import Projection
from chexgenbench.protocols import load
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.recompute import check_run
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.registry import estimate

N, DIM = 120, 12


def side(name: str, seed: int, shift: float = 0.0) -> Side:
    rng = np.random.default_rng(seed)
    features = (rng.normal(size=(N, DIM)) @ rng.normal(size=(DIM, DIM)) + shift).astype(np.float32)
    patients = np.array([f"p{i // 2}" for i in range(N)])
    return Side(features, patients, np.array([f"c{i}" for i in range(N)]), np.arange(N), f"enc.{name}")


def metric_input(protocol: str) -> tuple[MetricInput, dict[str, Side]]:
    sides = {"generated": side("generated", 1, 0.3), "reference": side("reference", 2), "fit": side("fit", 3)}
    rng = np.random.default_rng(4)
    draws = Draws(
        patients=np.array([f"p{i}" for i in range(6)]),
        ids=np.array([f"c{i}" for i in range(6)]),
        load=lambda prompt, draw: np.random.default_rng((prompt, draw)).integers(0, 256, (192, 192)).astype(np.uint8),
        count=2,
    )
    data = MetricInput(
        sides["generated"], sides["reference"], "enc", 7, train=sides["fit"], draws=draws,
        class_weight=rng.normal(size=(5, DIM)).astype(np.float32), class_bias=np.zeros(5, np.float32),
        projection=Projection.fit(sides["fit"].features),
    )  # fmt: skip
    return data, sides


OFFERED = {"encoder", "train", "class_head", "draws", "projection"}
"""What the made-up input has. Metrics that need more are recomputed from a whole run below."""


def score(name: str, protocol: str, writer: StatisticsWriter) -> MetricResult | None:
    metric = find(name, protocol)
    if metric is None or not metric.needs <= OFFERED:
        return None
    data, sides = metric_input(protocol)
    measured = metric.measure(data)
    if measured.reason is not None:  # it looks at labels or pixels, which the made-up cases lack
        return None
    features = {each.source: each.features for each in sides.values()}
    arrays: Mapping[str, Any] = {
        key: features[value.source][value.rows] if isinstance(value, StoredRows) else value
        for key, value in measured.arrays.items()
    }
    answer = estimate(metric.estimator, arrays, measured.parameters)
    assert answer.value is not None
    full = f"{protocol}.{metric.full_name('enc')}"
    return metric_result(
        answer, metric=full, family=metric.family, direction=metric.direction, estimator=metric.estimator,
        n_generated=N, n_reference=N, statistics=writer.add(full, "overall", "raw", measured.arrays),
        parameters=measured.parameters,
    )  # fmt: skip


NOT_IN_A_SMALL_RUN = {"noise_norm", "prompt_cut", "reid", "reid_rate", "mifid", "utility_dice"}
"""Metrics of v2 that take a model that reads text, or more patients than the small run has; the runs of the control
table (slow) recompute the latter."""


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    writer = StatisticsWriter(folder / "statistics")
    for each in metric_input("v2")[1].values():
        assert each.source is not None
        writer.add_source(each.source, each.features)
    scored = [score(name, protocol, writer) for name in MODULES for protocol in ("v2", "v1")]
    record = ResultRecord(
        benchmark="chexgenbench", protocol="v2", protocol_hash="0", split={"name": "s"}, model={"name": "m"},
        run_seed=0, samples_hash="0", encoders=[],
        results=[result for result in scored if result], statistics=writer.close(),
    )  # fmt: skip
    write_record(folder, record)
    return folder


def test_every_metric_is_recomputed_from_made_up_features_or_from_a_whole_run(
    run_folder: Path, small_run: Path
) -> None:
    covered = set()
    for folder in (run_folder, small_run):
        check = check_run(folder)
        assert check.discrepancies == () and check.without_statistics == ()
        results = json.loads((folder / "record.json").read_text())["results"]
        names = {each["metric"] for each in results if each["statistics"]}
        covered |= {name for name in MODULES if any(each.removeprefix("v2.").startswith(name) for each in names)}
    offline = {use.metric for use in load("v2", "quick").uses}
    assert offline - covered == NOT_IN_A_SMALL_RUN


def test_recomputation_needs_no_torch_and_no_benchmark(run_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from leaderboards.records.recompute import check_run;"
        f"check = check_run(Path({str(run_folder)!r})); print(check.recomputed, len(check.discrepancies),"
        "[name for name in ('torch', 'chexgenbench', 'model_adapters', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    recomputed, wrong, loaded = done.stdout.strip().split(" ", 2)
    assert int(recomputed) > 25 and wrong == "0" and loaded == "[]"


def test_a_change_of_any_value_is_found(run_folder: Path, tmp_path: Path) -> None:
    data = json.loads((run_folder / "record.json").read_text())
    for result in data["results"]:
        result["value"] *= 1.001
    (tmp_path / "statistics").symlink_to(run_folder / "statistics")
    write_record(tmp_path, ResultRecord.model_validate(data))
    found = {each.metric for each in check_run(tmp_path).discrepancies}
    assert found == {result["metric"] for result in data["results"] if result["value"] != 0}


def test_every_module_defines_a_metric() -> None:
    for name in MODULES:
        module = module_of(name)
        assert getattr(module, "METRIC", None) or getattr(module, "PUBLISHED", None), name
