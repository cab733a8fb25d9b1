from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS, xrv_densenet
from model_adapters.encoders.densenet_network import DenseNet121
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import assert_neighbours_do_not_matter, random_image


@pytest.fixture(scope="module")
def encoder(densenet_file: Path) -> Encoder:
    return ENCODERS.build("xrv-densenet", BuildContext(target=str(densenet_file)))


def test_neighbours_position_and_threads_do_not_matter(encoder: Encoder) -> None:
    assert_neighbours_do_not_matter(encoder, [random_image(seed) for seed in range(8)])


def test_input_is_the_librarys_scale_and_crop(encoder: Encoder) -> None:
    """At 224 px no resampling happens, so the input is (2 v / 255 - 1) * 1024 of the central square."""
    image = random_image(0, 224, 300)
    expected = (2 * (image[:, 38:262].astype(np.float32) / 255) - 1) * 1024
    ours = encoder.preprocess(image)
    assert ours.shape == (3, 224, 224)
    for channel in ours:
        np.testing.assert_allclose(channel, expected, atol=1e-3)
    extremes = encoder.preprocess(np.array([[0, 255], [255, 0]], np.uint8).repeat(112, 0).repeat(112, 1))
    assert (extremes.min(), extremes.max()) == pytest.approx((-1024, 1024), abs=1e-3)


def test_colour_is_averaged(encoder: Encoder) -> None:
    colour = np.stack([random_image(seed, 224, 224) for seed in range(3)], axis=-1)
    expected = (2 * (colour.astype(np.float32).mean(-1) / 255) - 1) * 1024
    np.testing.assert_allclose(encoder.preprocess(colour)[0], expected, atol=1e-2)


def test_head_gives_the_networks_logits_in_the_order_of_the_card(encoder: Encoder, densenet_file: Path) -> None:
    network = DenseNet121()
    network.load_state_dict(load_file(densenet_file))
    network.eval()
    batch = np.stack([encoder.preprocess(random_image(seed)) for seed in range(8)])
    with torch.no_grad():
        expected = network.classifier(network(torch.from_numpy(batch[:, :1]))).numpy()
    head = encoder.class_head()
    assert head is not None
    np.testing.assert_allclose(encoder.encode(batch) @ head.weight.T + head.bias, expected, rtol=1e-4, atol=0.05)
    assert head.weight.shape == (18, 1024)
    assert len(xrv_densenet.PATHOLOGIES) == 18
    assert "Edema" in str(encoder.card.settings["classes"])


def test_operating_points_are_ignored_and_other_surplus_is_not(densenet_file: Path, tmp_path: Path) -> None:
    state = load_file(densenet_file)
    save_file(state | {"op_threshs": torch.zeros(18)}, tmp_path / "with.safetensors")
    ENCODERS.build("xrv-densenet", BuildContext(weights=tmp_path / "with.safetensors"))
    save_file(state | {"surplus": torch.zeros(18)}, tmp_path / "surplus.safetensors")
    with pytest.raises(UserError, match="in excess 'surplus'"):
        ENCODERS.build("xrv-densenet", BuildContext(weights=tmp_path / "surplus.safetensors"))


def test_the_pickled_original_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    path = tmp_path / "densenet121-res224-all.pt"
    torch.save(DenseNet121(), path)
    with pytest.raises(UserError, match=r"not opened.*pickled module; convert it once.*save_file"):
        ENCODERS.build("xrv-densenet", BuildContext(weights=path))


def test_absent_weights_say_what_to_do() -> None:
    (missing,) = ENCODERS.requirements("xrv-densenet", BuildContext())
    assert "--encoder-weights xrv-densenet=/path/to/densenet121-res224-all.safetensors" in missing.how
    with pytest.raises(UserError, match="safetensors weights of torchxrayvision"):
        ENCODERS.build("xrv-densenet", BuildContext())
