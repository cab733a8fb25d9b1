from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from made_cohort import cohort

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.label_grader import LabelGrader, stated
from data_splits.case import Case
from data_splits.errors import UserError


def features(images: Sequence[Any]) -> np.ndarray:
    """The images are their own features."""
    return np.stack([np.asarray(each, np.float32) for each in images])


def candidates(cases: Sequence[Case], rows: np.ndarray) -> list[Candidate]:
    return [Candidate(case.id, case, lambda row=row: row) for case, row in zip(cases, rows, strict=True)]  # type: ignore[misc]


@pytest.fixture(scope="module")
def grader() -> LabelGrader:
    cases, rows = cohort(800, "r", 0, signal=1.5)
    return LabelGrader(features, list(rows), cases, "own")


def test_one_in_ten_real_images_is_graded_low_and_half_high(grader: LabelGrader) -> None:
    """By construction; 2,000 new real images, and 400 to calibrate: 3.5 standard deviations of both."""
    cases, rows = cohort(2000, "n", 5, signal=1.5)
    found = [each.grade for each in grader.grade(candidates(cases, rows))]
    sd = np.sqrt(1 / 400 + 1 / 2000)
    assert found.count("low") / 2000 == pytest.approx(0.1, abs=3.5 * 0.3 * sd)
    assert found.count("high") / 2000 == pytest.approx(0.5, abs=3.5 * 0.5 * sd)


def test_images_of_other_prompts_are_graded_low(grader: LabelGrader) -> None:
    cases, rows = cohort(500, "n", 6, signal=1.5)
    opposite = [
        Case(case.id, case.patient, labels={name: 1 - value for name, value in case.labels.items()}) for case in cases
    ]
    found = [each.grade for each in grader.grade(candidates(opposite, rows))]
    assert found.count("low") > 400 and found.count("high") < 10


def test_labels_come_from_the_prompt_where_the_case_has_none(grader: LabelGrader) -> None:
    _, rows = cohort(2, "n", 6)
    told, mute = Case("a", "a", prompt="Pulmonary edema. No pneumonia."), Case("b", "b", prompt="A photograph of a cat")
    assert stated(told).labels == {"Edema": 1, "Pneumonia": 0, "Lung Opacity": 1}
    assert stated(Case("c", "c", prompt="Edema", labels={"Fracture": 1})).labels == {"Fracture": 1}
    cat = grader.grade(candidates([Case("b", "b")], rows[:1]))[0]
    assert cat.grade is None and "no finding" in str(cat.reason)
    assert grader.grade(candidates([told, mute], rows))[0].score is not None


def test_a_grade_does_not_depend_on_its_batch(grader: LabelGrader) -> None:
    cases, rows = cohort(40, "n", 7)
    asked = candidates(cases, rows)
    assert grader.grade(asked) == [grader.grade([each])[0] for each in asked]


def test_too_few_real_images_are_said() -> None:
    cases, rows = cohort(20, "r", 0)
    with pytest.raises(UserError, match="cannot be trained"):
        LabelGrader(features, list(rows), cases, "own")
