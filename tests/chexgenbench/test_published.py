"""Protocol v1 from the command line, through a small checkpoint of the real encoder class."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_up_splits import write_csv
from PIL import Image
from small_runs import run

from leaderboards.records.io import read_record


@pytest.fixture
def small_rad_dino(tmp_path: Path) -> Path:
    """A random checkpoint of the class of microsoft/rad-dino, with its preprocessing at a small size."""
    import torch
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    folder = tmp_path / "rad-dino"
    config = Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14)
    Dinov2Model(config).save_pretrained(folder)
    preprocessing = {
        "image_processor_type": "BitImageProcessor",
        "size": {"shortest_edge": 56},
        "crop_size": {"height": 56, "width": 56},
        "image_mean": [0.5307] * 3,
        "image_std": [0.2583] * 3,
        "resample": 3,
        "rescale_factor": 1 / 255,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
    return folder


@pytest.fixture
def repeated_prompts(tmp_path: Path) -> Path:
    """48 images of 24 patients with 24 distinct prompts, each twice."""
    rows = []
    for number in range(48):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64), dtype=np.uint8)
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number:02d}.png")
        rows.append({"image": f"{number:02d}.png", "prompt": f"text {number // 2}", "patient_id": f"p{number // 2}"})
    return write_csv(tmp_path / "cases.csv", rows)


def test_v1_repeats_the_published_choices(
    small_rad_dino: Path, repeated_prompts: Path, tmp_path: Path, cache: Path
) -> None:
    output = tmp_path / "run"
    run(
        *("eval", "--model", f"images:{repeated_prompts}", "--split", f"folder:{repeated_prompts}"),
        *("--protocol", "v1", "--encoders", "rad-dino", "--encoder-weights", f"rad-dino={small_rad_dino}"),
        *("--output", output),
        cache=cache,
    )
    record = read_record(output)
    assert record.protocol == "v1" and not [each for each in record.results if each.variant != "raw"]
    overall = {each.metric: each for each in record.results if each.group == "overall"}
    reports = [f"report_{name}" for name in ("bleu1", "bleu4", "rouge_l", "chexbert", "radgraph")]
    fidelity = ("fid", "fid_sharded", "kid", "precision", "recall", "density", "coverage")
    assert {name for name in overall if name.endswith("_rad-dino")} == {
        f"{name}_rad-dino" for name in (*fidelity, "latent_distance", *reports)
    }
    assert {"pixel_distance", "extraction"} <= set(overall)
    fid = overall["fid_rad-dino"]
    assert (fid.n_generated, fid.n_reference) == (48, 24), "the reference alone is cut to one image a prompt"
    assert overall["fid_sharded_rad-dino"].value > fid.value, "shards of a quarter of the images raise the distance"  # type: ignore[operator]
    assert any("v1" in warning for warning in record.warnings)
    with (output / "results.csv").open() as stream:
        assert {row["protocol"] for row in csv.DictReader(stream)} == {"v1"}


def test_v1_without_weights_says_where_to_get_them(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    done = run("eval", "--model", "constant", "--protocol", "v1", "--output", tmp_path / "run", cache=cache, expect=2)
    assert "microsoft/rad-dino" in done.stderr and "pt_inception-2015-12-05-6726825d.pth" in done.stderr
    assert not (tmp_path / "run").exists()
