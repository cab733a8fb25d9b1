from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from copier_runs import CopierRuns

from chexgenbench.gallery import Suspect, read_gallery, suspects, write_gallery
from chexgenbench.metrics.base import MetricInput
from tests.chexgenbench.metrics.memorisation.test_copy_rate import made_up_split


@pytest.fixture(scope="module")
def runs() -> CopierRuns:
    return CopierRuns(made_up_split(), probes=10, controls=5)


@pytest.fixture(scope="module")
def data(runs: CopierRuns) -> MetricInput:
    return runs.data(3, share=0.1, kind="flipped")


def test_copies_come_first_and_name_their_source(runs: CopierRuns, data: MetricInput) -> None:
    found = suspects(data, count=6)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    copies = [each for each in found if each.is_copy]
    assert len(copies) >= 3 and all(each.flipped for each in copies)
    assert len({each.neighbour for each in found}) == len(found) == 6
    for each in copies:
        generated, real = pictured(data, each)
        np.testing.assert_array_equal(generated[:, ::-1], real)
    own = [each for each in copies if each.part == "probes"]
    assert own and all(each.own and each.neighbour == each.case_id for each in own)


def test_without_copies_nothing_counts_as_one(runs: CopierRuns) -> None:
    found = suspects(runs.data(4, share=0.0))
    assert found and sum(each.is_copy for each in found) <= 1


def test_it_is_written_as_ids_and_numbers(data: MetricInput, tmp_path: Path) -> None:
    write_gallery(tmp_path / "gallery.json", data)
    assert read_gallery(tmp_path / "gallery.json") == suspects(data)
    assert read_gallery(tmp_path / "none.json") == []
    for row in json.loads((tmp_path / "gallery.json").read_text()):
        assert all(isinstance(value, str | int | float | None) for value in row.values())


def test_what_was_searched_is_not_searched_again(data: MetricInput, monkeypatch: pytest.MonkeyPatch) -> None:
    first = suspects(data)
    monkeypatch.setattr("chexgenbench.copies.matches", None)
    assert suspects(data) == first


def test_no_training_set_no_gallery(data: MetricInput) -> None:
    assert suspects(replace(data, corpus=None)) == [] == suspects(replace(data, encoder="lite0"))
    few = replace(data, reference=data.reference.take(range(5)))
    assert suspects(few)[0].threshold is None and not suspects(few)[0].is_copy


def pictured(data: MetricInput, suspect: Suspect) -> tuple[np.ndarray, np.ndarray]:
    """The generated image and its neighbour."""
    assert data.probes is not None and data.corpus is not None and data.corpus.images is not None
    side, draws = data.generated, np.zeros(len(data.generated), int)
    if suspect.part == "probes":
        side, draws = data.probes.images, data.probes.draw
    (row,) = np.flatnonzero((side.ids == suspect.case_id) & (draws == suspect.draw))
    (near,) = np.flatnonzero(data.corpus.ids == suspect.neighbour)
    assert side.images is not None
    return side.images[int(row)], data.corpus.images[int(near)]
