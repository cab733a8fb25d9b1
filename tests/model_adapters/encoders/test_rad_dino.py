"""rad-dino on a tiny checkpoint of the real class; v1 and v2 inputs against independent transcriptions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS, rad_dino
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import (
    TINY_PROCESSOR,
    assert_neighbours_do_not_matter,
    encode_all,
    random_image,
)

MakeFolder = Callable[..., Path]
PUBLISHED = TINY_PROCESSOR | {"size": {"shortest_edge": 518}, "crop_size": {"height": 518, "width": 518}}


@pytest.fixture(scope="module")
def folder(tiny_dinov2: MakeFolder) -> Path:
    return tiny_dinov2("rad")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return ENCODERS.build("rad-dino", BuildContext(target=str(folder)))


def test_features_are_the_pooler_output_of_the_published_route(encoder: Encoder, folder: Path) -> None:
    import torch
    from transformers import Dinov2Model
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

    images = [random_image(seed, 70, 90) for seed in range(3)]
    processor = BitImageProcessorPil.from_pretrained(folder)
    pixels = processor(images=[PIL.Image.fromarray(image).convert("RGB") for image in images], return_tensors="pt")
    with torch.no_grad():
        expected = Dinov2Model.from_pretrained(folder).eval()(**pixels).pooler_output.numpy()
    np.testing.assert_allclose(encode_all(encoder, images), expected, atol=1e-5)


def test_neighbours_position_and_threads_do_not_matter(encoder: Encoder) -> None:
    assert_neighbours_do_not_matter(encoder, [random_image(seed) for seed in range(8)])


def test_v1_takes_the_299_pixel_detour_and_v2_does_not(tiny_dinov2: MakeFolder) -> None:
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

    folder = tiny_dinov2("full", processor=PUBLISHED)
    image = random_image(0, 700, 900)
    processor = BitImageProcessorPil.from_pretrained(folder)
    rgb = PIL.Image.fromarray(image).convert("RGB")
    small = rgb.resize((299, 299), PIL.Image.Resampling.BILINEAR)
    inputs = {}
    for protocol, picture in (("v1", small), ("v2", rgb)):
        encoder = ENCODERS.build("rad-dino", BuildContext(weights=folder, protocol=protocol))
        inputs[protocol] = encoder.preprocess(image)
        expected = processor(images=picture, return_tensors="np")["pixel_values"][0]
        assert inputs[protocol].shape == (3, 518, 518)
        np.testing.assert_allclose(inputs[protocol], expected, atol=2e-6)

    def detail(x: np.ndarray) -> float:
        return float(np.abs(np.diff(x[0], axis=1)).mean())

    assert detail(inputs["v2"]) > 1.3 * detail(inputs["v1"]), "the detour must cost detail"


def test_fingerprints_tell_protocols_weights_and_settings_apart(tiny_dinov2: MakeFolder, folder: Path) -> None:
    def fingerprint(weights: Path, protocol: str = "v2") -> str:
        return ENCODERS.build("rad-dino", BuildContext(weights=weights, protocol=protocol)).fingerprint

    other_settings = tiny_dinov2("settings", processor=TINY_PROCESSOR | {"resample": 2})
    seen = {
        fingerprint(folder),
        fingerprint(folder, "v1"),
        fingerprint(tiny_dinov2("other", seed=1)),
        fingerprint(other_settings),
    }
    assert len(seen) == 4
    assert fingerprint(tiny_dinov2("copy")) == fingerprint(folder), "where a copy lies is no part of it"


def test_card_tells_what_was_loaded(encoder: Encoder) -> None:
    assert encoder.card.source == "local folder rad"
    assert not encoder.card.verified
    assert list(encoder.card.weight_hashes) == ["model.safetensors"]
    assert encoder.dim == 24
    assert rad_dino.PROCESSOR.edge == rad_dino.PROCESSOR.crop == 518


def test_absent_weights_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_adapters.encoders.dinov2_checkpoint.cached_snapshot", lambda *_: None)
    (missing,) = ENCODERS.requirements("rad-dino", BuildContext())
    assert missing.what == "weights of microsoft/rad-dino"
    assert missing.size_gb == pytest.approx(0.35, abs=0.01)
    with pytest.raises(
        UserError, match=r"hf download microsoft/rad-dino .* --encoder-weights rad-dino=/path/to/folder"
    ):
        ENCODERS.build("rad-dino", BuildContext())
