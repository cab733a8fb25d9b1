from pathlib import Path

import pytest
from pipeline_checks import built, check_by_hand, check_lora, check_pipeline
from tiny_diffusers import save_flux, save_lora

from model_adapters.generators.diffusers_pipeline import PipelineGenerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_flux(tmp_path_factory.mktemp("flux") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("flux.1-dev", folder, lora="none")


def test_keeps_the_contract(adapter: PipelineGenerator, folder: Path) -> None:
    check_pipeline(adapter, folder)


def test_agrees_with_the_pipeline_called_by_hand(adapter: PipelineGenerator, folder: Path) -> None:
    from diffusers import FluxPipeline

    check_by_hand(
        adapter,
        FluxPipeline.from_pretrained(folder),
        num_inference_steps=2,
        guidance_scale=3.5,
        height=64,
        width=64,
        max_sequence_length=512,
    )


def test_lora_weights_are_fused(folder: Path, tmp_path: Path) -> None:
    check_lora("flux.1-dev", folder, save_lora(tmp_path / "lora", folder, "FluxPipeline", ["to_q", "to_v"]))
