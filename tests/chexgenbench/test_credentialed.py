"""A credentialed split with marked prompts and pixels goes through every command; no mark gets out."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_up_splits import CANARY, mimic
from PIL import Image
from small_runs import environment, run

from leaderboards.records.io import read_record

GENERATED = ["features.lite0.generated.safetensors", "features.radiomics.generated.safetensors"]
"""What may be stored of a credentialed run: features of generated images, never pixels."""

STRIPE = 37
"""Marked images carry this stripe pattern, which nothing but a copy of them shows."""


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up MIMIC-CXR whose prompts hold CANARY and whose images hold stripes."""
    root = mimic(tmp_path_factory.mktemp("mimic"), train=40, test=30)
    for number, path in enumerate(sorted(root.rglob("*.png"))):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 60, (64, 64), dtype=np.uint8)
        pixels[:, ::2] = STRIPE + number % 200
        Image.fromarray(pixels).save(path)
    return root


def shareable(output: Path) -> list[Path]:
    """Every file of a run but the images themselves, which stay on the machine."""
    return [path for path in output.rglob("*") if path.is_file() and "images" not in path.relative_to(output).parts[:2]]


@pytest.mark.parametrize("model", ["memoriser", "constant"])
def test_no_mark_reaches_record_log_or_report(model: str, marked: Path, tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "run"
    spec = ("--model", model, "--split", f"mimic-cxr:{marked}", "--output", output)
    said = [run("eval", *spec, cache=cache), run("eval", *spec, "--json", cache=cache)]
    said += [
        run(stage, output, *flags, cache=cache)
        for stage in ("extract", "score", "report")
        for flags in ((), ("--json",))
    ]
    for words in (
        f"data_splits.cli list; data_splits.cli verify mimic-cxr:{marked}; data_splits.cli build mimic-cxr:{marked} "
        f"--output {tmp_path / 'manifest.json'}; leaderboards.cli show {output}; leaderboards.cli verify {output}"
    ).split("; "):
        module, *arguments = words.split()
        code = f"from {module} import main; main()"
        said.append(
            subprocess.run(
                [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment(cache)
            )
        )
    assert all(CANARY not in each.stdout + each.stderr for each in said)
    assert CANARY not in (tmp_path / "manifest.json").read_text()

    for path in shareable(output):
        assert CANARY.encode() not in path.read_bytes(), path
    report = (output / "report.html").read_text()
    assert not re.findall(r"data:image/(?:jpeg|png)", report), "no radiograph is on the page"

    record = read_record(output)
    stored = [name for name in record.statistics if name.startswith("features.")]
    assert stored == ([] if model == "memoriser" else GENERATED)
    assert record.split["credentialed"] is True
    group_statistics = [each for each in record.results if each.statistics and each.group != "overall"]
    assert not group_statistics, "who belongs to a group is told by labels, which stay here"


def test_images_are_shown_only_when_asked_for_by_name(marked: Path, tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "run"
    spec = ("--model", "constant", "--split", f"mimic-cxr:{marked}", "--output", output, "--show-credentialed")
    run("eval", *spec, cache=cache)
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", (output / "report.html").read_text())
    assert found and base64.b64decode(found[0])
    assert CANARY not in (output / "record.json").read_text()


def test_a_broken_file_is_named_without_its_text(marked: Path, tmp_path: Path, cache: Path) -> None:
    path = next(iter(sorted((marked / "files").rglob("*.png"))))
    healthy = path.read_bytes()
    path.write_bytes(healthy[:60])
    try:
        done = run(
            *("eval", "--model", "constant", "--split", f"mimic-cxr:{marked}", "--output", tmp_path / "run"),
            cache=tmp_path / "cold",
            expect=2,
        )
    finally:
        path.write_bytes(healthy)
    assert "cannot be read" in done.stderr and CANARY not in done.stderr and "Traceback" not in done.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["stages"]["generate"], "what was drawn stays"
