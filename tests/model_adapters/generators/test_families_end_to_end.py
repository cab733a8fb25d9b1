"""Every family through the command a user types, from a tiny checkpoint of its real class. Minutes: slow."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_diffusers
import tiny_sana

from model_adapters.inference.sample_store import SampleStore

FAMILIES: dict[str, Callable[[Path], Path]] = {
    "sd-1.5": tiny_diffusers.save_stable_diffusion,
    "sd-3.5-medium": tiny_diffusers.save_stable_diffusion_3,
    "flux.1-dev": tiny_diffusers.save_flux,
    "lumina-2": tiny_diffusers.save_lumina2,
    "pixart-sigma": tiny_diffusers.save_pixart_sigma,
    "sana": tiny_sana.save_tiny_sana,
    "radedit": tiny_diffusers.save_radedit,
    "roentgen": tiny_diffusers.save_stable_diffusion,
    "llm-cxr": tiny_diffusers.save_llm_cxr,
    "diffusers": tiny_diffusers.save_stable_diffusion,
}
LORA = ("sd-3.5-medium", "flux.1-dev", "lumina-2")


def options_of(name: str) -> list[str]:
    """Few steps at 64 px; families of LoRA weights are run on their base alone."""
    options = [] if name == "llm-cxr" else ["--model-option", "steps=2", "--model-option", "size=64"]
    return options + (["--lora", "none"] if name in LORA else [])


def command(name: str, folder: Path, run: Path, stage: str = "generate", *more: str) -> list[str]:
    return [
        sys.executable, "-c", "from chexgenbench.cli import main; main()", stage, "--model", f"{name}:{folder}",
        "--split", "phantom", "--limit", "4", "--output", str(run), *options_of(name), *more,
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_generates_through_the_command_line(name: str, tmp_path: Path) -> None:
    folder = FAMILIES[name](tmp_path / "tiny")
    subprocess.run(command(name, folder, tmp_path / "run"), check=True)
    samples = tmp_path / "run" / "samples"
    store = SampleStore(samples, json.loads((samples / "key.json").read_text()))
    assert store.rows and all(row.status == "ok" for row in store.rows.values()) and store.verify() == []
    assert store.key["model"]["name"] == name and store.key["model"]["weight_hashes"]
    assert all("tokens" in (row.info or {}) for row in store.rows.values())
    facts = json.loads((tmp_path / "run" / "run.json").read_text())["stages"]["generate"][-1]
    assert set(facts["prompts"]["over"]) == {"77", "128", "300"}


@pytest.mark.slow
def test_is_scored_by_the_ordinary_command(tmp_path: Path) -> None:
    folder = tiny_diffusers.save_stable_diffusion(tmp_path / "tiny")
    more = ("--metrics", "kid,precision,noise_norm,prompt_cut")
    subprocess.run(command("sd-1.5", folder, tmp_path / "run", "eval", *more), check=True)
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    values = {each["metric"]: each["value"] for each in record["results"] if each["group"] == "overall"}
    assert values["kid_lite0"] > 0 and 0 <= values["prompt_cut"] <= 1


@pytest.mark.slow
def test_two_processes_draw_through_the_command_what_one_draws(tmp_path: Path) -> None:
    folder = tiny_diffusers.save_stable_diffusion(tmp_path / "tiny")
    subprocess.run(command("sd-1.5", folder, tmp_path / "one"), check=True)
    common = {
        **os.environ,
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29655",
    }
    pair = [
        subprocess.Popen(
            command("sd-1.5", folder, tmp_path / "two"), env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        )
        for rank in (0, 1)
    ]
    assert [each.wait(timeout=900) for each in pair] == [0, 0]
    one, two = (
        SampleStore(tmp_path / run / "samples", json.loads((tmp_path / run / "samples" / "key.json").read_text()))
        for run in ("one", "two")
    )
    assert one.samples_hash == two.samples_hash and one.key == two.key
