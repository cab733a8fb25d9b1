"""What tests of several methods share: one compute thread, and a tiny Stable Diffusion checkpoint, built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are slower on several threads, and last digits depend on how many there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_sd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a StableDiffusionPipeline of 64 pixels."""
    from tiny_diffusers import save_stable_diffusion

    return save_stable_diffusion(tmp_path_factory.mktemp("base") / "tiny-sd")
