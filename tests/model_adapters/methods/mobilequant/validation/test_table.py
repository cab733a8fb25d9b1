"""The validation: a smoke version by default, the whole of it marked slow."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.validation.__main__ import main
from model_adapters.methods.mobilequant.validation.table import markdown, perplexities, prepare


def test_smoke(tmp_path: Path) -> None:
    model = prepare(tmp_path / "model", 0, 3)
    arms = ["rtn", "smoothquant-edge"]
    found = perplexities(model, tmp_path, 0, ["W4A8"], arms, samples=4, changes={"held_out": 4})
    assert list(found["W4A8"]) == ["rtn", "float", "smoothquant-edge"]
    assert found["W4A8"]["float"] is not None
    assert 50 < found["W4A8"]["float"] < 200  # hardly trained: near the 128 of a guess
    table = markdown([found, found])
    assert table.splitlines()[0] == "| | rtn | smoothquant-edge | float |"
    assert markdown([{"W4A8": {"rtn": None, "float": 5.0}}]).endswith("| W4A8 | overflow | 5.000 |")


def test_unknown_rows_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    for given in ({"schemes": "W4A9"}, {"arms": ""}, {"arms": "rtn,gptq"}):
        with pytest.raises(UserError, match="it names some of"):
            main(tmp_path / "out", **given)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_order_of_the_paper_over_three_seeds(tmp_path: Path) -> None:
    """MobileQuant <= SmoothQuant-Edge < SmoothQuant-Static < RTN in the mean, and within 2 % of float at W4A8."""
    arms, schemes = ["rtn", "smoothquant-static", "smoothquant-edge", "mobilequant"], ["W4A8", "W4A6"]
    results = []
    for seed in range(3):
        model = prepare(tmp_path / f"{seed}" / "model", seed, 300)
        results.append(perplexities(model, tmp_path / f"{seed}", seed, schemes, arms, samples=32))
    for scheme in schemes:
        mean = {arm: fmean(each[scheme][arm] or float("inf") for each in results) for arm in results[0][scheme]}
        assert mean["mobilequant"] <= mean["smoothquant-edge"] < mean["smoothquant-static"], scheme
        assert mean["smoothquant-edge"] < mean["rtn"], scheme
        if scheme == "W4A8":
            assert mean["smoothquant-static"] < mean["rtn"]
            assert mean["mobilequant"] < 1.02 * mean["float"]
