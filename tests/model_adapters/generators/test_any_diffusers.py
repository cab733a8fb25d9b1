import json
from pathlib import Path

import pytest
from pipeline_checks import REQUESTS, built, levels
from tiny_diffusers import save_lora, save_stable_diffusion

from data_splits.errors import UserError
from model_adapters.generators import GENERATORS
from model_adapters.protocols import BuildContext


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_stable_diffusion(tmp_path_factory.mktemp("any") / "tiny")


def test_draws_what_the_named_adapter_draws(folder: Path) -> None:
    one, other = built("diffusers", folder, guidance=7.5), built("sd-1.5", folder)
    assert levels(one.generate(REQUESTS[:1])[0], other.generate(REQUESTS[:1])[0]) == 0
    assert one.card.name == "diffusers" and one.card.training_data == ()


def test_family_settings_are_the_default(folder: Path) -> None:
    assert built("diffusers", folder, steps=0).card.settings["num_inference_steps"] == 50
    assert built("diffusers", folder).card.settings["guidance_scale"] == 7.5


def test_a_pipeline_without_a_family_draws_with_its_own_defaults(tmp_path: Path) -> None:
    """A PixArt-alpha checkpoint: no family here knows that class."""
    import torch
    from diffusers import DPMSolverMultistepScheduler, PixArtAlphaPipeline
    from tiny_diffusers import pixart, t5, tokenizer, vae

    torch.manual_seed(0)
    PixArtAlphaPipeline(tokenizer(), t5(), vae(), pixart(), DPMSolverMultistepScheduler()).save_pretrained(
        tmp_path / "p"
    )
    adapter = built("diffusers", tmp_path / "p", steps=0)
    assert "num_inference_steps" not in adapter.card.settings and adapter.card.settings["reads_tokens"] == 120
    assert adapter.generate(REQUESTS[:1])[0].shape == (64, 64, 3)


def test_lora_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    lora = save_lora(tmp_path / "lora", folder, "StableDiffusionPipeline", ["to_q"])
    file = lora / "pytorch_lora_weights.safetensors"
    save_file({name.replace("unet.", "unet.other."): each for name, each in load_file(file).items()}, file)
    with pytest.raises(UserError, match="do not fit"):
        built("diffusers", folder, lora=str(lora))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lora": "/no/such/place"}, "No checkpoint at"),
        ({"offload": "model"}, "--device cuda"),
        ({"offload": "disk"}, "none, model, sequential"),
        ({"steps": "many"}, "whole number"),
        ({"guidence": 3}, "Did you mean guidance"),
    ],
)
def test_wrong_options_are_told(folder: Path, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        built("diffusers", folder, **options)


def test_what_is_missing_is_told_before_anything_is_loaded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("model_adapters.generators.diffusers_checkpoint.cached_folder", lambda name: None)
    (missing,) = GENERATORS.requirements("diffusers", BuildContext(target="owner/model"))
    assert "hf download owner/model" in missing.how
    with pytest.raises(UserError, match="Say which checkpoint"):
        GENERATORS.requirements("diffusers", BuildContext())
    weights, gpu = GENERATORS.requirements("sd-2.1", BuildContext())
    assert "raman07/CheXGenBench-Models-SDV-2-1" in weights.how and "offload=model" in gpu.how
    (stock, _) = GENERATORS.requirements("sd-2.1", BuildContext(target="stock"))
    assert "stabilityai/stable-diffusion-2-1" in stock.how
    estimate = GENERATORS.estimate("sd-2.1", BuildContext(device="cuda"), 1000)
    assert estimate is not None and estimate.seconds == pytest.approx(1000 * 2 * 50 * 8.0e11 / 1.2e14)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"_class_name": "AudioLDM2Pipeline"}, "no text-to-image pipeline"),
        ({"_class_name": ["my_code", "Pipe"]}, "no text-to-image pipeline"),
        ({"_class_name": "SanaPipeline"}, "--model sana:"),
        ({}, "no readable model_index"),
    ],
)
def test_other_checkpoints_are_refused(tmp_path: Path, index: dict, message: str) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=message):
        GENERATORS.build("diffusers", BuildContext(target=str(tmp_path)))


def test_a_pickle_of_lora_weights_is_never_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lora.bin").write_bytes(b"not a tensor")
    with pytest.raises(UserError, match=r"no \.safetensors file"):
        built("diffusers", folder, lora=str(tmp_path / "lora.bin"))
