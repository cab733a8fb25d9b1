"""What the questions fix cannot be changed by one who answers them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_up_record
import numpy as np
import pytest
from made_submissions import library, run_folder

from leaderboards.library.entry import Entry
from leaderboards.records.io import read_record, write_record
from leaderboards.records.schema import MetricResult
from leaderboards.submissions.form import Submitted, read
from leaderboards.submissions.peers import _fixed, check_known, check_peers, peers_of


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    root = tmp_path_factory.mktemp("peers")
    held = library(root / "results")
    return [held.add(run_folder(root / name, name, seed)) for name, seed in (("alpha", 1), ("beta", 2))]


def submitted(folder: Path, change: Callable[[list[MetricResult]], Any] | None = None, **changes: Any) -> Submitted:
    run_folder(folder, "gamma", 3, **changes)
    if change is not None:
        record = read_record(folder)
        results = list(record.results)
        change(results)
        write_record(folder, record.model_copy(update={"results": results}))
    found, _ = read(folder, "r")
    assert found is not None
    return found


def replaced(index: int, **update: Any) -> Callable[[list[MetricResult]], None]:
    def change(results: list[MetricResult]) -> None:
        results[index] = results[index].model_copy(update=update)

    return change


def test_an_honest_record_agrees(public: list[Entry], tmp_path: Path) -> None:
    each = submitted(tmp_path)
    assert peers_of(each, public) == public
    assert check_peers(each, public) == [] and check_known(each, public, False) == []
    assert check_peers(each, []) == []


def test_another_question_has_no_peers(public: list[Entry], tmp_path: Path) -> None:
    each = submitted(tmp_path, protocol_hash="00" * 32)
    assert peers_of(each, public) == []
    assert [(found.level, found.rule) for found in check_known(each, public, False)] == [("error", "protocol")]
    assert [(found.level, found.rule) for found in check_known(each, public, True)] == [("warning", "protocol")]
    assert [found.rule for found in check_known(each, [], False)] == ["split", "protocol"]
    (told,) = check_known(each, public, False)
    assert "options of a public record of this split: chexgenbench eval --model alpha --split made-up" in told.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced(0, estimator="scalar"), "estimator is scalar, elsewhere frechet"),
        (replaced(0, family="privacy"), "family is privacy"),
        (replaced(0, unit="percent"), "unit is percent"),
        (replaced(0, level=0.5), "level is 0.5"),
        (replaced(1, n_reference=59), "n_reference is 59, elsewhere 60"),
        (replaced(1, n_patients=31), "n_patients is 31"),
        (replaced(1, parameters={"seed": 4693852490554337186, "indicator": True}), "parameter conditional is None"),
        (replaced(0, parameters={"interval": 1}), "parameter interval is 1, elsewhere True"),
        (replaced(0, metric="other"), "is missing"),
        (lambda results: results.pop(), "reid, overall, raw is missing"),
    ],
)
def test_differences_are_named(
    change: Callable[[list[MetricResult]], Any], message: str, public: list[Entry], tmp_path: Path
) -> None:
    found = check_peers(submitted(tmp_path, change), public)
    assert any(message in each.message and each.level == "error" for each in found), [str(each) for each in found]


def test_counts_may_differ_where_images_failed(public: list[Entry], tmp_path: Path) -> None:
    assert check_peers(submitted(tmp_path, replaced(1, n_generated=59), n_unreadable=1), public) == []


def test_a_fraction_is_fixed_where_two_agree(public: list[Entry], tmp_path: Path) -> None:
    def with_width(entry: Entry, width: float) -> Entry:
        results = [each.model_copy(update={"parameters": {"width": width}}) for each in entry.record.results]
        return Entry(entry.folder, entry.record.model_copy(update={"results": results}), entry.hash, entry.tier)

    each = submitted(tmp_path, lambda r: [replaced(k, parameters={"width": 2.0})(r) for k in range(len(r))])
    agreeing = [with_width(entry, 1.0) for entry in public]
    assert len(check_peers(each, agreeing)) == 3
    assert check_peers(each, agreeing[:1]) == []
    assert check_peers(each, [agreeing[0], with_width(public[1], 3.0)]) == []


def test_a_lost_value_is_a_warning(public: list[Entry], tmp_path: Path) -> None:
    lost = replaced(1, value=None, low=None, high=None, se=None, statistics=None, reason="no time")
    (found,) = check_peers(submitted(tmp_path, lost), public)
    assert found.level == "warning" and "precision_lite0" in found.message


def test_an_undefined_value_that_reads_otherwise_is_a_warning(public: list[Entry], tmp_path: Path) -> None:
    for index, change in enumerate(({"reason": "46 training patients; 50 are needed"}, {"n_generated": 3})):
        (found,) = check_peers(submitted(tmp_path / str(index), replaced(3, **change)), public)
        assert found.level == "warning" and "reid, overall, raw: " in found.message and "elsewhere" in found.message


def test_real_features_may_differ_in_the_last_digits(public: list[Entry], tmp_path: Path) -> None:
    import made_submissions

    honest = made_submissions.real()
    for scale, count in ((1e-5, 0), (0.3, 1)):
        noise = scale * np.random.default_rng(0).normal(size=honest.shape)
        moved = np.abs(honest + noise).astype(np.float32)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(made_submissions, "real", lambda moved=moved: moved)
            each = submitted(tmp_path / str(scale))
        found = [line for line in check_peers(each, public) if "real images" in line.message]
        assert len(found) == count


def test_whose_images_took_part_in_c_t_is_the_model_s_own() -> None:
    """Remembered: C_T skips cells without enough images, so its clusters differ between honest models."""
    result = made_up_record.results()[0]
    cluster = np.arange(5)
    assert _fixed("cluster", cluster, result.model_copy(update={"estimator": "clustered_mean"}))
    own = result.model_copy(update={"estimator": "ct_score"})
    assert not _fixed("cluster", cluster, own) and _fixed("held_out_cluster", cluster, own)
