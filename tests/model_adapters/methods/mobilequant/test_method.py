"""The method as the runner sees it: resumed after a kill, deterministic, budgets of bits, controls, refusals."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

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
    """The smoke version of the validation: norms with outliers.

    Learning on a random network is chaotic: weights off by a millionth, as another processor's last digits are, moved
    one fit's error by 12 % (standard deviation of seven): hence the mean of three seeds, a fifth below the control.
    """
    inputs = MobileQuant().made_up_inputs(tmp_path / "in")
    generator = torch.Generator().manual_seed(1)
    counts = {"tokens": 16, "held_out": 8}
    rows = {name: torch.randint(48, (count, 17), generator=generator) for name, count in counts.items()}
    save_file(rows, inputs["calibration"])
    inputs |= {"samples": 16, "held_out": 8, "batch": 4, "epochs": 8, "transform_rate": 1e-2}

    def error(method: str, seed: int = 0) -> float:
        run = run_method(MobileQuant(), inputs | {"method": method}, tmp_path / f"{method}-{seed}", seed)
        return float(run.record["measured"]["hidden_error"])

    edge = error("smoothquant-edge")
    assert fmean(error("mobilequant", seed) for seed in range(3)) < edge < error("rtn")


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
