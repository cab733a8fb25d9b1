"""What every adapter over a diffusers pipeline must do, checked on a tiny checkpoint of its real class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_adapters.check import check_generator
from model_adapters.generators import GENERATORS
from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.protocols import BuildContext, GenerationRequest, Image

PROMPTS = ("large left pleural effusion", "no finding", "cardiomegaly. " * 300)
REQUESTS = [GenerationRequest(f"c{index}", prompt, 2**62 + index) for index, prompt in enumerate(PROMPTS)]


def built(name: str, folder: Path, protocol: str = "v2", **options: Any) -> PipelineGenerator:
    """The adapter over a checkpoint folder, with few steps at 64 px."""
    options = {"steps": 2, "size": 64, **options}
    adapter = GENERATORS.build(name, BuildContext(target=str(folder), protocol=protocol, options=options))
    assert isinstance(adapter, PipelineGenerator)
    return adapter


def levels(one: Image, other: Image) -> float:
    """Largest difference of two images in grey levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).max())


def check_pipeline(adapter: PipelineGenerator, folder: Path) -> None:
    """The conformance run (seeds, prompts, batches, global state), hashes and truncation."""
    failed = [check for check in check_generator(adapter, REQUESTS) if check.passed is False]
    assert not failed, failed
    assert [adapter.annotate(each)["truncated"] for each in REQUESTS] == [False, False, True]
    assert "model_index.json" in adapter.card.weight_hashes
    assert any(name.startswith("vae/") for name in adapter.card.weight_hashes)
    assert str(folder.parent) not in adapter.card.model_dump_json(), "a path tells who owns the machine"
    assert adapter.card.settings["dtype"] == "torch.float32" and adapter.card.source == f"local:{folder.name}"


def check_by_hand(adapter: PipelineGenerator, pipe: Any, **call: Any) -> None:
    """The adapter's image is that of the pipeline called by hand with the published settings."""
    import torch

    drawn = pipe(REQUESTS[0].prompt, generator=torch.Generator().manual_seed(REQUESTS[0].seed), **call).images[0]
    assert levels(np.asarray(drawn), adapter.generate(REQUESTS[:1])[0]) <= 1


def check_lora(name: str, folder: Path, lora: Path) -> None:
    """LoRA weights change the images, at scale 0 they do not, and the card names them."""
    plain, tuned, nothing = (
        built(name, folder, **options)
        for options in ({"lora": "none"}, {"lora": str(lora)}, {"lora": str(lora), "lora_scale": 0})
    )
    image = plain.generate(REQUESTS[:1])[0]
    assert levels(image, tuned.generate(REQUESTS[:1])[0]) > 2
    assert levels(image, nothing.generate(REQUESTS[:1])[0]) <= 1
    assert tuned.card.settings["lora"] == f"local:{lora.name}" and "lora" not in plain.card.settings
    assert "lora/pytorch_lora_weights.safetensors" in tuned.card.weight_hashes
