"""The method as the runner sees it: resumed after a kill, deterministic, budgets of bits, controls, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_splits.errors import UserError
from model_adapters.check_method import check_method
from model_adapters.methods import METHODS
from model_adapters.methods.mobilequant.arms import ARMS
from model_adapters.methods.mobilequant.method import MobileQuant
from model_adapters.methods.mobilequant.stored import read_model
from model_adapters.methods.run import run_method


def test_it_passes_the_check_of_all_methods() -> None:
    failed = [each for each in check_method(METHODS.targets["mobilequant"]) if each.passed is False]
    assert not failed


@pytest.mark.parametrize("method", list(ARMS))
def test_record_and_artifact(tmp_path: Path, method: str) -> None:
    inputs = MobileQuant().made_up_inputs(tmp_path / "in") | {"method": method, "epochs": 1}
    artifact = run_method(MobileQuant(), inputs, tmp_path / "out", 3)
    record: Any = artifact.record
    assert artifact.card.name == f"llama-{method}-W4A8"
    assert record["control"] == (method != "mobilequant")
    assert record["budget"] == {"weight_bits": 4, "activation_bits": 8, "wide_bits": 16}
    assert (record["trainable"] > 0) == bool(ARMS[method].learns)
    assert record["labelled"] == 0
    assert len(record["measured"]["surprise"]) == len(record["measured"]["surprise_float"]) == 3
    assert 0 < record["measured"]["hidden_error"] < 1
    assert record["measured"]["bytes"]["projections"] * 3 < record["measured"]["bytes"]["projections_float16"]
    assert read_model(artifact.folder).config.hidden_size == 32


def test_smoothing_helps_where_outliers_are(tmp_path: Path) -> None:
    """The smoke version of the validation: 6-bit activations, norms with outliers."""
    errors = {}
    for method in ("rtn", "smoothquant-edge", "mobilequant"):
        inputs = MobileQuant().made_up_inputs(tmp_path / "in")
        inputs |= {"method": method, "epochs": 8, "activation_bits": 6, "transform_rate": 3e-3}
        errors[method] = run_method(MobileQuant(), inputs, tmp_path / method).record["measured"]["hidden_error"]
    assert errors["mobilequant"] < errors["smoothquant-edge"] < errors["rtn"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "gptq"}, "it is mobilequant, rtn"),
        ({"weight_bits": 1}, "weight_bits is 1"),
        ({"alpha": 2.0}, "0 to 1"),
        ({"learn": "weights"}, "transforms, clipping, ranges"),
        ({"model": "nowhere"}, r"no config\.json"),
        ({"samples": 100}, "not 100"),
    ],
)
def test_wrong_inputs_are_told(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    inputs = MobileQuant().made_up_inputs(tmp_path / "in") | changes
    with pytest.raises(UserError, match=message):
        run_method(MobileQuant(), inputs, tmp_path / "out")


def test_another_model_in_the_same_place_is_not_gone_on_with(tmp_path: Path) -> None:
    from model_adapters.methods.mobilequant.made_up import write_llama

    inputs = MobileQuant().made_up_inputs(tmp_path / "in")

    def killed(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(MobileQuant(), inputs, tmp_path / "out", saved=killed)
    write_llama(tmp_path / "in" / "llama", num_hidden_layers=1)
    with pytest.raises(UserError, match="was begun"):
        run_method(MobileQuant(), inputs, tmp_path / "out")
