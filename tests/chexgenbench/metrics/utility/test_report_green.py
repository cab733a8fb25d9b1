from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_scorers import overlap, radeval
from made_features import score
from made_reports import report_input, shuffled

from chexgenbench.metrics.utility.report_green import METRIC
from chexgenbench.reports.measure import report_of
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
    """The stand-in scores a pair by its common words, so the value can be added up by hand."""
    from chexgenbench.reports.measure import _written

    data = report_input(shuffled)
    found = _written(data)
    assert not isinstance(found, str)
    pairs = zip(data.reference.cases, found.reports["tstr"], strict=True)
    expected = np.mean([overlap(report_of(case), text) for case, text in pairs])
    result = score(METRIC, data)
    assert result.value == pytest.approx(expected, abs=1e-6) and result.extra["tstr_minus_trtr_high"] < 0


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHEXGENBENCH_SCORE_WEIGHTS", raising=False)
    assert "missing" in str(METRIC.measure(report_input()).reason)
