from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.sources import load_split
from model_adapters.protocols import BuildContext
from model_adapters.report_writers import REPORT_WRITERS
from model_adapters.report_writers.base import ReportWriter
from model_adapters.report_writers.nearest_report import nearest_rows


def test_it_repeats_the_report_of_an_image_it_has_seen(tmp_path: Path) -> None:
    split = load_split("phantom", size="64", train="8", test="4")
    cases = split.cases("train")
    images, reports = [split.read_image(case) for case in cases], [case.prompt or "" for case in cases]
    writer = REPORT_WRITERS.build("nearest-report", BuildContext(options={"cache": str(tmp_path)}))
    assert isinstance(writer, ReportWriter)
    with pytest.raises(UserError, match="fit it first"):
        writer.write(images)
    writer.fit(images, reports, np.array([case.patient for case in cases]), 0)
    assert writer.write(images) == reports
    other = writer.write([split.read_image(case) for case in split.cases("test")])
    assert set(other) <= set(reports)
    writer.fit(images[:1], reports[:1], np.array(["p"]), 0)
    assert set(writer.write(images)) == {reports[0]}


def test_neighbours_by_hand_in_standard_units() -> None:
    """The second feature has a thousand times the spread; unstandardised it would decide alone."""
    known = np.array([[0, 0], [1, 1000], [2, 0], [3, 1000]], np.float32)
    asked = np.array([[2.9, 499.0], [0.1, 499.0], [0.9, 900.0]], np.float32)
    a, b = known / known.std(axis=0), asked / known.std(axis=0)
    expected = [int(np.argmin(((a - each) ** 2).sum(axis=1))) for each in b]
    plain = [int(np.argmin(((known - each) ** 2).sum(axis=1))) for each in asked]
    assert nearest_rows(known, asked).tolist() == expected != plain


def test_equally_near_ones_give_the_first_and_constant_images_do_not_fail() -> None:
    rng = np.random.default_rng(0)
    known = np.repeat(rng.normal(size=(5, 200)).astype(np.float32), 3, axis=0)
    assert nearest_rows(known, known).tolist() == [row // 3 * 3 for row in range(15)]
    assert nearest_rows(np.ones((4, 6), np.float32), rng.normal(size=(3, 6)).astype(np.float32)).tolist() == [0, 0, 0]
