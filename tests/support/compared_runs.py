"""Run folders of made-up models on the same made-up cases, with real arrays and real estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from made_features import side

from chexgenbench.kernels import pair_sums
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.kernel_tiles import Polynomial
from leaderboards.statistics.registry import estimate

CASES, DIM = 120, 6
DIRECTIONS = {"kid": "lower", "precision": "higher", "fid": "lower", "utility_auroc": "higher", "fid_alone": "lower"}


def arrays_of(shift: float, right: float, seed: int) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """metric -> (estimator, arrays, parameters) of a model whose images are off by `shift` and right so often."""
    real = np.random.default_rng(0).normal(size=(CASES, DIM)).astype(np.float32)
    rng = np.random.default_rng(seed)
    drawn = (real + shift + 0.5 * rng.normal(size=real.shape)).astype(np.float32)
    patients = np.arange(CASES) // 2
    hard = np.random.default_rng(1).random(CASES)
    values = (hard < right).astype(np.float64)
    truth = (np.random.default_rng(2).random((CASES, 2)) < 0.5).astype(np.uint8)
    noise = np.random.default_rng(3).normal(size=(2, CASES, 2))
    score = 1 / (1 + np.exp(-(noise + (2 * right - 1) * 2 * (truth[None] - 0.5))))
    block = patients // 3
    frechet = {"generated": drawn, "generated_block": block, "reference": real, "reference_block": block}
    kernel = Polynomial.of_kid(DIM)
    return {
        "kid": ("mmd", dict(pair_sums(side(drawn, patients), side(real, patients), kernel)), {}),
        "precision": ("clustered_mean", {"values": values, "cluster": patients}, {"seed": 1, "indicator": True}),
        "fid": ("frechet", frechet, {}),
        "utility_auroc": (
            "classification",
            {"truth": truth, "cluster": patients, "tstr": score.astype(np.float32)},
            {"statistic": "auroc", "labels": "A|B", "arms": "tstr", "seed": 4, "replicates": 200},
        ),
    }


def run_folder(folder: Path, name: str, shift: float = 0.0, right: float = 0.7, seed: int = 5, **record: Any) -> Path:
    """A run folder of a made-up model."""
    writer = StatisticsWriter(folder / "statistics")
    results: list[MetricResult] = []
    for metric, (estimator, arrays, parameters) in arrays_of(shift, right, seed).items():
        results.append(
            metric_result(
                estimate(estimator, arrays, parameters),
                metric=metric,
                family="utility" if metric.startswith("utility") else "fidelity",
                direction=DIRECTIONS[metric],
                estimator=estimator,
                n_generated=CASES,
                n_reference=CASES,
                statistics=writer.add(metric, "overall", "raw", arrays),
                parameters=parameters,
            )
        )
    data = {
        "benchmark": "chexgenbench",
        "protocol": "v2",
        "protocol_hash": "p",
        "split": {"name": "made-up", "subset": "test", "hash": "s"},
        "model": {"name": name},
        "run_seed": 1,
        "samples_hash": name,
        "encoders": [],
        "results": results,
        "statistics": writer.close(),
    }
    write_record(folder, ResultRecord.model_validate(data | record))
    return folder
