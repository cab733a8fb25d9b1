"""`diffusers:ID_OR_PATH`: any text-to-image pipeline of diffusers, with LoRA weights by --lora; no code of its own.

Checkpoints of a pipeline class that a family here knows are drawn with that family's settings; others with their
pipeline's own defaults. `--model-option steps=...` and `guidance=...` change both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators import diffusers_loading as loading
from model_adapters.generators.diffusers_pipeline import Family, PipelineGenerator
from model_adapters.generators.fine_tuned import training_cases as training_cases
from model_adapters.options import OptionValue
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing

if TYPE_CHECKING:
    from model_adapters.generators.diffusers_published import Published

NAME = "diffusers"

OPTIONS: dict[str, OptionValue] = {"steps": 0, "guidance": -1.0, "size": 0, **loading.LOADING}

CARD = ModelCard(
    name=NAME,
    kind="generator",
    source="any text-to-image checkpoint of diffusers that the user names",
    licence="that of the checkpoint",
    verified=False,
    needs=("diffusers:ID_OR_PATH, weights as .safetensors", "a CUDA GPU for more than toy models"),
    notes=(
        "Settings are those of the checkpoint's family where there is one here, else the pipeline's defaults.",
        "What the checkpoint was trained on is not known: contamination cannot be flagged.",
    ),
)

FAMILIES = {
    "StableDiffusionPipeline": "stable_diffusion:FAMILY",
    "StableDiffusion3Pipeline": "stable_diffusion_3:FAMILY",
    "FluxPipeline": "flux:FAMILY",
    "Lumina2Pipeline": "lumina2:FAMILY",
    "PixArtSigmaPipeline": "pixart_sigma:FAMILY",
}
"""Pipeline class -> "module:attribute" of its family, below this package."""


def build(context: BuildContext) -> PipelineGenerator:
    """Load the checkpoint of `context.target` (or `context.weights`).

    Raises:
        UserError: no checkpoint was named, it is missing or incomplete, or no text-to-image pipeline.
    """
    return published_of(context)(context)


def requirements(context: BuildContext) -> list[Missing]:
    """The checkpoint, LoRA weights, a GPU."""
    named = _named(context)
    if loading.locate(named, named)[1] is None:
        return [Missing(f"the checkpoint {named}", f"hf download {named}, or --model {NAME}:/path/to/checkpoint")]
    return published_of(context).requirements(context)


def published_of(context: BuildContext) -> Published:
    """The checkpoint as an entry of the registry: family and drawing class follow from its pipeline's class.

    Raises:
        UserError: as for `build`.
    """
    from model_adapters.generators.diffusers_published import Published
    from model_adapters.generators.unet_pipeline import UNetGenerator

    named = _named(context)
    source, folder = loading.locate(named, named)
    if folder is None:
        raise UserError(f"The checkpoint {source} is not on this machine: hf download {source}")
    pipeline = pipeline_class(folder)
    drawn = UNetGenerator if pipeline == "StableDiffusionPipeline" else PipelineGenerator
    return Published(CARD.model_copy(update={"source": source}), _family(pipeline), generator=drawn)


def pipeline_class(folder: Path) -> str:
    """The class in a checkpoint's model_index.json, if diffusers draws from text with it.

    Raises:
        UserError: no diffusers checkpoint, or one that draws nothing from text alone.
    """
    try:
        name = json.loads((folder / "model_index.json").read_text("utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder} is no diffusers checkpoint: it has no readable model_index.json.") from error
    if name == "SanaPipeline":
        raise UserError(f"{folder} is a Sana checkpoint. Use --model sana:{folder}")
    if not isinstance(name, str) or (name not in FAMILIES and name not in _text_to_image()):
        raise UserError(
            f"{folder} is a {name} checkpoint: no text-to-image pipeline of the installed diffusers. "
            "Draw the images with your own script and score them with --model images:FILE.csv."
        )
    return name


def _text_to_image() -> set[str]:
    """Names of all text-to-image pipelines; slow, because diffusers imports every one of them."""
    checkpoint.quiet()
    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

    return {each.__name__ for each in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}


def _family(pipeline: str) -> Family:
    if pipeline in FAMILIES:
        import importlib

        module, _, attribute = FAMILIES[pipeline].partition(":")
        family: Family = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        return family
    return Family(
        pipeline=pipeline,
        # Where a pipeline would round sizes to its own list and enlarge the result, it is told not to.
        v2={"use_resolution_binning": False},
        dtype="bfloat16",
        readers=(("tokenizer", "call"),),
    )


def _named(context: BuildContext) -> str:
    named = str(context.weights) if context.weights else context.target
    if not named:
        raise UserError(f"Say which checkpoint: --model {NAME}:/path/to/checkpoint or {NAME}:OWNER/NAME.")
    return named
