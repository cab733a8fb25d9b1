from __future__ import annotations

from pathlib import Path

import pytest
from fake_scorers import check_mean_over_reports, radgraph
from made_features import score
from made_reports import report_input, shuffled

from chexgenbench.metrics.utility.report_radgraph import METRIC, PUBLISHED


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The package's interface and a folder of weights."""
    radgraph(monkeypatch, [])
    (tmp_path / "radgraph" / "radgraph" / "vocabulary").mkdir(parents=True)
    (tmp_path / "radgraph" / "radgraph" / "config.json").touch()
    (tmp_path / "radgraph" / "radgraph" / "weights.th").touch()
    monkeypatch.setenv("CHEXGENBENCH_SCORE_WEIGHTS", str(tmp_path))


@pytest.mark.usefixtures("ready")
def test_it_is_the_mean_over_reports() -> None:
    check_mean_over_reports(METRIC)


@pytest.mark.usefixtures("ready")
def test_the_published_one_is_in_percent() -> None:
    data = report_input(shuffled)
    assert score(PUBLISHED, data).value == pytest.approx(100 * score(METRIC, data).value, rel=0.02)  # type: ignore[operator]


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHEXGENBENCH_SCORE_WEIGHTS", raising=False)
    assert "missing" in str(METRIC.measure(report_input()).reason)
