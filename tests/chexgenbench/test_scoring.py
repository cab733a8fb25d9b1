"""Groups, matched sizes and floors on made-up features, and what may be stored of a credentialed split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chexgenbench import protocols
from chexgenbench.metrics.base import StoredRows
from chexgenbench.parts import Cases, EncodedSplit
from chexgenbench.scoring import membership, score
from data_splits.case import Case
from leaderboards.records.schema import MetricResult

PROTOCOL = protocols.load("v2").narrowed(["kid", "fid", "precision", "fld"], None)


def cases(prefix: str, n: int) -> tuple[Case, ...]:
    """Two images a patient; a third has edema, every fifth image is AP, all others PA."""
    return tuple(
        Case(
            f"{prefix}{index:03d}",
            f"{prefix}{index // 2}",
            labels={"Edema": int(index % 3 == 0), "Fracture": int(index < 4)},
            view="AP" if index % 5 == 0 else "PA",
        )
        for index in range(n)
    )


@pytest.fixture
def parts() -> tuple[Cases, EncodedSplit]:
    rng = np.random.default_rng(0)
    evaluated = cases("e", 120)
    chosen = Cases(evaluated, evaluated, cases("f", 90), cases("h", 100))

    def features(part: tuple[Case, ...], shift: float) -> Any:
        edema = np.array([case.labels["Edema"] for case in part])[:, None]
        return (rng.normal(size=(len(part), 8)) + shift + 2 * edema).astype(np.float32)

    encoded = EncodedSplit(
        "lite0", features(evaluated, 0.5), features(evaluated, 0), features(chosen.fit, 0), features(chosen.floor, 0)
    )
    return chosen, encoded


def run(parts: tuple[Cases, EncodedSplit], credentialed: bool = False) -> tuple[list[MetricResult], dict[str, Any]]:
    stored: dict[str, Any] = {}

    def store(metric: str, group: str, variant: str, arrays: Mapping[str, Any]) -> str:
        stored[f"{metric}/{group}/{variant}"] = arrays
        return f"{metric}#{group}/{variant}"

    found = score(PROTOCOL, parts[0], {"lite0": parts[1]}, None, credentialed=credentialed, store=store)
    return found, stored


def by_key(results: list[MetricResult]) -> dict[tuple[str, str, str], MetricResult]:
    return {(each.metric, each.group, each.variant): each for each in results}


def test_groups_have_their_own_numbers_and_small_ones_a_reason(parts: tuple[Cases, EncodedSplit]) -> None:
    results = by_key(run(parts)[0])
    edema = results["kid_lite0", "pathology=Edema", "raw"]
    assert (edema.n_generated, edema.n_reference) == (40, 40) and edema.value is not None
    fracture = results["kid_lite0", "pathology=Fracture", "raw"]
    assert fracture.value is None and fracture.reason == "4 image(s); at least 20 are needed"
    assert ("kid_lite0", "pathology=Fracture", "floor") not in results


def test_matched_groups_are_equally_large_and_paired(parts: tuple[Cases, EncodedSplit]) -> None:
    found, stored = run(parts)
    matched = {each.group: each for each in found if each.variant == "matched" and each.metric == "fid_lite0"}
    assert set(matched) == {"overall", "pathology=Edema", "view=AP", "view=PA"}
    assert {(each.n_generated, each.n_reference) for each in matched.values()} == {(24, 24)}, (
        "that of the smallest group"
    )
    arrays = stored["fid_lite0/view=PA/matched"]
    assert isinstance(arrays["generated"], StoredRows)
    assert np.array_equal(arrays["generated"].rows, arrays["reference"].rows), "the same cases on both sides"


def test_the_floor_is_other_patients_at_the_generated_size_and_beats_a_shifted_generator(
    parts: tuple[Cases, EncodedSplit],
) -> None:
    results = by_key(run(parts)[0])
    floor, raw = results["kid_lite0", "overall", "floor"], results["kid_lite0", "overall", "raw"]
    assert floor.n_generated == 100, "all there are, up to the generated size"
    assert floor.high is not None and raw.low is not None and floor.high < raw.low
    assert not {case.patient for case in parts[0].floor} & {case.patient for case in parts[0].reference}


def test_of_a_credentialed_split_only_overall_numbers_are_stored(parts: tuple[Cases, EncodedSplit]) -> None:
    found, stored = run(parts, credentialed=True)
    assert stored and all(key.endswith("/overall/raw") for key in stored)
    assert any(each.group != "overall" and each.value is not None for each in found), "scored here, told to nobody"
    for arrays in stored.values():
        for name, array in arrays.items():
            if isinstance(array, StoredRows):
                assert array.source == "lite0.generated", name
            elif name.startswith("reference") or array.ndim == 2:
                assert array.shape[0] < 60, (name, "a row per patient or image of the reference")


def test_a_case_without_an_image_leaves_only_the_generated_side(parts: tuple[Cases, EncodedSplit]) -> None:
    chosen, _ = parts
    rows = membership(replace(chosen, generated=chosen.generated[:50]), PROTOCOL)
    assert len(rows["overall"].generated) == 50 and len(rows["overall"].reference) == 120
