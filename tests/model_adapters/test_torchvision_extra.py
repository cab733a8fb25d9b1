"""Made-up torchvision packages that fail as the real ones do, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

REGISTERS = """
import torch
@torch.library.register_fake("torchvision::nms")
def _(dets, scores, iou_threshold):
    return scores
@torch.library.register_fake("torchvision::qnms")
def _(dets, scores, iou_threshold):
    return scores
"""
HEALTHY = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""
CALL = """
from data_splits.errors import UserError
from model_adapters.torchvision_extra import repaired, require
try:
    module = require({name!r})
    print("ok", module.__name__, repaired(), getattr(module, "marker", None))
    assert require({name!r}) is module
except UserError as error:
    print("error", error)
"""


def outcome(folder: Path, files: dict[str, str], name: str = "torchvision") -> str:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n" + CALL.format(name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_cuda_build_beside_a_cpu_torch_is_repaired(tmp_path: Path) -> None:
    files = {
        "torchvision/__init__.py": "from torchvision import _meta\nmarker = 'whole'\n",
        "torchvision/_meta.py": REGISTERS,
        "timm/__init__.py": "from torchvision import marker\n",
    }
    assert outcome(tmp_path, files) == "ok torchvision True whole"
    assert outcome(tmp_path, files, "timm") == "ok timm True whole"


def test_a_healthy_build_is_left_alone(tmp_path: Path) -> None:
    files = {"torchvision/__init__.py": HEALTHY + REGISTERS}
    assert outcome(tmp_path, files) == "ok torchvision False None"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise RuntimeError('something else')", "something else"),
        ("raise RuntimeError('operator torchvision::nms does not exist')", "does not fit the installed torch"),
    ],
)
def test_what_cannot_be_repaired_is_explained(tmp_path: Path, body: str, message: str) -> None:
    told = outcome(tmp_path, {"torchvision/__init__.py": body})
    assert told.startswith("error") and message in told and "uninstall it" in told


def test_absent_extra_is_named(tmp_path: Path) -> None:
    import importlib.util

    if importlib.util.find_spec("torchvision") is not None:
        pytest.skip("torchvision is installed here")
    assert "chexgenbench-suite[vision]" in outcome(tmp_path, {})
    files = {"torchvision/__init__.py": HEALTHY}
    assert "needs open_clip" in outcome(tmp_path, files, "open_clip")
