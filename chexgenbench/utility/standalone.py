"""Utility of any labelled split, or of a trained predictor, without a generator: trained, tested, recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, Measurement, Side
from chexgenbench.metrics.registry import find
from chexgenbench.parts import side_of
from chexgenbench.utility.arms import TrainingSet, arm
from chexgenbench.utility.learners import Learner, PredictorLearner, ProbeLearner
from chexgenbench.utility.measure import MIN_TRAINING, Predicted, Recipe, scored, scored_by_subgroup
from chexgenbench.utility.predictions import Predictions, Progress, training_seed
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from data_splits.split import Split
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.estimate import undefined
from leaderboards.statistics.registry import estimate
from model_adapters.inference.seeds import derive_seed
from model_adapters.predictors import PREDICTORS
from model_adapters.predictors.folder import load_predictor, read_predictor
from model_adapters.protocols import BuildContext

STATISTICS = {
    "utility_auroc": "auroc",
    "utility_auprc": "auprc",
    "utility_f1_macro": "f1_macro",
    "utility_f1_micro": "f1_micro",
    "utility_accuracy": "balanced_accuracy",
    "utility_ece": "ece",
}
"""Metric -> statistic; `utility_gap` comes last, by subgroup."""

PROBE, PROBED = "lite0-probe", "lite0"
"""The probe is trained on features that are computed once; its numbers are those of `eval` under the same names."""

SEED = derive_seed(0, "overall", purpose="estimate")
"""Of the resampling: the one of `eval`, so that equal predictions get equal intervals."""


@dataclass(frozen=True)
class Part:
    """A subset of a split."""

    split: Split
    subset: str

    @property
    def cases(self) -> tuple[Case, ...]:
        """Its cases."""
        return self.split.cases(self.subset)

    @property
    def name(self) -> str:
        """For people and records."""
        return f"{self.split.name}, {self.subset}"

    def require_labels(self) -> None:
        """Raises UserError where no case has a label."""
        if not any(case.labels for case in self.cases):
            raise UserError(
                f"{self.name} has no labels: a classifier can neither learn nor be tested. "
                "A folder needs columns named after CheXpert labels (data_splits/sources/folder.py)."
            )


@dataclass(frozen=True)
class Task:
    """What is scored.

    Attributes:
        test: the real test images.
        train: the images under test as a training set, or None where a trained predictor is scored.
        real: real training images to compare with, or None.
        arms: of "tstr", "trtr", "mixed", "augmented". trained: folder of a trained predictor.
        predictor: registry name. context: what it is built with. trainings: seeds.
    """

    test: Part
    train: Part | None = None
    real: Part | None = None
    arms: tuple[str, ...] = ("tstr",)
    trained: Path | None = None
    predictor: str = PROBE
    context: BuildContext = field(default_factory=BuildContext)
    trainings: int = 3

    @property
    def suffix(self) -> str:
        """What metrics are called after, as in `eval`: nothing for the published ResNet-50."""
        return {PROBE: PROBED, "resnet50": ""}.get(self.predictor, self.predictor)


def predicted(task: Task, folder: Path, progress: Progress | None = None) -> Predicted:
    """Train and test; a training that was finished in this folder is not repeated.

    Raises:
        UserError: a part without labels or with too few images, or arms that the parts do not make.
    """
    task.test.require_labels()
    share = not task.test.split.credentialed
    if task.trained is not None:
        side = _side(task.test)
        assert side.images is not None
        probability = load_predictor(task.trained, task.context).predict(side.images)[None]
        labels = read_predictor(task.trained).labels
        if probability.shape[2] != 14:
            raise UserError(f"{task.trained} predicts {len(labels)} labels; the 14 CheXpert labels are needed.")
        return Predicted({"tstr": probability}, side, 0, f"trained {task.predictor}", SEED, share)
    features = _lite0(task.context) if task.predictor == PROBE else None
    learner: Learner
    if features is not None:
        learner = ProbeLearner(PROBED, task.trainings)
    else:
        learner = PredictorLearner(task.predictor, task.context, task.trainings, folder / "scratch")
    sets = training_sets(task, features)
    test = TrainingSet.of(_side(task.test, features))
    seeds = [training_seed(number) for number in range(task.trainings)]
    with one_thread():
        found = Predictions(learner, {}, folder / "scratch" / "utility").of(list(sets.values()), test, seeds, progress)
    known = dict(zip(sets, found, strict=True))
    return Predicted(known, test.sides[0], len(sets[task.arms[0]]), learner.name, SEED, share)


Features = Callable[[LazyImages], np.ndarray]


def training_sets(task: Task, features: Features | None = None) -> dict[str, TrainingSet]:
    """Arm -> training set.

    Raises:
        UserError: no labels, too few images, an arm that needs real images, or "mixed" of different cases.
    """
    assert task.train is not None
    for part in filter(None, (task.train, task.real)):
        part.require_labels()
        if len(part.cases) < MIN_TRAINING:
            raise UserError(f"{part.name} has {len(part.cases)} images; a classifier needs {MIN_TRAINING}.")
    given = _side(task.train, features)
    if task.real is None:
        if set(task.arms) - {"tstr"}:
            raise UserError(f"The arm {max(set(task.arms) - {'tstr'})} needs real images: name them with --real SPLIT.")
        return {"tstr": TrainingSet.of(given)}
    real = _side(task.real, features)
    whole = {"tstr": TrainingSet.of(given), "trtr": TrainingSet.of(real), "augmented": TrainingSet.of(real, given)}
    if "mixed" in task.arms:
        row = {name: index for index, name in enumerate(real.ids.tolist())}
        if not set(given.ids.tolist()) <= set(row):
            raise UserError("The arm mixed replaces half of the cases: --train and --real must have the same case ids.")
        target = np.array([row[name] for name in given.ids.tolist()], np.int64)
        whole["mixed"] = arm(Asked(given, np.zeros(len(given), np.int64), real, target), "mixed")
    return {name: whole[name] for name in task.arms}


def results(task: Task, found: Predicted, writer: StatisticsWriter) -> list[MetricResult]:
    """Every utility metric of what was predicted, with its arrays stored."""
    rows = []
    for name in (*STATISTICS, "utility_gap"):
        metric = find(name)
        assert metric is not None
        if name == "utility_gap":
            measured: Measurement = scored_by_subgroup(found)
        else:
            measured = scored(
                found, STATISTICS[name], Recipe(), **({"by_label": True} if name == "utility_auroc" else {})
            )
        full, location = metric.full_name(task.suffix), None
        if measured.reason is not None:
            result = undefined(measured.reason)
        else:
            arrays: dict[str, Any] = dict(measured.arrays)
            result = estimate(metric.estimator, arrays, measured.parameters)
            location = writer.add(full, "overall", "raw", arrays)
        rows.append(
            metric_result(
                result,
                metric=full,
                family=metric.family,
                direction=metric.direction,
                estimator=metric.estimator,
                n_generated=found.images,
                n_reference=len(found.reference),
                n_patients=len(np.unique(found.reference.patients)),
                statistics=location,
                parameters=measured.parameters,
            )
        )
    return rows


def record(
    task: Task,
    found: Predicted,
    folder: Path,
    warnings: Sequence[str] = (),
    certificates: Sequence[Certificate] = (),
) -> ResultRecord:
    """Score, and write `statistics/` and `record.json` into a folder."""
    writer = StatisticsWriter(folder / "statistics")
    rows = results(task, found, writer)
    test = task.test.split
    made = ResultRecord(
        benchmark="chexgenbench",
        protocol="v2",
        protocol_hash=content_hash(["utility", task.predictor, task.trainings, list(task.arms), sorted(STATISTICS)]),
        split={
            "name": test.name,
            "version": test.version,
            "subset": task.test.subset,
            "hash": test.manifest.hash,
            "licence": test.licence,
            "credentialed": test.credentialed,
            "counts": test.manifest.counts,
            "cases": len(task.test.cases),
        },
        model=_model(task),
        run_seed=0,
        samples_hash=content_hash([[name, p.shape[1]] for name, p in found.probability.items()] + [_model(task)]),
        encoders=[],
        results=rows,
        warnings=list(warnings),
        statistics=writer.close(),
        not_applicable={row.metric: str(row.reason) for row in rows if row.value is None},
        certificates=list(certificates),
    )
    write_record(folder, made)
    return made


def _model(task: Task) -> dict[str, Any]:
    """What stands in the model's place: the training set, or the trained predictor."""
    if task.trained is not None:
        trained = read_predictor(task.trained)
        return {"name": task.trained.name, "kind": "predictor", "weights": trained.sha256, "predictor": task.predictor}
    assert task.train is not None
    split = task.train.split
    return {
        "name": split.name,
        "kind": "training set",
        "subset": task.train.subset,
        "manifest": split.manifest.hash,
        "labels": content_hash([[case.id, dict(case.labels), case.weight] for case in task.train.cases]),
        "licence": split.licence,
        "predictor": task.predictor,
        **({} if task.real is None else {"real": task.real.name, "real_manifest": task.real.split.manifest.hash}),
    }


def _side(part: Part, features: Features | None = None) -> Side:
    images = LazyImages([partial(part.split.read_image, case) for case in part.cases])
    seen = np.zeros((len(images), 0), np.float32) if features is None else features(images)
    return side_of(seen, part.cases, None, images)


def _lite0(context: BuildContext) -> Features:
    probe: Any = PREDICTORS.build(PROBE, context)
    found: Features = probe.features
    return found
