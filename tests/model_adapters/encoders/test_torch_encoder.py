from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Preprocessing
from model_adapters.encoders.torch_encoder import COMPUTE_BATCH, TorchEncoder, exact_float32, require_float32
from model_adapters.protocols import BuildContext, Encoder

CARD = ModelCard(name="mean", kind="encoder", source="test", licence="none")


def make(
    weights: str = "w",
    preprocessing: str = "p",
    channels_last: bool = False,
    card: ModelCard = CARD,
    scale: float = 1.0,
) -> TorchEncoder:
    network = torch.nn.Conv2d(3, 2, 1)
    torch.nn.init.constant_(network.weight, scale)
    return TorchEncoder(
        card=card,
        network=network,
        forward=lambda batch: network(batch).mean((2, 3)),
        preprocessing=Preprocessing(preprocessing, lambda image: np.repeat(image[None].astype(np.float32), 3, axis=0)),
        dim=2,
        weight_hashes={"file": weights},
        channels_last=channels_last,
    )


def test_is_an_encoder_with_hashes_on_its_card() -> None:
    encoder = make()
    assert isinstance(encoder, Encoder)
    assert encoder.card.weight_hashes == {"file": "w"}
    assert encoder.class_head() is None


def test_fingerprint_holds_everything_that_moves_a_feature() -> None:
    changed = [
        make(weights="x"),
        make(preprocessing="q"),
        make(channels_last=True),
        make(card=CARD.model_copy(update={"name": "other"})),
    ]
    fingerprints = {encoder.fingerprint for encoder in [make(), *changed]}
    assert len(fingerprints) == 5
    assert make().fingerprint == make().fingerprint


@pytest.mark.parametrize("shape", [(COMPUTE_BATCH - 1, 3, 4, 4), (COMPUTE_BATCH, 1, 4, 4), (3, 4, 4)])
def test_another_batch_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="encodes"):
        make().encode(np.zeros(shape, np.float32))


def test_a_feature_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        make(scale=float("nan")).encode(np.ones((COMPUTE_BATCH, 3, 4, 4), np.float32))


def test_global_switches_are_put_back_even_after_an_error() -> None:
    torch.set_float32_matmul_precision("medium")
    try:
        before = (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic)
        with pytest.raises(KeyError), exact_float32():
            assert torch.get_float32_matmul_precision() == "highest"
            assert torch.backends.cudnn.deterministic
            raise KeyError
        assert torch.get_float32_matmul_precision() == "medium"
        assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == before
    finally:
        torch.set_float32_matmul_precision("highest")


def test_a_callers_autocast_does_not_reach_the_network() -> None:
    encoder = make(scale=1 / 3)
    batch = np.random.default_rng(0).normal(size=(COMPUTE_BATCH, 3, 4, 4)).astype(np.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = encoder.encode(batch)
    np.testing.assert_array_equal(inside, encoder.encode(batch))


@pytest.mark.parametrize("threads", [1, 3])
def test_callers_threads_are_put_back_and_repeated_rows_keep_their_place(threads: int) -> None:
    encoder, before = make(scale=1 / 3), torch.get_num_threads()
    rows = np.random.default_rng(0).normal(size=(3, 3, 4, 4)).astype(np.float32)
    order = [0, 0, 1, 1, 2, 0, 2, 2]
    torch.set_num_threads(threads)
    try:
        out = encoder.encode(rows[order])
        assert torch.get_num_threads() == threads
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(out, out[[0, 2, 4]][order])
    np.testing.assert_allclose(
        out[[0, 2, 4]][:, 0] - out[0, 0], rows.mean((2, 3)).sum(1) / 3 - rows[0].mean((1, 2)).sum() / 3, atol=1e-6
    )


def test_other_precision_is_refused() -> None:
    require_float32(BuildContext(dtype="float32"))
    with pytest.raises(UserError, match="float32"):
        require_float32(BuildContext(dtype="bfloat16"))
