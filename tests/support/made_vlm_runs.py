"""Run folders of made-up vision-language models on the same made-up questions, with real arrays and estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.registry import estimate

TASKS = {"food": "knowledge", "codeu": "reasoning", "count": "perception", "arxiv": "multi-hop"}
EACH = 40
CHANCE = 0.25


def vlm_folder(folder: Path, name: str, right: float, seed: int) -> Path:
    """A run folder of a model that answers a share of the questions right."""
    rng = np.random.default_rng(seed)
    outcome = (rng.random(EACH * len(TASKS)) < right).astype(np.float64)
    stratum = np.repeat(np.arange(len(TASKS)), EACH)
    writer = StatisticsWriter(folder / "statistics")
    results: list[MetricResult] = []
    groups: dict[str, tuple[str, np.ndarray]] = {"overall": ("overall", np.arange(len(stratum)))}
    for index, (task, category) in enumerate(TASKS.items()):
        rows = np.flatnonzero(stratum == index)
        groups[f"category={category}"] = groups[f"task={task}"] = (category, rows)
    for group, (family, rows) in groups.items():
        for variant, values in (("raw", outcome[rows]), ("chance", np.full(len(rows), CHANCE))):
            kept = np.unique(stratum[rows], return_inverse=True)[1].astype(np.int64)
            strata = int(kept.max()) + 1
            arrays: dict[str, Any] = {
                "values": values,
                "stratum": kept,
                "cluster": rows.astype(np.int64),
                "weights": np.full(strata, 1 / strata),
                "question": rows.astype(np.int64),
            }
            parameters = {"exact": variant == "chance", "average": "macro"}
            results.append(
                metric_result(
                    estimate("stratified_rate", arrays, parameters),
                    metric="accuracy",
                    family=family,
                    group=group,
                    variant=variant,
                    direction="higher",
                    estimator="stratified_rate",
                    n_generated=len(rows),
                    n_reference=0,
                    statistics=writer.add("accuracy", group, variant, arrays),
                    parameters=parameters,
                )
            )
    data = {
        "benchmark": "mirb",
        "protocol": "v2",
        "protocol_hash": "m",
        "split": {"name": "made-up-questions", "version": "1", "subset": "", "hash": "t", "cases": len(stratum)},
        "model": {"name": name, "kind": "vlm", "training_data": ["made-up-questions"] if right > 0.8 else []},
        "run_seed": seed,
        "samples_hash": name,
        "encoders": [],
        "results": results,
        "statistics": writer.close(),
    }
    write_record(folder, ResultRecord.model_validate(data))
    return folder
