from pathlib import Path

import pytest
from pipeline_checks import built, check_by_hand, check_lora, check_pipeline
from tiny_diffusers import save_lora, save_lumina2

from model_adapters.generators.diffusers_pipeline import PipelineGenerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_lumina2(tmp_path_factory.mktemp("lumina2") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("lumina-2", folder, lora="none")


def test_keeps_the_contract(adapter: PipelineGenerator, folder: Path) -> None:
    check_pipeline(adapter, folder)


def test_agrees_with_the_pipeline_called_by_hand(adapter: PipelineGenerator, folder: Path) -> None:
    from diffusers import Lumina2Pipeline

    check_by_hand(
        adapter,
        Lumina2Pipeline.from_pretrained(folder),
        num_inference_steps=2,
        guidance_scale=4.0,
        cfg_trunc_ratio=0.25,
        cfg_normalization=True,
    )


def test_lora_weights_are_fused(folder: Path, tmp_path: Path) -> None:
    check_lora("lumina-2", folder, save_lora(tmp_path / "lora", folder, "Lumina2Pipeline", ["to_q", "to_v"]))
