"""The offline grader: does a classifier of real radiographs find what the prompt says, as it does in real ones?

A linear probe on lite0 features is trained on the real images of half of the patients and looks at those of the other
half. For each label, u is the share of these unseen real images with the same label value whose probability for that
value is no larger than the image's: among real images u is uniform, whether the finding is easy or hard to see. The
image's score is the mean of u over the labels that its case states, present and absent labels counting half each, and
its rank p is the share of unseen real images that score no higher. High: p >= 0.5. Medium: 0.1 <= p < 0.5. Low: below.

So a real image whose labels are right is graded low one time in ten, by construction, and an image that shows something
else more often. It is a weak grader: it sees what a linear probe sees, and does not judge looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.grades import Graded
from chexgenbench.text_scores.finding_rules import findings
from chexgenbench.utility.labels import targets
from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from leaderboards.statistics.blas import one_thread
from model_adapters.predictors.patient_split import validation_rows

NAME = "labels"
HIGH, LOW = 0.5, 0.1
LEAST = 10
"""Real images of each value, in each half, that a label needs."""

Features = Callable[[Sequence[Any]], NDArray[np.float32]]


class LabelGrader:
    """A `Grader`.

    Args:
        features: images -> float32[n, d]. real: real images. cases: theirs, with labels.
        encoder: fingerprint of the features.

    Raises:
        UserError: too few real images of every label.
    """

    name = NAME

    def __init__(self, features: Features, real: Sequence[Any], cases: Sequence[Case], encoder: str) -> None:
        from model_adapters.predictors.linear_probe import fit_probe

        self._features = features
        table = targets(cases)
        seen, patients = features(real), np.array([case.patient for case in cases], np.str_)
        first, second = validation_rows(patients, 0, share=0.5)
        halves = (first, second)
        enough = [
            column
            for column in range(table.shape[1])
            if all((table[rows, column] == value).sum() >= LEAST for rows in halves for value in (0, 1))
        ]
        if not enough:
            raise UserError(
                f"No label has {LEAST} positive and {LEAST} negative real images in each half: the grader `labels` "
                "cannot be trained. Choose a vision-language model with --grader."
            )
        self._columns = np.array(enough)
        self.labels = tuple(CHEXPERT_LABELS[column] for column in enough)
        table = table[:, enough]
        with one_thread():
            self._probe = fit_probe(seen[first], table[first], patients[first], seed=0)
            probability = self._probe.predict(seen[second])
        table = table[second]
        self._known = {
            (label, value): np.sort(_of_value(probability[table[:, label] == value, label], value))
            for label in range(len(enough))
            for value in (0, 1)
        }
        scores = self._score(probability, table)
        self._scores = np.sort(scores[np.isfinite(scores)])
        self.card: Mapping[str, Any] = {
            "name": NAME,
            "labels": list(self.labels),
            "real_images": len(first),
            "unseen_real_images": len(self._scores),
            "high": f"rank among real images of {HIGH:g} or more",
            "low": f"rank below {LOW:g}",
        }
        learned = [[case.id, case.patient, dict(case.labels)] for case in cases]
        self.fingerprint = content_hash([NAME, encoder, learned, HIGH, LOW])

    def grade(self, candidates: Sequence[Candidate]) -> list[Graded]:
        """By rank among real images."""
        wanted = targets([stated(each.case) for each in candidates])[:, self._columns]
        seen = self._features([each.load() for each in candidates])
        with one_thread():
            probability = self._probe.predict(seen)
        return [self._graded(score) for score in self._score(probability, wanted)]

    def _graded(self, score: float) -> Graded:
        if not np.isfinite(score):
            return Graded(None, reason="the prompt states no finding that the grader knows")
        rank = float(np.searchsorted(self._scores, score, side="right")) / len(self._scores)
        return Graded("high" if rank >= HIGH else "medium" if rank >= LOW else "low", score=round(rank, 6))

    def _score(self, probability: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
        """float64[n]; NaN where an image has no label that counts."""
        parts = []
        for value in (1, 0):
            typical = np.full(wanted.shape, np.nan)
            for label in range(wanted.shape[1]):
                rows = wanted[:, label] == value
                known = self._known[label, value]
                found = _of_value(probability[rows, label], value)
                typical[rows, label] = np.searchsorted(known, found, side="right") / len(known)
            parts.append(_row_means(typical))
        return _row_means(np.stack(parts, axis=1))


def stated(case: Case) -> Case:
    """The case with labels; those its prompt states where it has none of its own."""
    if case.labels or not case.prompt:
        return case
    from dataclasses import replace

    return replace(case, labels=findings(case.prompt))


def _of_value(probability: NDArray[Any], value: int) -> NDArray[Any]:
    return probability if value else 1.0 - probability


def _row_means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each row over its numbers; NaN where it has none."""
    known = np.isfinite(table)
    count = known.sum(axis=1)
    total = np.where(known, table, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(table), np.nan), where=count > 0)
