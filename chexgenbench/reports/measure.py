"""From a run's images to the terms of report scores: every arm writes the reports of the real test images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, Measurement, MetricInput, Side
from chexgenbench.metrics.units import codes, private_blocks
from chexgenbench.text_scores.base import TextScore, Where
from chexgenbench.utility.arms import TrainingSet, arm
from data_splits.case import Case
from data_splits.integrity import content_hash
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.report_scores import summed

ARMS = ("tstr", "trtr", "mixed")
"""Trained on synthetic images, on the real ones of the same cases, on half of each. All are tested on real images."""

MIN_PAIRS = 20
"""Fewer image-report pairs make no writer, and fewer test reports no score, worth stating."""


@dataclass(frozen=True)
class Written:
    """What writers said about the test images. Texts stay in memory: no record, store or log holds them.

    Attributes:
        reports: arm -> one report a test image. reference: the test images, each with the report that belongs to it.
        images: of the first arm's training set. writer: in words. seed: of the resampling.
        share: False where a split is credentialed: then scores are stored by blocks of at least 20 patients.
    """

    reports: Mapping[str, Sequence[str]]
    reference: Side
    images: int
    writer: str
    seed: int
    share: bool = True


def measure_reports(data: MetricInput, text_score: TextScore) -> Measurement:
    """Terms of a text score for the `report_scores` estimator, by the nearest-report writer on the encoder's features.

    The writer is trained, and the reports are written, once for all scores of an input.
    """
    lacking = text_score.lacks(Where())
    if lacking is not None:
        return Measurement(reason=lacking)
    found = _written(data)
    return Measurement(reason=found) if isinstance(found, str) else scored(found, text_score)


def scored(found: Written, text_score: TextScore, where: Where | None = None, **more: Any) -> Measurement:
    """Terms by test image, or their sums by block where single scores must stay at home."""
    references = [report_of(case) for case in found.reference.cases]
    rows = {name: text_score.terms(references, list(texts), where or Where()) for name, texts in found.reports.items()}
    cluster = codes(found.reference.patients)
    arrays: dict[str, NDArray[Any]] = dict(rows)
    if not found.share:
        block = private_blocks(found.reference)
        arrays, cluster = dict(summed(rows, block)), np.arange(int(block.max()) + 1, dtype=np.int64)
    arms = tuple(found.reports)
    parameters: dict[str, int | float | str | bool] = {
        "statistic": text_score.statistic,
        "arms": "|".join(arms),
        "baseline": "trtr" if "trtr" in arms[1:] else "",
        "labels": "|".join(text_score.labels),
        "seed": found.seed,
        "writer": found.writer,
        **_weights(text_score, where or Where()),
        **{f"{text_score.name}_{key}": value for key, value in text_score.settings.items()},
        **more,
    }
    return Measurement(
        {**arrays, "cluster": cluster}, parameters, n_generated=found.images, n_reference=len(found.reference)
    )


def _weights(text_score: TextScore, where: Where) -> dict[str, str]:
    """Which weights judged, for the record."""
    if not text_score.modelled:
        return {}
    from chexgenbench.text_scores.weights import weights_hash

    return {f"{text_score.name}_weights_sha256": weights_hash(text_score.name, where)}


def report_of(case: Case) -> str:
    """The report that belongs to an image: the text from which a generator draws it."""
    return case.prompt or ""


def with_reports(side: Side) -> NDArray[np.intp]:
    """Rows of the images that have a report."""
    return np.array([row for row, case in enumerate(side.cases) if report_of(case).strip()], np.intp)


def too_few(train: int, test: int) -> str | None:
    """Why nothing is written, or None."""
    if train < MIN_PAIRS:
        return f"{train} training images have a report; a writer needs {MIN_PAIRS}"
    if test < MIN_PAIRS:
        return f"{test} test images have a report; a score needs {MIN_PAIRS}"
    return None


def _written(data: MetricInput) -> Written | str:
    asked = data.synthetic
    if asked is None:
        return f"no features of {data.encoder}" if data.encoder else "no image was drawn for a training case"
    asked = asked.take(with_reports(asked.images))
    test = data.reference.take(with_reports(data.reference))
    reason = too_few(int((asked.draw == 0).sum()), len(test))
    if reason is not None:
        return reason
    if not (asked.images.features.shape[1] and test.features.shape[1]):
        return f"no features of {data.encoder}"
    key = f"reports/{data.encoder}/{_content(asked, test)}"
    if key not in data.shared:
        with one_thread():
            data.shared[key] = {name: _nearest(arm(asked, name), test) for name in ARMS}
    images = int((asked.draw == 0).sum())
    return Written(data.shared[key], test, images, f"nearest report on {data.encoder}", data.seed, data.share_reference)


def _nearest(learn: TrainingSet, test: Side) -> list[str]:
    from model_adapters.report_writers.nearest_report import nearest_rows

    reports = [report_of(case) for side in learn.sides for case in side.cases]
    return [reports[row] for row in nearest_rows(learn.features, test.features)]


def _content(asked: Asked, test: Side) -> str:
    """What the reports depend on."""
    from hashlib import sha256

    seen = (asked.images, asked.real, test)
    features = [sha256(np.ascontiguousarray(side.features).tobytes()).hexdigest() for side in seen]
    return content_hash([features, asked.target.tolist(), asked.draw.tolist(), [side.ids.tolist() for side in seen]])
