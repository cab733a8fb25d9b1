"""`inception`: the Inception-v3 that FID, KID and the Inception score are defined on (TensorFlow weights of 2015)."""

from __future__ import annotations

from pathlib import Path

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, Preprocessing, normalised, squashed
from model_adapters.encoders.torch_encoder import TorchEncoder, linear_head, require_float32
from model_adapters.encoders.weights import (
    file_sha256,
    load_exactly,
    local_source,
    read_state_dict,
    torch_checkpoint_folder,
)
from model_adapters.protocols import BuildContext, Encoder
from model_adapters.requirements import Estimate, Missing

FILE = "pt_inception-2015-12-05-6726825d.pth"
SAME_FILE = "weights-inception-2015-12-05-6726825d.pth"
"""The name under which torch-fidelity, and so torchmetrics, keeps the same bytes."""
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE}"
SIDE = 299

CARD = ModelCard(
    name="inception",
    kind="encoder",
    source=URL,
    licence="Apache-2.0",
    parameters=23_850_960,
    resolution=SIDE,
    settings={
        "features": "global average pool, 2048-d",
        "classes": "1008; the Inception score of the published implementations leaves the bias of the head out",
        "input v1": "squashed to 299 px by bilinear in 8 bit, then (x - 128) / 128, as published",
        "input v2": "squashed to 299 px by bilinear without rounding, then (x - 128) / 128",
    },
    training_data=("imagenet",),
    weight_hashes={FILE: SHA256},
    needs=("download of 0.1 GB",),
    download_gb=0.096,
    memory_gb=1.0,
    notes=(
        "Trained on photographs.",
        "torch-fidelity resizes to 299 px inside its network; the published code has already done so, hence no step "
        "of that kind here.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder from the torch hub's checkpoint folder, or from a file the user names (.pth or .safetensors).

    Raises:
        UserError: the file is not on this machine, not the published one, or not this network's.
    """
    require_float32(context)
    if missing := requirements(context):
        raise UserError(f"No {missing[0].what} on this machine. {missing[0].how}")
    path = _weights(context)
    assert path is not None
    state = read_state_dict(path, {SHA256: FILE}, instead=f"The published file is {URL}")
    from model_adapters.encoders.inception_network import FEATURES, InceptionV3

    network = InceptionV3()
    load_exactly(network, state, what="the Inception-v3 of FID")
    rounded = context.protocol == "v1"
    digest = file_sha256(path)
    card = CARD
    if digest != SHA256:
        card = CARD.model_copy(update={"source": f"local file {path.name}", "verified": False})
    return TorchEncoder(
        card=card,
        network=network,
        forward=network,
        preprocessing=Preprocessing(
            f"squash299-bilinear-{'uint8' if rounded else 'float'}-128",
            lambda image: normalised(
                squashed(image, SIDE, Filter.BILINEAR, rounded=rounded), (128.0,) * 3, (128.0,) * 3, scale=1.0
            ),
        ),
        dim=FEATURES,
        weight_hashes={path.name: digest},
        device=context.device,
        head=linear_head(network.fc),
        channels_last=True,
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The weights, where they are not on this machine."""
    if _weights(context) is not None:
        return []
    place = torch_checkpoint_folder() / FILE
    how = f"`curl -L --create-dirs -o {place} {URL}`, or point to a copy: --encoder-weights inception=/path/to/{FILE}"
    return [Missing(f"FID weights ({FILE})", how, CARD.download_gb)]


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.15 * images, 1.0, "one CPU thread", "measured with random weights, 299 px")


def _weights(context: BuildContext) -> Path | None:
    if (path := local_source(context)) is not None:
        return path
    folder = torch_checkpoint_folder()
    return next((folder / name for name in (FILE, SAME_FILE) if (folder / name).is_file()), None)
