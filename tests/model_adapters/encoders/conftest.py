"""Small real checkpoints that the adapters load by the path a user takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.model_adapters.encoders.tiny import TINY_PROCESSOR, fill


@pytest.fixture(scope="session")
def tiny_dinov2(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Factory of `save_pretrained` folders of a two-layer Dinov2Model at 28 px, with its processor settings."""

    def make(name: str = "tiny", seed: int = 0, processor: dict[str, object] | None = None) -> Path:
        import torch
        from transformers import Dinov2Config, Dinov2Model

        folder = tmp_path_factory.mktemp("dinov2") / name
        config = Dinov2Config(
            hidden_size=24, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=28, patch_size=14
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            Dinov2Model(config).save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(processor or TINY_PROCESSOR))
        return folder

    return make


@pytest.fixture(scope="session")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full-size Inception-v3 with random weights as safetensors."""
    from safetensors.torch import save_file

    from model_adapters.encoders.inception_network import InceptionV3

    path = tmp_path_factory.mktemp("inception") / "random-inception.safetensors"
    save_file(fill(InceptionV3()).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def densenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full-size DenseNet-121 with random weights as safetensors."""
    from safetensors.torch import save_file

    from model_adapters.encoders.densenet_network import DenseNet121

    path = tmp_path_factory.mktemp("densenet") / "random-densenet.safetensors"
    save_file(fill(DenseNet121()).state_dict(), path)
    return path
