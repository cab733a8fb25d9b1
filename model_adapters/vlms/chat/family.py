"""What sets one family of chat models apart: its card, how it is loaded, and how many tokens an image takes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue

log = logging.getLogger(__name__)

Size = tuple[int, int]
"""(height, width) of an image in pixels."""

COMMON: dict[str, OptionValue] = {
    "context": 0,
    "image_tokens": 0,
    "batch": "auto",
    "attention": "sdpa",
    "layout": "interleaved",
    "allow_cpu": False,
}
"""Options that every family has.

context: tokens that prompt and answer may take together (0 = what the checkpoint was made for).
image_tokens: most tokens that all images of a question may take together (0 = what the context leaves).
batch: "on" answers a batch in one forward pass, "off" one question at a time (the answers then cannot depend on the
    batch, bit for bit), "auto" is off on a CPU and on elsewhere.
attention: implementation as `transformers` calls it: sdpa, eager, flash_attention_2.
layout: "interleaved" keeps images where the prompt has them; "template" leaves their place to the checkpoint's chat
    template (those of the LLaVA families move all images before the text).
allow_cpu: run a model of more than 1.5e9 parameters on a CPU.
"""


def chat_card(
    *,
    name: str,
    source: str,
    licence: str,
    parameters: int,
    download_gb: float,
    memory_gb: float,
    notes: tuple[str, ...] = (),
) -> ModelCard:
    """The card of a family's default checkpoint.

    `verified` is False: ids, licences and sizes are known from the publishers' pages at second hand; what was loaded
    (class, parameters, hashes) is read from the checkpoint itself when it is built.
    """
    return ModelCard(
        name=name,
        kind="vlm",
        source=source,
        licence=licence,
        verified=False,
        parameters=parameters,
        needs=(f"hf download {source}, or --vlm {name}:/path/to/folder", f"a GPU with {memory_gb:g} GB or more"),
        download_gb=download_gb,
        memory_gb=memory_gb,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """How the images of one question are put to the processor.

    Attributes:
        tokens: for each image, how many tokens replace its placeholder.
        call: keyword arguments of the processor's call that make it so.
    """

    tokens: tuple[int, ...]
    call: Mapping[str, Any] = field(default_factory=dict)


Planner = Callable[[Any, Sequence[Size], int, Mapping[str, Any]], ImagePlan]
"""(processor, sizes of the images, tokens they may take together, options) -> the best plan that fits, or the smallest
there is. It is a function of the request alone."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What a loader may use.

    Attributes:
        folder: the checkpoint. device: torch device, or "auto" for all GPUs. dtype: torch dtype name.
        options: the adapter's options, checked.
    """

    folder: Path
    device: str
    dtype: str
    options: Mapping[str, Any]


def load_auto(loading: Loading) -> tuple[Any, Any]:
    """(processor, model) through the Auto classes: safetensors only, no network, no remote code."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(str(loading.folder), local_files_only=True)
    return processor, load_model(AutoModelForImageTextToText, loading)


def load_model(kind: Any, loading: Loading, **more: Any) -> Any:
    """`kind.from_pretrained`, refusing a checkpoint that leaves weights of the model at random.

    Weights of the checkpoint that the class does not have (stored buffers, a head that it does not use) are logged.

    Raises:
        UserError: weights are missing or of another shape.
    """
    model, told = kind.from_pretrained(
        str(loading.folder), **model_arguments(loading), **more, output_loading_info=True
    )
    wrong = sorted(told["missing_keys"]) + sorted(str(each[0]) for each in told["mismatched_keys"])
    if wrong:
        raise UserError(
            f"{loading.folder} lacks {len(wrong)} weight(s) of {type(model).__name__}, such as {wrong[0]}: "
            "it is another model, or an incomplete copy."
        )
    if told["unexpected_keys"]:
        names = sorted(told["unexpected_keys"])
        log.info("%s holds %d weights that are not used, such as %s", loading.folder, len(names), names[0])
    return model


def model_arguments(loading: Loading) -> dict[str, Any]:
    """The arguments of `from_pretrained` that every loader shares."""
    arguments: dict[str, Any] = {
        "dtype": loading.dtype,
        "local_files_only": True,
        "use_safetensors": True,
        "attn_implementation": loading.options["attention"],
    }
    if loading.device == "auto":
        arguments["device_map"] = "auto"
    return arguments


@dataclass(frozen=True)
class Family:
    """One family of checkpoints.

    Attributes:
        card: `source` is the hub id that the bare name stands for.
        plan: see `Planner`.
        model_types: `model_type` of the configurations that it runs.
        options: its own options beyond COMMON, and other defaults for those.
        extras: Python packages that its processor cannot do without.
        load: makes processor and model.
        placeholder: what stands for an image where the prompt is put together without the chat template's help; by
            default the processor's image token.
        square: pad images to squares with the mean colour first, unless the option `pad` says no.
        rule: how the image budget is chosen, in words, for the card's settings.
    """

    card: ModelCard
    plan: Planner
    model_types: tuple[str, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    load: Callable[[Loading], tuple[Any, Any]] = load_auto
    placeholder: str = ""
    square: bool = False
    rule: str = ""

    @property
    def defaults(self) -> dict[str, OptionValue]:
        """All options with their defaults."""
        return {**COMMON, **self.options}
