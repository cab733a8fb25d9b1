"""Rules of the house that a machine can hold: file sizes, light command lines, a test for every metric and adapter."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from chexgenbench.metrics.registry import MODULES
from model_adapters.encoders import ENCODERS
from model_adapters.generators import GENERATORS
from model_adapters.predictors import PREDICTORS
from model_adapters.vlms import VLMS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("data_splits", "model_adapters", "chexgenbench", "mirb", "leaderboards")
SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
HEAVY = ("torch", "diffusers", "transformers", "torchmetrics", "pandas", "scipy", "sklearn", "matplotlib", "datasets")


def test_no_file_is_above_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for folder in (*PACKAGES, "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


@pytest.mark.parametrize("package", PACKAGES)
def test_no_remote_code_and_no_pickle(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        text = path.read_text("utf-8")
        assert "trust_remote_code=True" not in text.replace(" ", ""), path
        assert "import pickle" not in text and "pickle.load" not in text, path


@pytest.mark.parametrize("command", sorted(SCRIPTS))
def test_help_teaches_without_importing_anything_heavy(command: str) -> None:
    module, function = SCRIPTS[command].split(":")
    code = (
        f"import sys; from {module} import {function}; sys.argv = ['{command}', '--help']\n"
        f"try:\n    {function}()\nexcept SystemExit as leave:\n    assert not leave.code, leave.code\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_every_metric_has_a_test_of_its_name() -> None:
    folder = ROOT / "tests" / "chexgenbench" / "metrics"
    absent = [
        name for name, module in MODULES.items() if not (folder / module.split(".")[-2] / f"test_{name}.py").exists()
    ]
    assert not absent


@pytest.mark.parametrize(
    ("kind", "registry"),
    [("generators", GENERATORS), ("encoders", ENCODERS), ("predictors", PREDICTORS), ("vlms", VLMS)],
)
def test_every_adapter_file_has_a_test_of_its_name(kind: str, registry: object) -> None:
    folder = ROOT / "tests" / "model_adapters" / kind
    targets: dict[str, str] = registry.targets  # type: ignore[attr-defined]
    # A file holds the cards of one family: sd-1.4 and sd-2.1 are tested in test_stable_diffusion.py.
    files = {target.partition(":")[0].rpartition(".")[2] for target in targets.values()}
    assert files and [name for name in files if not (folder / f"test_{name}.py").exists()] == []


def test_adapters_follow_their_protocols() -> None:
    from model_adapters.generators.constant import build
    from model_adapters.protocols import BuildContext, Encoder, ImageGenerator, VisionLanguageModel

    generator = build(BuildContext())
    assert isinstance(generator, ImageGenerator)
    assert not isinstance(generator, VisionLanguageModel)
    assert isinstance(ENCODERS.build("lite0", BuildContext()), Encoder)
