from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_features import score
from made_reports import report_input, shuffled

from chexgenbench.metrics.utility.report_chexbert import METRIC, PUBLISHED
from chexgenbench.text_scores import chexbert
from chexgenbench.text_scores.label_f1 import LABEL_F1, label_table


class Rules:
    """Reads labels by rules where the network would."""

    table = staticmethod(label_table)


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder of weights, and a labeller whose labels are known."""
    (tmp_path / "chexbert").mkdir()
    for name in chexbert.FILES:
        (tmp_path / "chexbert" / name).touch()
    monkeypatch.setattr(chexbert, "load", lambda folder, device: Rules())
    monkeypatch.setenv("CHEXGENBENCH_SCORE_WEIGHTS", str(tmp_path))


@pytest.mark.usefixtures("ready")
def test_with_the_labels_of_the_rules_it_is_label_f1() -> None:
    from chexgenbench.metrics.utility import report_label_f1

    data = report_input(shuffled)
    found, rules = METRIC.measure(data), report_label_f1.METRIC.measure(data)
    assert LABEL_F1.labels == tuple(str(found.parameters["labels"]).split("|"))
    assert (np.asarray(found.arrays["tstr"]) == np.asarray(rules.arrays["tstr"])).all()
    assert {"tstr.macro", "tstr.micro_5", "tstr.macro_5_plus"} <= set(score(METRIC, data).extra)
    assert len(str(found.parameters["chexbert_weights_sha256"])) == 64


@pytest.mark.usefixtures("ready")
def test_the_published_one_is_in_percent() -> None:
    data = report_input(shuffled)
    assert score(PUBLISHED, data).value == pytest.approx(100 * score(METRIC, data).value, rel=0.02)  # type: ignore[operator]


def test_without_weights_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHEXGENBENCH_SCORE_WEIGHTS", raising=False)
    assert "hf download StanfordAIMI/RRG_scorers" in str(METRIC.measure(report_input()).reason)
