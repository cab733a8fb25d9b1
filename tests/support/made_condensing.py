"""Small made-up things to condense: a split, its tensors, experts on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_adapters.methods.satm.experts import ExpertPlan, Experts
from model_adapters.methods.satm.made_up import made_up_split
from model_adapters.methods.satm.networks import Network, parse_network
from model_adapters.methods.satm.settings import Settings

SMALL: dict[str, Any] = {
    "network": "mlp:8", "experts": 2, "epochs": 4, "start_before": 3, "span": 1, "expert_batch": 4,
    "iterations": 6, "save_every": 2, "inner_steps": 4, "kept_steps": 3,
}  # fmt: skip


def small_settings(**more: Any) -> Settings:
    """A fit of milliseconds."""
    return Settings(**{**SMALL, **more})


def pictures(side: int = 8, images: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    """float32[n, 1, side, side] of zero mean and unit deviation, and the class of each."""
    split = made_up_split(images, side)
    grey = np.stack([split.read_image(case) for case in split.cases("train")]).astype(np.float32)[:, None] / 255
    grey = (grey - grey.mean()) / grey.std()
    return torch.from_numpy(grey), torch.arange(images) % 2


def small_network(text: str = "mlp:8", side: int = 8) -> Network:
    """Two classes."""
    return parse_network(text, side, 2)


def experts_in(folder: Path, settings: Settings, seed: int = 0, network: Network | None = None) -> Experts:
    """Trained on the made-up pictures."""
    images, targets = pictures()
    plan = ExpertPlan(settings.experts, settings.epochs, settings.expert_rate, settings.expert_batch)
    made = Experts(folder, network or small_network(), images, targets, plan, seed)
    made.make()
    return made
