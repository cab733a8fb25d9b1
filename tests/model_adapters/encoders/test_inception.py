from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS, inception
from model_adapters.encoders.weights import file_sha256
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import encode_all, random_image


@pytest.fixture(scope="module")
def encoder(inception_file: Path) -> Encoder:
    return ENCODERS.build("inception", BuildContext(target=str(inception_file)))


def test_position_and_threads_do_not_matter(encoder: Encoder) -> None:
    a, b = (encoder.preprocess(random_image(seed)) for seed in (0, 1))
    left, right = encoder.encode(np.stack([a] * 4 + [b] * 4)), encoder.encode(np.stack([b] * 7 + [a]))
    np.testing.assert_array_equal(left[0], right[7])
    np.testing.assert_array_equal(left[7], right[0])
    assert np.abs(left[0] - left[7]).max() > 1e-3


def tensorflow1_bilinear(image: np.ndarray, side: int) -> np.ndarray:
    """The resize inside torch-fidelity's network: corner-aligned grid, no half-pixel shift, no antialiasing."""
    scale = image.shape[0] / side
    at = np.arange(side) * scale
    low = at.astype(int)
    high, part = np.minimum(low + 1, image.shape[0] - 1), (at - low)[:, None]
    rows = image[low] + (image[high] - image[low]) * part
    return rows[:, low] + (rows[:, high] - rows[:, low]) * part.T


def test_v1_input_is_the_published_chain(inception_file: Path) -> None:
    """Pillow squash to 299 in 8 bit, then torch-fidelity's own resize, which at 299 changes nothing."""
    encoder = ENCODERS.build("inception", BuildContext(weights=inception_file, protocol="v1"))
    image = random_image(3, 400, 520)
    small = np.asarray(PIL.Image.fromarray(image).resize((299, 299), PIL.Image.Resampling.BILINEAR)).astype(float)
    expected = (tensorflow1_bilinear(small, 299) - 128) / 128
    np.testing.assert_array_equal(encoder.preprocess(image), np.stack([expected.astype(np.float32)] * 3))


def test_v2_input_is_not_rounded(encoder: Encoder, inception_file: Path) -> None:
    image = random_image(3, 400, 520)
    direct = torch.nn.functional.interpolate(
        torch.from_numpy(image)[None, None].double(), (299, 299), mode="bilinear", antialias=True, align_corners=False
    )
    ours = encoder.preprocess(image)
    np.testing.assert_allclose(ours[0], (direct[0, 0].numpy() - 128) / 128, atol=1e-5)
    v1 = ENCODERS.build("inception", BuildContext(weights=inception_file, protocol="v1"))
    # Pillow rounds after the rows and again after the columns: up to one grey level.
    assert 0.3 / 128 < np.abs(ours - v1.preprocess(image)).max() <= 1 / 128
    assert encoder.fingerprint != v1.fingerprint


def test_class_head(encoder: Encoder, inception_file: Path) -> None:
    state = load_file(inception_file)
    head = encoder.class_head()
    assert head is not None
    np.testing.assert_array_equal(head.weight, state["fc.weight"].numpy())
    assert head.weight.shape == (1008, encoder.dim)
    assert np.isfinite(encode_all(encoder, [random_image(0)]) @ head.weight.T + head.bias).all()


def test_the_published_file_is_found_and_opened_by_its_hash(
    inception_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in of the same layout, with its hash put in place of the published one."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (missing,) = ENCODERS.requirements("inception", BuildContext())
    place = tmp_path / "hub" / "checkpoints" / inception.SAME_FILE
    assert str(place.parent) in missing.how
    with pytest.raises(UserError, match="No FID weights"):
        ENCODERS.build("inception", BuildContext())
    place.parent.mkdir(parents=True)
    torch.save(load_file(inception_file), place)
    with pytest.raises(UserError, match="not a known file"):
        ENCODERS.build("inception", BuildContext())
    monkeypatch.setattr(inception, "SHA256", file_sha256(place))
    encoder = ENCODERS.build("inception", BuildContext())
    assert encoder.card.verified
    assert encoder.card.weight_hashes == {inception.SAME_FILE: file_sha256(place)}


def test_another_network_is_refused(inception_file: Path, tmp_path: Path) -> None:
    state = load_file(inception_file)
    del state["Mixed_7c.branch1x1.conv.weight"]
    save_file(state, tmp_path / "cut.safetensors")
    with pytest.raises(UserError, match=r"not the Inception-v3 of FID: it lacks 'Mixed_7c"):
        ENCODERS.build("inception", BuildContext(weights=tmp_path / "cut.safetensors"))


def test_pinned_hash_agrees_with_the_published_file_name() -> None:
    assert inception.SHA256[:8] in inception.FILE
    assert inception.SHA256[:8] in inception.SAME_FILE
