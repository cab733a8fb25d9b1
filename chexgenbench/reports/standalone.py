"""Report generation of any split with reports, without a generator: a writer trained, tested, recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, Measurement, Side
from chexgenbench.parts import side_of
from chexgenbench.reports.measure import Written, report_of, scored, too_few, with_reports
from chexgenbench.reports.published import as_published
from chexgenbench.text_scores.base import TextScore, Where
from chexgenbench.utility.arms import TrainingSet, arm
from chexgenbench.utility.predictions import training_seed
from chexgenbench.utility.standalone import SEED, Part
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.estimate import undefined
from leaderboards.statistics.registry import estimate
from model_adapters.report_writers.base import ReportWriter


@dataclass(frozen=True)
class Task:
    """What is scored.

    Attributes:
        test: the real test images. train: the images under test, as a training set. real: real ones, or None.
        writer: registry name. scores: which. where: weights and device of each score that needs a model, by name.
        arms: of "tstr", "trtr", "mixed". protocol: "v2", or "v1" for the published resampling and scale.
    """

    test: Part
    train: Part
    real: Part | None
    writer: str
    scores: tuple[TextScore, ...]
    arms: tuple[str, ...] = ("tstr",)
    where: dict[str, Where] = field(default_factory=dict)
    protocol: Literal["v1", "v2"] = "v2"

    @property
    def suffix(self) -> str:
        """What metrics are called after: as in `eval` for the writer that `eval` has."""
        return {"nearest-report": "lite0"}.get(self.writer, self.writer)


def training_sets(task: Task) -> dict[str, TrainingSet]:
    """Arm -> pairs; images without a report are left out.

    Raises:
        UserError: an arm that needs real images, or "mixed" of different cases.
    """
    given = _side(task.train)
    if task.real is None:
        if set(task.arms) - {"tstr"}:
            raise UserError(f"The arm {max(set(task.arms) - {'tstr'})} needs real images: name them with --real SPLIT.")
        return {"tstr": TrainingSet.of(given)}
    real = _side(task.real)
    whole = {"tstr": TrainingSet.of(given), "trtr": TrainingSet.of(real)}
    if "mixed" in task.arms:
        row = {name: index for index, name in enumerate(real.ids.tolist())}
        if not set(given.ids.tolist()) <= set(row):
            raise UserError("The arm mixed replaces half of the cases: --train and --real must have the same case ids.")
        target = np.array([row[name] for name in given.ids.tolist()], np.int64)
        whole["mixed"] = arm(Asked(given, np.zeros(len(given), np.int64), real, target), "mixed")
    return {name: whole[name] for name in task.arms}


def written(task: Task, writer: ReportWriter) -> Written:
    """Train the writer on every arm, one after another, and let it write the test reports. Nothing of it is stored.

    Raises:
        UserError: too few images with a report.
    """
    sets, test = training_sets(task), _side(task.test)
    for name, part in sets.items():
        reason = too_few(len(part), len(test))
        if reason is not None:
            raise UserError(f"{reason} (arm {name}).")
    found = {}
    for name, part in sets.items():
        assert part.images is not None and test.images is not None
        reports = [report_of(case) for side in part.sides for case in side.cases]
        writer.fit(part.images, reports, part.patients, training_seed(0))
        found[name] = writer.write(test.images)
    share = not any(part is not None and part.split.credentialed for part in (task.test, task.train, task.real))
    return Written(found, test, len(sets[task.arms[0]]), task.writer, SEED, share)


def record(
    task: Task, writer: ReportWriter, found: Written, folder: Path, warnings: Sequence[str] = ()
) -> ResultRecord:
    """Score, and write `statistics/` and `record.json` into a folder."""
    store = StatisticsWriter(folder / "statistics")
    rows = [_result(task, found, score, store) for score in task.scores]
    test = task.test.split
    model = _model(task, writer)
    made = ResultRecord(
        benchmark="chexgenbench",
        protocol=task.protocol,
        protocol_hash=content_hash(
            ["reports", task.protocol, writer.fingerprint, list(task.arms)]
            + [[score.name, dict(score.settings)] for score in task.scores]
        ),
        split={
            "name": test.name,
            "version": test.version,
            "subset": task.test.subset,
            "hash": test.manifest.hash,
            "licence": test.licence,
            "credentialed": test.credentialed,
            "counts": test.manifest.counts,
            "cases": len(found.reference),
        },
        model=model,
        run_seed=0,
        samples_hash=content_hash([model, found.images, list(found.reports)]),
        encoders=[],
        results=rows,
        warnings=list(warnings),
        statistics=store.close(),
        not_applicable={row.metric: str(row.reason) for row in rows if row.value is None},
    )
    write_record(folder, made)
    return made


def _result(task: Task, found: Written, score: TextScore, store: StatisticsWriter) -> MetricResult:
    where = task.where.get(score.name, Where())
    lacking = score.lacks(where)
    measured = Measurement(reason=lacking) if lacking is not None else scored(found, score, where)
    if task.protocol == "v1" and measured.reason is None:
        measured = as_published(measured, found.share)
    full, location = f"report_{score.name}_{task.suffix}", None
    if measured.reason is not None:
        result = undefined(measured.reason)
    else:
        arrays: dict[str, Any] = dict(measured.arrays)
        result = estimate("report_scores", arrays, measured.parameters)
        location = store.add(full, "overall", "raw", arrays)
    return metric_result(
        result,
        metric=full,
        family="utility",
        direction="higher",
        estimator="report_scores",
        n_generated=found.images,
        n_reference=len(found.reference),
        n_patients=len(np.unique(found.reference.patients)),
        statistics=location,
        parameters=measured.parameters,
    )


def _model(task: Task, writer: ReportWriter) -> dict[str, Any]:
    """What stands in the model's place: the training set, and what was trained on it."""
    split = task.train.split
    return {
        "name": split.name,
        "kind": "training set",
        "subset": task.train.subset,
        "manifest": split.manifest.hash,
        "licence": split.licence,
        "writer": writer.card.model_dump(mode="json"),
        **({} if task.real is None else {"real": task.real.name, "real_manifest": task.real.split.manifest.hash}),
    }


def _side(part: Part) -> Side:
    images = LazyImages([partial(part.split.read_image, case) for case in part.cases])
    side = side_of(np.zeros((len(images), 0), np.float32), part.cases, None, images)
    return side.take(with_reports(side))
