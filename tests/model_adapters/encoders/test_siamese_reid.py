from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from safetensors.torch import save_file

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS
from model_adapters.encoders.resnet_network import SiameseResNet50
from model_adapters.encoders.siamese_reid import FILE, SiameseEncoder
from model_adapters.protocols import BuildContext
from tests.model_adapters.encoders.tiny import encode_all, fill, random_image


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return fill(SiameseResNet50())


@pytest.fixture(scope="module")
def folder(network: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("siamese")
    save_file(network.state_dict(), folder / "siamese.safetensors")
    torch.save(network.state_dict(), folder / FILE)
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SiameseEncoder:
    built = ENCODERS.build("siamese-reid", BuildContext(weights=folder / "siamese.safetensors"))
    assert isinstance(built, SiameseEncoder)
    return built


def test_passes_the_checks_of_an_adapter(encoder: SiameseEncoder) -> None:
    checks = check_encoder(encoder, [random_image(seed) for seed in range(3)])
    assert not [check for check in checks if check.passed is False]
    assert encoder.card.verified is False and "mimic-cxr" in encoder.card.training_data


def test_feature_and_pair_head_give_the_networks_probability(encoder: SiameseEncoder, network: SiameseResNet50) -> None:
    """As the published forward pass has it: sigmoid(fc_end(|branch(a) - branch(b)|))."""
    images = [random_image(0), random_image(1)]
    batch = torch.from_numpy(np.stack([encoder.preprocess(image) for image in images]))
    with torch.no_grad():
        one, other = torch.sigmoid(network.model(batch))
        expected = float(torch.sigmoid(network.fc_end((one - other).abs())))
    weight, bias = encoder.pair_head()
    first, second = encode_all(encoder, images)
    ours = 1 / (1 + np.exp(-(np.abs(first - second) @ weight + bias)))
    assert first.shape == (128,) and ours == pytest.approx(expected, abs=1e-4)
    assert 0.01 < expected < 0.99


def test_corrected_input_is_normalised_as_in_training(encoder: SiameseEncoder) -> None:
    image = random_image(0, 256, 256)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = (image[None] / 255 - mean[:, None, None]) / std[:, None, None]
    np.testing.assert_allclose(encoder.preprocess(image), expected, atol=1e-5)


def test_published_input_goes_through_512_px_and_is_not_normalised(folder: Path) -> None:
    published = ENCODERS.build("siamese-reid", BuildContext(weights=folder / "siamese.safetensors", protocol="v1"))
    image = random_image(0, 300, 200)
    small = PIL.Image.fromarray(image).resize((512, 512)).resize((224, 224), PIL.Image.Resampling.BILINEAR)
    expected = np.asarray(small, np.float32) / 255
    ours = published.preprocess(image)
    assert ours.shape == (3, 224, 224)
    for channel in ours:
        np.testing.assert_allclose(channel, expected, atol=1e-6)


def test_two_protocols_have_two_fingerprints(encoder: SiameseEncoder, folder: Path) -> None:
    published = ENCODERS.build("siamese-reid", BuildContext(weights=folder / "siamese.safetensors", protocol="v1"))
    assert published.fingerprint != encoder.fingerprint


def test_the_published_file_is_opened_only_with_its_checksum(folder: Path, encoder: SiameseEncoder) -> None:
    path, beside = folder / FILE, folder / f"{FILE}.sha256"
    with pytest.raises(UserError, match=r"not opened.*\.sha256"):
        ENCODERS.build("siamese-reid", BuildContext(weights=path))
    beside.write_text("0" * 64)
    with pytest.raises(UserError, match="not opened"):
        ENCODERS.build("siamese-reid", BuildContext(weights=path))
    beside.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {FILE}\n")
    opened = ENCODERS.build("siamese-reid", BuildContext(weights=path))
    image = [random_image(0)]
    np.testing.assert_array_equal(encode_all(opened, image), encode_all(encoder, image))


def test_another_network_is_refused(tmp_path: Path, network: torch.nn.Module) -> None:
    state = {key: value for key, value in network.state_dict().items() if not key.startswith("fc_end")}
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="lacks 'fc_end"):
        ENCODERS.build("siamese-reid", BuildContext(weights=tmp_path / "other.safetensors"))
    save_file({f"module.{key}": value for key, value in network.state_dict().items()}, tmp_path / "p.safetensors")
    ENCODERS.build("siamese-reid", BuildContext(weights=tmp_path / "p.safetensors"))


def test_absent_weights_say_what_to_do() -> None:
    (missing,) = ENCODERS.requirements("siamese-reid", BuildContext())
    assert FILE in missing.how and ".sha256" in missing.how
    with pytest.raises(UserError, match="re-identification network"):
        ENCODERS.build("siamese-reid", BuildContext())
