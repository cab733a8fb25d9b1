"""`rad-dino`: microsoft/rad-dino, the encoder on which CheXGenBench ranks generators."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.encoders.dinov2_checkpoint import Detour, Processor, build_dinov2, locate, missing_checkpoint
from model_adapters.protocols import BuildContext, Encoder
from model_adapters.requirements import Estimate, Missing

REPOSITORY = "microsoft/rad-dino"
REVISION = "110cbc18d5133582e320b43d53bf5c44e410c936"
PROCESSOR = Processor(edge=518, crop=518, mean=(0.5307,) * 3, std=(0.2583,) * 3)
"""Used only where a local folder lacks preprocessor_config.json."""

V1_DETOUR = Detour("squash299-bilinear-uint8/", 299)

CARD = ModelCard(
    name="rad-dino",
    kind="encoder",
    source=REPOSITORY,
    licence="MIT (Microsoft Research licence until 2025)",
    verified=False,
    revision=REVISION,
    parameters=86_580_480,
    resolution=518,
    settings={
        "features": "pooler_output (layer-normed class token), 768-d",
        "input v2": "shortest edge to 518 by bicubic in 8 bit, central 518 crop, as the repository's processor",
        "input v1": "squashed to 299 px in 8 bit by bilinear first, then the same processor, as published",
        "mean": "0.5307",
        "std": "0.2583",
    },
    training_data=("mimic-cxr", "chexpert", "nih-chestxray14", "padchest", "brax"),
    needs=("download of 0.35 GB from the hub",),
    download_gb=0.346,
    memory_gb=2.0,
    notes=(
        "Trained on MIMIC-CXR and NIH ChestX-ray14, test images possibly included: features know these hospitals.",
        "Size, crop, filter, mean and std are read from the checkpoint's preprocessor_config.json; the figures above "
        "come from several users of the checkpoint who agree, the hub file itself was not seen.",
        "The central crop cuts the long side of images that are not square.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder from the hub cache, or from a folder the user names.

    Raises:
        UserError: the checkpoint is not on this machine or not a complete DINOv2 checkpoint.
    """
    detour = V1_DETOUR if context.protocol == "v1" else Detour()
    source = locate(context, REPOSITORY, REVISION)
    return build_dinov2(context, CARD, source, PROCESSOR, whole_field=False, detour=detour)


def requirements(context: BuildContext) -> list[Missing]:
    """The checkpoint, where it is not on this machine."""
    return missing_checkpoint(locate(context, REPOSITORY, REVISION), CARD.name, CARD.download_gb)


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(5.0 * images, 2.0, "one CPU thread", "measured with random weights, 518 px")
