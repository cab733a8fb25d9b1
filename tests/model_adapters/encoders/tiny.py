"""Images, weights and checks that the encoder tests share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from model_adapters.protocols import Encoder, Image

if TYPE_CHECKING:
    import torch

TINY_PROCESSOR = {
    "crop_size": {"height": 28, "width": 28},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5307, 0.5307, 0.5307],
    "image_processor_type": "BitImageProcessor",
    "image_std": [0.2583, 0.2583, 0.2583],
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"shortest_edge": 32},
}


def random_image(seed: int, height: int = 61, width: int = 83) -> Image:
    """Smooth random grey picture: uint8[height, width]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = sum(
        rng.normal() / k * np.cos(k * (rng.uniform(2, 6) * rows + rng.uniform(2, 6) * columns) + rng.uniform(0, 6))
        for k in range(1, 6)
    )
    noise = rng.normal(0, 0.1, (height, width))
    return np.clip(128 + 60 * (waves + noise), 0, 255).astype(np.uint8)


def fill(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Random weights of sensible scale, by tensor name and numpy's generator only, so that others can repeat them."""
    import torch

    rng = np.random.default_rng(seed)
    state = network.state_dict()
    for name in sorted(state):
        shape = tuple(state[name].shape)
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith("running_var"):
            values = rng.uniform(0.5, 1.5, shape)
        elif name.endswith("weight") and len(shape) > 1:
            values = rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape)
        elif name.endswith("weight"):
            values = rng.uniform(0.7, 1.3, shape)
        else:
            values = rng.normal(0, 0.1, shape)
        state[name] = torch.from_numpy(values.astype(np.float32))
    network.load_state_dict(state)
    return network.eval()


def encode_all(encoder: Encoder, images: list[Image]) -> np.ndarray:
    """Features of any number of images, padded as the engine pads them."""
    batch, out = encoder.compute_batch, []
    for start in range(0, len(images), batch):
        rows = [encoder.preprocess(image) for image in images[start : start + batch]]
        out.append(encoder.encode(np.stack(rows + [rows[-1]] * (batch - len(rows))))[: len(rows)])
    return np.concatenate(out)


def assert_neighbours_do_not_matter(encoder: Encoder, images: list[Image]) -> None:
    """Same bits for an image alone, first, last, among others, and with one or two threads."""
    import torch

    batch = encoder.compute_batch
    rows = np.stack([encoder.preprocess(image) for image in images])
    assert len(rows) == batch
    together = encoder.encode(rows)
    assert np.abs(together - together[:1]).max() > 1e-4, "the images must differ for this test to say anything"
    order = np.random.default_rng(0).permutation(batch)
    np.testing.assert_array_equal(encoder.encode(rows[order]), together[order])
    np.testing.assert_array_equal(encoder.encode(np.repeat(rows[:1], batch, axis=0))[-1], together[0])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        np.testing.assert_array_equal(encoder.encode(rows), together)
    finally:
        torch.set_num_threads(threads)
