from __future__ import annotations

from pathlib import Path

import pytest
from fake_scorers import check_mean_over_reports, overlap, radeval
from made_reports import report_input

from chexgenbench.metrics.utility.report_green import METRIC
from chexgenbench.text_scores import green


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The package's interface and a folder of weights."""
    radeval(monkeypatch, [])
    (tmp_path / "green").mkdir()
    (tmp_path / "green" / "config.json").touch()
    monkeypatch.setattr(green, "judge", lambda folder, device: lambda prompt: str(overlap(*prompt.split(" | "))))
    monkeypatch.setenv("CHEXGENBENCH_SCORE_WEIGHTS", str(tmp_path))


@pytest.mark.usefixtures("ready")
def test_it_is_the_mean_over_reports() -> None:
    check_mean_over_reports(METRIC)


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHEXGENBENCH_SCORE_WEIGHTS", raising=False)
    assert "missing" in str(METRIC.measure(report_input()).reason)
