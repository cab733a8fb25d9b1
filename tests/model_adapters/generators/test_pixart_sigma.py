from pathlib import Path

import pytest
from pipeline_checks import built, check_by_hand, check_pipeline
from tiny_diffusers import save_pixart_sigma

from model_adapters.generators.diffusers_pipeline import PipelineGenerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_pixart_sigma(tmp_path_factory.mktemp("pixart_sigma") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("pixart-sigma", folder)


def test_keeps_the_contract(adapter: PipelineGenerator, folder: Path) -> None:
    check_pipeline(adapter, folder)


def test_agrees_with_the_pipeline_called_by_hand(adapter: PipelineGenerator, folder: Path) -> None:
    from diffusers import PixArtSigmaPipeline

    check_by_hand(
        adapter,
        PixArtSigmaPipeline.from_pretrained(folder),
        num_inference_steps=2,
        guidance_scale=4.5,
        clean_caption=False,
        use_resolution_binning=False,
    )
