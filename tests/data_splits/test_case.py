"""Age bands."""

from __future__ import annotations

import pytest

from data_splits.case import CHEXPERT_LABELS, Case


@pytest.mark.parametrize(
    ("age", "band"), [(None, None), (0, "<40"), (39.9, "<40"), (40, "40-64"), (64.9, "40-64"), (65, "65+")]
)
def test_age_band(age: float | None, band: str | None) -> None:
    assert Case("a", "p", age=age).age_band == band


def test_fourteen_labels_in_published_order() -> None:
    assert len(set(CHEXPERT_LABELS)) == 14
    assert list(CHEXPERT_LABELS) == sorted(CHEXPERT_LABELS)
