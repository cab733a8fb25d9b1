"""`xrv-densenet`: DenseNet-121 trained on seven chest X-ray collections (torchxrayvision, arXiv 2111.00595)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, Preprocessing, central_square, normalised, squashed
from model_adapters.encoders.torch_encoder import TorchEncoder, linear_head, require_float32
from model_adapters.encoders.weights import file_sha256, load_exactly, local_source, read_state_dict
from model_adapters.protocols import BuildContext, Encoder, Image
from model_adapters.requirements import Estimate, Missing

SIDE = 224
PUBLISHED = "densenet121-res224-all"
PATHOLOGIES = (
    "Atelectasis",
    "Consolidation",
    "Infiltration",
    "Pneumothorax",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Effusion",
    "Pneumonia",
    "Pleural_Thickening",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Hernia",
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
)
CONVERT = (
    'In an environment with torchxrayvision: python -c "import torchxrayvision as x, safetensors.torch as s; '
    f"m = x.models.DenseNet(weights='{PUBLISHED}'); "
    f"s.save_file({{k: v.contiguous() for k, v in m.state_dict().items()}}, '{PUBLISHED}.safetensors')\""
)

CARD = ModelCard(
    name="xrv-densenet",
    kind="encoder",
    source=f"torchxrayvision {PUBLISHED}, converted to safetensors by the user",
    licence="Apache-2.0",
    parameters=6_966_034,
    resolution=SIDE,
    settings={
        "features": "global average pool after the last ReLU, 1024-d",
        "classes": "18 logits: " + ", ".join(PATHOLOGIES),
        "input": "mean of the channels, scaled to [-1024, 1024], central square, 224 px by antialiased bilinear",
    },
    training_data=("nih-chestxray14", "padchest", "chexpert", "mimic-cxr", "iu-xray", "google-nih", "rsna-pneumonia"),
    needs=("weights converted once to safetensors", "download of 0.03 GB"),
    download_gb=0.028,
    memory_gb=0.5,
    notes=(
        "Trained on NIH ChestX-ray14, MIMIC-CXR and Open-i: its features have seen those data sets.",
        "The published file is a pickled module, which this suite does not open.",
        "torchxrayvision resizes by scikit-image, here Pillow does: features differ slightly from theirs.",
        "Logits are raw: the library's operating point thresholds are not applied. A mimic_ch checkpoint has the same "
        "18 outputs, but Infiltration, Emphysema, Fibrosis, Pleural_Thickening, Nodule, Mass and Hernia are untrained.",
        "No published benchmark uses it, so v1 and v2 preprocess alike.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder from the safetensors file the user names.

    Raises:
        UserError: no file was named, it is the pickled original, or not this network's.
    """
    require_float32(context)
    path = local_source(context)
    if path is None:
        missing = requirements(context)[0]
        raise UserError(f"No {missing.what} on this machine. {missing.how}")
    state = read_state_dict(path, {}, instead=f"The original is a pickled module; convert it once. {CONVERT}")
    from model_adapters.encoders.densenet_network import FEATURES, DenseNet121

    network = DenseNet121(classes=len(PATHOLOGIES))
    load_exactly(network, state, what="torchxrayvision's DenseNet-121 at 224 px", ignore=("op_threshs",))
    return TorchEncoder(
        card=CARD.model_copy(update={"source": f"local file {path.name}", "verified": False}),
        network=network,
        forward=lambda batch: network(batch[:, :1]),
        preprocessing=Preprocessing("grey-square-bilinear224-float-1024", _apply),
        dim=FEATURES,
        weight_hashes={path.name: file_sha256(path)},
        device=context.device,
        head=linear_head(network.classifier),
        channels_last=True,
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The converted weights, where the user did not name them."""
    if local_source(context) is not None:
        return []
    how = f"{CONVERT}, then --encoder-weights xrv-densenet=/path/to/{PUBLISHED}.safetensors"
    return [Missing(f"safetensors weights of torchxrayvision {PUBLISHED}", how, CARD.download_gb)]


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.09 * images, 0.5, "one CPU thread", "measured with random weights, 224 px")


def _apply(image: Image) -> NDArray[np.float32]:
    channels = squashed(central_square(image), SIDE, Filter.BILINEAR, rounded=False)
    grey: NDArray[np.float32] = np.stack(channels).mean(axis=0, dtype=np.float32)
    # (2 v / 255 - 1) * 1024; three equal channels, as the protocol asks, of which the network reads the first.
    return normalised([grey], (0.5,) * 3, (1 / 2048,) * 3)
