"""`siamese-reid`: the Siamese ResNet-50 that tells whether two radiographs show one patient (Packhaeuser et al. 2022).

Layout from the public source of CXR-Patient-ReID (`networks/SiameseNetwork.py`); CheXGenBench scores with weights
trained on MIMIC-CXR by its own authors. The feature is one branch's 128-d sigmoid output; `pair_head` turns the gap of
two features into the probability that both show one patient.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    resized,
    squashed,
)
from model_adapters.encoders.torch_encoder import TorchEncoder, require_float32
from model_adapters.encoders.weights import file_sha256, load_exactly, local_source, read_state_dict
from model_adapters.protocols import BuildContext, Image
from model_adapters.requirements import Estimate, Missing

if TYPE_CHECKING:
    import torch

REPOSITORY = "raman07/Patient_ReIdentification_MIMIC"
FILE = "ResNet-50_epoch11_data_handling_RPN.pth"
WIDTH = 128
DOWNLOAD_GB = 0.095

CARD = ModelCard(
    name="siamese-reid",
    kind="encoder",
    source=f"Hugging Face {REPOSITORY}, file {FILE}",
    licence="not declared",
    verified=False,
    parameters=23_770_433,
    resolution=256,
    settings={
        "features": "sigmoid of the 128 outputs of a ResNet-50",
        "pair head": "sigmoid(|a - b| @ weight + bias)",
        "input (v2)": "squashed to 256 px by antialiased bilinear, ImageNet mean and std, as in training",
        "input (v1)": "squashed to 512 px (bicubic), then to 224 px (bilinear), 8 bit, not normalised, as published",
    },
    training_data=("mimic-cxr",),
    needs=("the published weight file, with its checksum beside it",),
    download_gb=DOWNLOAD_GB,
    memory_gb=0.6,
    notes=(
        "Trained on MIMIC-CXR: on that data set it knows the patients it is asked to recognise.",
        "The published score feeds it images without the normalisation it was trained with; v2 does not.",
        "Its file was never at hand here: layout from the public source, checksum from whoever downloads it.",
    ),
)


class SiameseEncoder(TorchEncoder):
    """A TorchEncoder that also knows how to compare two of its features."""

    _pair: tuple[NDArray[np.float32], float]

    def pair_head(self) -> tuple[NDArray[np.float32], float]:
        """(weight float32[128], bias): the probability of one patient is sigmoid(|a - b| @ weight + bias)."""
        return self._pair


def build(context: BuildContext) -> SiameseEncoder:
    """The encoder, from a safetensors file or from the published .pth file.

    A .pth file is opened only if a file of its name plus ".sha256" beside it states its checksum (the file page of the
    repository shows it; `sha256sum` writes that format), and then with `weights_only`.

    Raises:
        UserError: no file was named, its checksum was not given or differs, or it is another network's.
    """
    require_float32(context)
    path = local_source(context)
    if path is None:
        missing = requirements(context)[0]
        raise UserError(f"No {missing.what} on this machine. {missing.how}")
    how = f"Write the checksum that {REPOSITORY} states into {path.name}.sha256, or convert the file to safetensors."
    state = read_state_dict(path, dict.fromkeys(_stated(path), FILE), instead=how)
    from model_adapters.encoders.resnet_network import SiameseResNet50

    network = SiameseResNet50(WIDTH)
    load_exactly(network, _bare(state), what="the Siamese ResNet-50 of CXR-Patient-ReID")
    published = context.protocol == "v1"
    encoder = SiameseEncoder(
        card=CARD.model_copy(update={"source": f"local file {path.name}", "resolution": 224 if published else 256}),
        network=network,
        forward=network,
        preprocessing=_PUBLISHED if published else _CORRECTED,
        dim=WIDTH,
        weight_hashes={path.name: file_sha256(path)},
        device=context.device,
        channels_last=True,
    )
    encoder._pair = _pair_head(network.fc_end)
    return encoder


def requirements(context: BuildContext) -> list[Missing]:
    """The weights, where the user did not name them."""
    if local_source(context) is not None:
        return []
    how = (
        f"Download {FILE} of {REPOSITORY}, write the checksum it states into {FILE}.sha256 beside it, then "
        f"--encoder-weights {CARD.name}=/path/to/{FILE}"
    )
    return [Missing(f"weights of the re-identification network ({FILE})", how, DOWNLOAD_GB)]


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread with random weights; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.2 * images, 0.6, "one CPU thread", "measured with random weights, 256 px")


def _stated(path: Path) -> list[str]:
    """The checksum that lies beside a file, in the format of `sha256sum` (the digest comes first)."""
    beside = path.with_name(f"{path.name}.sha256")
    return beside.read_text("utf-8").lower().split()[:1] if beside.is_file() else []


def _bare(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Names without the prefix that torch's data-parallel wrapper adds."""
    return {key.removeprefix("module."): value for key, value in state.items()}


def _pair_head(layer: torch.nn.Linear) -> tuple[NDArray[np.float32], float]:
    return layer.weight.detach().cpu().numpy()[0].copy(), float(layer.bias.detach().cpu()[0])


def _as_published(image: Image) -> NDArray[np.float32]:
    # Real images are brought to 512 px before anything else, and generated ones are drawn at that size.
    medium = squashed(image, 512, Filter.BICUBIC, rounded=True)
    planes = [resized(plane, 224, 224, Filter.BILINEAR) for plane in medium]
    return normalised([*planes] * (3 if len(planes) == 1 else 1), (0.0,) * 3, (1.0,) * 3)


def _as_trained(image: Image) -> NDArray[np.float32]:
    return normalised(squashed(image, 256, Filter.BILINEAR, rounded=False), IMAGENET_MEAN, IMAGENET_STD)


_PUBLISHED = Preprocessing("squash512-bicubic-squash224-bilinear-unit", _as_published)
_CORRECTED = Preprocessing("squash256-bilinear-float-imagenet", _as_trained)
