"""open_clip from a tiny random checkpoint in its own layout; skipped where the vision extra is not installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import PIL.Image
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS, open_clip
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import encode_all, random_image

TEXTS = ["no finding", "a large pleural effusion", "edema"]
MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
INSTALLED = importlib.util.find_spec("open_clip") is not None


@pytest.fixture(scope="module")
def library() -> ModuleType:
    from model_adapters.torchvision_extra import require

    try:
        return require("open_clip")
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def checkpoint(library: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("open-clip")
    preprocess = {"size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bicubic"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": MODEL, "preprocess_cfg": preprocess}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = library.create_model(f"local-dir:{folder}", load_weights=False)
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return ENCODERS.build("open-clip", BuildContext(weights=checkpoint))


def test_it_keeps_the_protocol(encoder: Encoder) -> None:
    assert not [check for check in check_encoder(encoder, [random_image(1), random_image(2)]) if check.passed is False]
    assert encoder.text_encoder().dim == encoder.dim == 16  # type: ignore[attr-defined]


def test_agrees_with_the_librarys_own_call(library: ModuleType, encoder: Encoder, checkpoint: Path) -> None:
    import torch

    model, transform = library.create_model_from_pretrained(f"local-dir:{checkpoint}")
    model.eval()
    tokens = library.get_tokenizer(f"local-dir:{checkpoint}")(TEXTS)
    images = [random_image(seed, 40 + seed, 61 + 3 * seed) for seed in range(3)]
    with torch.no_grad():
        pixels = torch.stack([transform(PIL.Image.fromarray(image)) for image in images])
        image = model.encode_image(pixels, normalize=True).numpy()
        text = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(encode_all(encoder, images), image, atol=1e-5)
    np.testing.assert_allclose(encoder.text_encoder().encode_text(TEXTS), text, atol=1e-5)  # type: ignore[attr-defined]


def test_a_missing_weight_and_a_foreign_folder_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(checkpoint / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_bytes((checkpoint / "open_clip_config.json").read_bytes())
    save_file({k: v for k, v in state.items() if k != "text_projection"}, tmp_path / "open_clip_model.safetensors")
    with pytest.raises(UserError, match="lacks 'text_projection'"):
        open_clip.build(BuildContext(weights=tmp_path))


def test_an_unknown_way_of_resizing_is_refused() -> None:
    with pytest.raises(UserError, match="'longest' 'bicubic' to 32 x 32: not known"):
        open_clip.read_processor({"size": 32, "resize_mode": "longest"}, None)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Name a checkpoint"):
        open_clip.build(BuildContext())
    with pytest.raises(UserError, match=r"needs open_clip_config\.json and open_clip_model\.safetensors"):
        open_clip.build(BuildContext(weights=tmp_path))
    lacking = open_clip.requirements(BuildContext(target="owner/model"))
    assert "hf download owner/model" in lacking[0].how
    assert len(lacking) == (1 if INSTALLED else 2)


@pytest.mark.skipif(INSTALLED, reason="the vision extra is installed")
def test_without_the_extra_the_message_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=r"needs (torchvision|open_clip)\. Install the extra"):
        open_clip.build(BuildContext(weights=tmp_path))
