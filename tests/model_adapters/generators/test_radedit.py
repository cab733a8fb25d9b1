import shutil
from pathlib import Path

import numpy as np
import pytest
from pipeline_checks import REQUESTS, built
from tiny_diffusers import save_radedit

from data_splits.errors import UserError
from model_adapters.check import check_generator
from model_adapters.generators import GENERATORS, radedit
from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.protocols import BuildContext


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_radedit(tmp_path_factory.mktemp("radedit") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> PipelineGenerator:
    return built("radedit", folder)


def test_keeps_the_contract(adapter: PipelineGenerator) -> None:
    assert not [check for check in check_generator(adapter, REQUESTS) if check.passed is False]
    assert set(adapter.card.weight_hashes) == {
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    }
    assert adapter.card.settings["scheduler"] == "DDIMScheduler" and adapter.card.source == "local:tiny"


def test_it_reads_128_tokens(adapter: PipelineGenerator) -> None:
    assert [adapter.annotate(each)["truncated"] for each in REQUESTS] == [False, False, True]
    assert adapter.card.settings["reads_tokens"] == 128


def test_the_text_encoder_is_bert_without_what_the_diffusion_model_does_not_read(folder: Path) -> None:
    """Its last hidden states are those of the saved network; projections and word prediction are left out."""
    import torch
    from safetensors.torch import load_file

    network = radedit.text_encoder(folder / "text_encoder")
    state = load_file(folder / "text_encoder" / "model.safetensors")
    assert {f"bert.{name}" for name in network.state_dict()} <= set(state)
    words = radedit.tokenizer(folder / "text_encoder")
    ids = words(["no finding", "large effusion"], padding="max_length", return_tensors="pt").input_ids
    assert ids.shape == (2, 128)
    with torch.no_grad():
        one, other = network(ids)[0]
    assert np.abs((one - other).numpy()).max() > 0.01


def test_published_settings(folder: Path) -> None:
    """100 DDIM steps, guidance 7.5, time steps spaced trailing: from the last one on."""
    full = GENERATORS.build("radedit", BuildContext(target=str(folder)))
    assert full.card.settings["num_inference_steps"] == 100 and full.card.settings["guidance_scale"] == 7.5
    assert isinstance(full, PipelineGenerator)
    full._pipe.scheduler.set_timesteps(100)
    assert full._pipe.scheduler.timesteps[0] == 999 and full._pipe.scheduler.timesteps[1] == 989


def test_missing_and_wrong_parts_are_told(folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("model_adapters.generators.diffusers_checkpoint.cached_folder", lambda name: None)
    copy = shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(copy / "vae")
    with pytest.raises(UserError, match="the part vae of RadEdit, stabilityai/sdxl-vae"):
        built("radedit", copy)
    shutil.copytree(folder / "vae", copy / "vae")
    shutil.copy(folder / "vae" / "diffusion_pytorch_model.safetensors", copy / "text_encoder" / "model.safetensors")
    with pytest.raises(UserError, match="does not hold the text encoder of BioViL-T"):
        built("radedit", copy)
    (weights, _) = GENERATORS.requirements("radedit", BuildContext())
    assert "microsoft/radedit" in weights.what
