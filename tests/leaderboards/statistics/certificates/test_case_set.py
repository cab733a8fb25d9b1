"""Sets of cases: hashes do not depend on order, and whatever is shared is counted."""

from __future__ import annotations

import pytest

from data_splits.manifest import ManifestEntry
from leaderboards.statistics.certificates.case_set import CaseSet, digest_of

ONE = CaseSet(("a", "b", "c"), ("p", "q", "r"), ("x", "y", "z"))


def test_hashes_do_not_depend_on_order_and_hide_ids() -> None:
    other = CaseSet(("c", "a", "b"), ("r", "p", "q"))
    assert ONE.hashes == other.hashes and ONE.digest == other.digest == digest_of(reversed(ONE.hashes))
    assert all(len(each) == 64 for each in ONE.hashes) and CaseSet(("a",), ("p",)).digest != ONE.digest


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (CaseSet(("d",), ("s",), ("w",)), ""),
        (CaseSet((), ()), ""),
        (CaseSet(("a", "d"), ("s", "t")), "1 case"),
        (CaseSet(("d", "e"), ("p", "q")), "2 patients"),
        (CaseSet(("d",), ("s",), ("z",)), "1 image"),
        (CaseSet(("a", "b"), ("p", "s"), ("x", "w")), "2 cases and 1 patient and 1 image"),
    ],
)
def test_what_is_shared(other: CaseSet, shared: str) -> None:
    assert ONE.shared_with(other) == other.shared_with(ONE) == shared


def test_of_a_manifest() -> None:
    entries = [ManifestEntry("a", "p", "test", "x"), ManifestEntry("b", "q", "test", "y")]
    assert CaseSet.of_entries(entries) == CaseSet(("a", "b"), ("p", "q"), ("x", "y"))
    assert CaseSet.of_entries([*entries, ManifestEntry("c", "r", "test")]).images == ()


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 cases, 1 patients"):
        CaseSet(("a", "b"), ("p",))
