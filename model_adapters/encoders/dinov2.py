"""`dinov2`: facebook/dinov2-base (or -large): a general encoder for Frechet distances, as Stein et al. 2023 propose."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.encoders.dinov2_checkpoint import Detour, Processor, build_dinov2, locate, missing_checkpoint
from model_adapters.encoders.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from model_adapters.protocols import BuildContext, Encoder
from model_adapters.requirements import Estimate, Missing

REPOSITORY = "facebook/dinov2-base"
REVISION = "f9e44c814b77203eaa57a6bdbbd535f21ede1415"
PROCESSOR = Processor(edge=256, crop=224, mean=IMAGENET_MEAN, std=IMAGENET_STD)
"""Used only where a local folder lacks preprocessor_config.json."""

CARD = ModelCard(
    name="dinov2",
    kind="encoder",
    source=REPOSITORY,
    licence="Apache-2.0",
    revision=REVISION,
    parameters=86_580_480,
    resolution=224,
    settings={
        "features": "pooler_output (layer-normed class token), 768-d (base) or 1024-d (large)",
        "input v1": "shortest edge to 256 by bicubic in 8 bit, central 224 crop: the repository's own processor",
        "input v2": "shortest edge to 224 by bicubic in 8 bit, central 224 crop: no margin of a square image is lost",
        "mean": "0.485 0.456 0.406",
        "std": "0.229 0.224 0.225",
    },
    training_data=("lvd-142m",),
    needs=("download of 0.35 GB from the hub",),
    download_gb=0.346,
    memory_gb=1.0,
    notes=(
        "Trained on photographs.",
        "Other sizes: --encoder-weights dinov2=facebook/dinov2-large. Distances of different sizes are not comparable.",
        "Not part of the published benchmark: v1 here is the checkpoint's own processor.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder from the hub cache, or from a folder or hub repository the user names.

    Raises:
        UserError: the checkpoint is not on this machine or not a complete DINOv2 checkpoint.
    """
    source = locate(context, REPOSITORY, REVISION)
    return build_dinov2(context, CARD, source, PROCESSOR, whole_field=context.protocol != "v1", detour=Detour())


def requirements(context: BuildContext) -> list[Missing]:
    """The checkpoint, where it is not on this machine."""
    source = locate(context, REPOSITORY, REVISION)
    return missing_checkpoint(source, CARD.name, CARD.download_gb if source.label == REPOSITORY else None)


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.6 * images, 1.0, "one CPU thread", "measured with random weights, base size, 224 px")
