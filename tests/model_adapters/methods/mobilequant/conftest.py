"""A tiny model of the real class with outlier channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from model_adapters.methods.mobilequant.made_up import write_llama
from model_adapters.methods.mobilequant.sources import open_source


@pytest.fixture
def llama(tmp_path: Path) -> Callable[..., Any]:
    """Makes a tiny `LlamaForCausalLM`; the same weights for the same changes of its configuration."""

    def make(**changes: Any) -> Any:
        return open_source(str(write_llama(tmp_path / f"llama-{len(changes)}-{sorted(changes)}", **changes))).model

    return make


@pytest.fixture
def embeds() -> torch.Tensor:
    return torch.randn(1, 12, 32, generator=torch.Generator().manual_seed(3))
