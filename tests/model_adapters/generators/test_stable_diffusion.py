import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from pipeline_checks import REQUESTS, built, check_by_hand, check_lora, check_pipeline
from tiny_diffusers import save_lora, save_stable_diffusion

from model_adapters.generators import GENERATORS
from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.generators.unet_pipeline import UNetGenerator
from model_adapters.protocols import BuildContext

NAMES = ("sd-1.4", "sd-1.5", "sd-2", "sd-2.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_stable_diffusion(tmp_path_factory.mktemp("sd") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("sd-1.5", folder)


def test_keeps_the_contract(adapter: PipelineGenerator, folder: Path) -> None:
    check_pipeline(adapter, folder)


def test_agrees_with_the_pipeline_called_by_hand(adapter: PipelineGenerator, folder: Path) -> None:
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    check_by_hand(adapter, pipe, num_inference_steps=2, guidance_scale=7.5)


def test_lora_weights_are_fused(folder: Path, tmp_path: Path) -> None:
    lora = save_lora(tmp_path / "lora", folder, "StableDiffusionPipeline", ["to_q", "to_k", "to_v"])
    check_lora("sd-2.1", folder, lora)


def test_published_settings_hold_unless_changed(folder: Path) -> None:
    for name in NAMES:
        assert GENERATORS.options(name) | {"steps": 50, "guidance": 7.5} == GENERATORS.options(name)
        assert GENERATORS.card(name).settings == {"steps": 50, "guidance": 7.5}
        assert not GENERATORS.card(name).verified
    full = built("sd-1.4", folder, steps=50)
    assert full.card.settings["num_inference_steps"] == 50 and full.card.settings["guidance_scale"] == 7.5


def test_a_long_prompt_is_counted_and_never_logged(adapter: PipelineGenerator, caplog, capfd) -> None:
    with caplog.at_level(logging.DEBUG):
        adapter.generate(REQUESTS[2:])
    assert adapter.annotate(REQUESTS[2]) == {"tokens": 602, "truncated": True}
    written = capfd.readouterr()
    assert "cardiomegaly" not in caplog.text + written.out + written.err


def test_noise_norm_follows_the_request_alone(adapter: PipelineGenerator) -> None:
    assert isinstance(adapter, UNetGenerator)
    together = adapter.noise_norm(REQUESTS)
    alone = np.concatenate([adapter.noise_norm([request]) for request in REQUESTS])
    np.testing.assert_allclose(together, alone, rtol=1e-4)
    assert together.min() > 0 and len(set(np.round(together, 6))) == 3


def test_a_checkpoint_without_its_safety_filter_is_whole(folder: Path, tmp_path: Path) -> None:
    """The filter is not loaded, so its weights need not be there; every other part must."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    index = json.loads((copy / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (copy / "model_index.json").write_text(json.dumps(index))
    assert GENERATORS.requirements("sd-1.5", BuildContext(target=str(copy))) == []
    built("sd-1.5", copy)
    (copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    (missing,) = GENERATORS.requirements("sd-1.5", BuildContext(target=str(copy)))
    assert "the part unet" in missing.what
