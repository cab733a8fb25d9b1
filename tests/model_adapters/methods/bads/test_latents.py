from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from data_splits.sources import load_split
from model_adapters.methods.bads.latents import LatentEncoder
from model_adapters.methods.bads.split_source import Part, features_of
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.cases import pixels


def test_a_feature_is_the_latent_that_fine_tuning_sees_and_is_computed_once(
    tiny_sd: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(tmp_path))
    base = Base(locate_base(str(tiny_sd)), "cpu")
    encoder = LatentEncoder(base)
    assert encoder.shape == (4, 8, 8) and encoder.dim == 256
    split = load_split("phantom", seed=1, train=3, test=1, size=64)
    part = Part(split, "train", split.cases("train")[:3])
    found = features_of(part, cast("Any", encoder))
    for case, feature in zip(part.cases, found, strict=True):
        alone = base.encode(pixels([split.read_image(case)], 64, base.channels))[0]
        assert np.allclose(feature, alone.flatten().numpy(), atol=1e-5)
    monkeypatch.setattr(Base, "encode", lambda *_: torch.full((1, 4, 8, 8), float("nan")))
    assert np.array_equal(features_of(part, cast("Any", encoder)), found)
