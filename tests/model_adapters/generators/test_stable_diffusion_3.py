from pathlib import Path

import pytest
from pipeline_checks import built, check_by_hand, check_lora, check_pipeline
from tiny_diffusers import save_lora, save_stable_diffusion_3

from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.protocols import GenerationRequest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_stable_diffusion_3(tmp_path_factory.mktemp("stable_diffusion_3") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("sd-3.5-medium", folder, lora="none")


def test_keeps_the_contract(adapter: PipelineGenerator, folder: Path) -> None:
    check_pipeline(adapter, folder)


def test_agrees_with_the_pipeline_called_by_hand(adapter: PipelineGenerator, folder: Path) -> None:
    from diffusers import StableDiffusion3Pipeline

    check_by_hand(
        adapter,
        StableDiffusion3Pipeline.from_pretrained(folder),
        num_inference_steps=2,
        guidance_scale=4.5,
        max_sequence_length=512,
    )


def test_lora_weights_are_fused(folder: Path, tmp_path: Path) -> None:
    check_lora(
        "sd-3.5-medium", folder, save_lora(tmp_path / "lora", folder, "StableDiffusion3Pipeline", ["to_q", "to_v"])
    )


def test_both_readers_are_counted(adapter: PipelineGenerator) -> None:
    """CLIP sees a prompt of 90 tokens cut, T5 does not."""
    told = adapter.annotate(GenerationRequest("c", "effusion " * 88, 1))
    assert told == {"tokens": 90, "truncated": False, "tokens_short": 90, "truncated_short": True}
