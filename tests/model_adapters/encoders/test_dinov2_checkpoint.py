from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.encoders.dinov2_checkpoint import (
    Detour,
    Processor,
    Source,
    load_dinov2,
    locate,
    missing_checkpoint,
    read_processor,
)
from model_adapters.encoders.preprocessing import Filter
from model_adapters.protocols import BuildContext
from tests.model_adapters.encoders.tiny import TINY_PROCESSOR, random_image

MakeFolder = Callable[..., Path]
FALLBACK = Processor(edge=10, crop=8, mean=(0.0,) * 3, std=(1.0,) * 3)


def test_processor_numbers_are_the_checkpoints_own(tiny_dinov2: MakeFolder) -> None:
    assert read_processor(tiny_dinov2(), FALLBACK) == Processor(
        edge=32, crop=28, mean=(0.5307,) * 3, std=(0.2583,) * 3, kernel=Filter.BICUBIC, scale=1 / 255
    )


def test_fallback_only_where_the_file_is_absent(tmp_path: Path) -> None:
    assert read_processor(tmp_path, FALLBACK) == FALLBACK
    (tmp_path / "preprocessor_config.json").write_text("{broken")
    with pytest.raises(UserError, match="Cannot read"):
        read_processor(tmp_path, FALLBACK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"do_center_crop": False}, "do_center_crop off"),
        ({"size": {"height": 32, "width": 32}}, "shortest_edge"),
        ({"crop_size": {"height": 28, "width": 30}}, "square crop_size"),
    ],
)
def test_settings_it_does_not_follow_are_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(TINY_PROCESSOR | change))
    with pytest.raises(UserError, match=message):
        read_processor(tmp_path, FALLBACK)


def test_every_number_is_in_the_id() -> None:
    base = Processor(edge=32, crop=28, mean=(0.5,) * 3, std=(0.2,) * 3)
    others = [
        Processor(edge=33, crop=28, mean=(0.5,) * 3, std=(0.2,) * 3),
        Processor(edge=32, crop=27, mean=(0.5,) * 3, std=(0.2,) * 3),
        Processor(edge=32, crop=28, mean=(0.5, 0.5, 0.51), std=(0.2,) * 3),
        Processor(edge=32, crop=28, mean=(0.5,) * 3, std=(0.2, 0.2, 0.21)),
        Processor(edge=32, crop=28, mean=(0.5,) * 3, std=(0.2,) * 3, kernel=Filter.BILINEAR),
        Processor(edge=32, crop=28, mean=(0.5,) * 3, std=(0.2,) * 3, scale=1 / 256),
    ]
    assert len({processor.id for processor in [base, *others]}) == 7


def test_detour_squashes_in_8_bit() -> None:
    image = random_image(0, 50, 80)
    (plane,) = Detour("squash/", 20).apply(image)
    assert plane.shape == (20, 20)
    assert plane.dtype == np.uint8
    (untouched,) = Detour().apply(image)
    assert untouched is image


def test_an_incomplete_checkpoint_is_refused_not_filled_with_noise(tiny_dinov2: MakeFolder, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(tiny_dinov2(), folder)
    state = load_file(folder / "model.safetensors")
    del state["layernorm.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"not a complete DINOv2 checkpoint.*layernorm\.weight"):
        load_dinov2(folder)


def test_another_model_type_is_refused(tiny_dinov2: MakeFolder, tmp_path: Path) -> None:
    folder = tmp_path / "vit"
    shutil.copytree(tiny_dinov2(), folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(UserError, match="'vit' model"):
        load_dinov2(folder)


def test_a_folder_that_is_no_checkpoint_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json and model\.safetensors"):
        locate(BuildContext(weights=tmp_path), "owner/name", None)


def test_a_hub_id_replaces_the_published_repository() -> None:
    source = locate(BuildContext(target="facebook/dinov2-nothing-of-that-name"), "facebook/dinov2-base", "a" * 40)
    assert source == Source("facebook/dinov2-nothing-of-that-name", None, None)
    (missing,) = missing_checkpoint(source, "dinov2", 1.2)
    assert "hf download facebook/dinov2-nothing-of-that-name config.json" in missing.how
    assert "--encoder-weights dinov2=/path/to/folder" in missing.how
    assert missing.size_gb == 1.2


def test_loading_leaves_transformers_as_it_was_and_is_silent(
    tiny_dinov2: MakeFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    folder = tiny_dinov2()
    capfd.readouterr()
    before = (logging.is_progress_bar_enabled(), logging.get_verbosity())
    load_dinov2(folder)
    assert (logging.is_progress_bar_enabled(), logging.get_verbosity()) == before
    assert capfd.readouterr() == ("", "")
