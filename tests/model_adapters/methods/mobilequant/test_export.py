"""The export command: what it writes, what it says, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.export import export
from model_adapters.methods.mobilequant.method import MobileQuant
from model_adapters.methods.run import run_method


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inputs = MobileQuant().made_up_inputs(tmp_path / "in") | {"method": "rtn"}
    return run_method(MobileQuant(), inputs, tmp_path / "run").folder


def test_a_length_that_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="length is 1"):
        export(folder, tmp_path / "m.onnx", 1)


def test_mistakes_of_the_command_are_told_in_a_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_adapters.methods.mobilequant.export", str(tmp_path), "--output"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--output names the .onnx file" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_writes_a_graph_and_compares_it(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra quant (onnx, onnxruntime)")
    pytest.importorskip("onnxruntime", reason="needs the extra quant (onnx, onnxruntime)")
    command = [
        sys.executable, "-m", "model_adapters.methods.mobilequant.export", str(folder), "--length", "8", "--check",
        "--output", str(tmp_path / "m.onnx"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["bytes"] == (tmp_path / "m.onnx").stat().st_size > 0
    assert told["same_best"] == 1.0
