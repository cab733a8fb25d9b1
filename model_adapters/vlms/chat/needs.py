"""What a machine lacks to run a chat model, what a run would cost, and the loading of one that lacks nothing."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from data_splits.errors import UserError
from model_adapters.options import read_options
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Estimate, Missing
from model_adapters.vlms.chat import checkpoint
from model_adapters.vlms.chat.family import Family, Loading
from model_adapters.vlms.chat.model import ChatModel

log = logging.getLogger(__name__)

LARGE = 1_500_000_000
"""Parameters above which a run on a CPU is asked about first."""

_INSTALL = {
    "torchvision": 'pip install "chexgenbench-suite[vision]" (the torchvision that belongs to your torch)',
    "peft": 'pip install "chexgenbench-suite[lora]"',
    "num2words": 'pip install "chexgenbench-suite[vision]", or pip install num2words',
}


def missing(context: BuildContext, family: Family) -> list[Missing]:
    """Weights (none, or parts of them), packages of the processor, and a GPU."""
    options = read_options(context.options, family.defaults, family.card.name)
    card = family.card
    source, folder = checkpoint.locate(context, card.name, card.source)
    lacks: list[Missing] = []
    if folder is None:
        how = f"hf download {source}, or point to a copy: --vlm {card.name}:/path/to/folder"
        lacks.append(Missing(f"the checkpoint {source}", how, card.download_gb if source == card.source else None))
    else:
        lacks += checkpoint.incomplete(folder, family.model_types, source)
    for package in family.extras:
        if importlib.util.find_spec(package) is None:
            lacks.append(Missing(f"{package}, which the processor of {card.name} needs", _INSTALL[package]))
    if context.device.startswith("cuda") or context.device == "auto":
        import torch

        if not torch.cuda.is_available():
            lacks.append(Missing("a CUDA GPU that torch can use", "check `nvidia-smi` and the torch build"))
    elif not options["allow_cpu"] and _parameters(family, folder) > LARGE:
        how = f"run with --device cuda on a GPU of {card.memory_gb or 24:.0f} GB or more; "
        how += "--model-option allow_cpu=true answers on this CPU, minutes per question"
        lacks.append(Missing("a GPU", how))
    return lacks


def _parameters(family: Family, folder: Any) -> int:
    if folder is None:
        return family.card.parameters or 0
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) // 2


def estimate(context: BuildContext, family: Family, questions: int) -> Estimate:
    """Time from operation counts: 2 operations per parameter and token for 3000 prompt tokens and 40 answer tokens."""
    parameters = family.card.parameters or 7_000_000_000
    operations = 2.0 * parameters * 3000
    if context.device == "cpu":
        cores = os.cpu_count() or 1
        seconds = operations / (4e10 * cores) + 40 * 4.0 * parameters / 2e10
        return Estimate(questions * seconds, 5e-9 * parameters, f"this CPU ({cores} cores)", _BASIS)
    seconds = operations / 1e14 + 40 * 2.0 * parameters / 1e12
    return Estimate(
        questions * seconds, family.card.memory_gb or 2.5e-9 * parameters, "one GPU of the A100 class", _BASIS
    )


_BASIS = "estimated from operation counts for 3000 prompt and 40 answer tokens; not measured"


Requirements = Callable[[BuildContext], list[Missing]]
Estimates = Callable[[BuildContext, int], Estimate]
Build = Callable[[BuildContext], ChatModel]


def hooks(family: Family) -> tuple[Requirements, Estimates, Build]:
    """`requirements`, `estimate` and `build` of a family's module, as the registry looks for them."""
    return (
        lambda context: missing(context, family),
        lambda context, questions: estimate(context, family, questions),
        lambda context: load(context, family),
    )


def load(context: BuildContext, family: Family) -> ChatModel:
    """Load a checkpoint as a ChatModel, with everything that shaped it on the card.

    Raises:
        UserError: something is missing (and how to get it), or an option is wrong.
    """
    options = read_options(context.options, family.defaults, family.card.name)
    _check(options, family.card.name)
    lacks = missing(context, family)
    if lacks:
        raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacks))
    source, folder = checkpoint.locate(context, family.card.name, family.card.source)
    assert folder is not None  # or it would be missing
    if importlib.util.find_spec("torchvision") is not None:
        from model_adapters.torchvision_extra import require

        require("torchvision")  # a broken one would take transformers' models down with it
    on_cpu = context.device == "cpu"
    dtype = context.dtype or ("float32" if on_cpu else "bfloat16")
    with _quiet():
        processor, model = family.load(Loading(folder, context.device, dtype, options))
    model.eval()
    if context.device != "auto":
        model.to(context.device)
    one_by_one = options["batch"] == "off" or (options["batch"] == "auto" and on_cpu)
    adapter = ChatModel(
        family, family.card, processor, model, options, "cuda" if context.device == "auto" else context.device,
        one_by_one, int(context.protocol in ("v1", "official")),
    )  # fmt: skip
    adapter.card = family.card.model_copy(
        update={
            "source": source,
            "licence": family.card.licence if source == family.card.source else "that of the checkpoint",
            "revision": folder.name if folder.parent.name == "snapshots" else None,
            "parameters": sum(each.numel() for each in model.parameters()),
            "weight_hashes": checkpoint.weight_hashes(folder),
            "settings": _settings(family, adapter, processor, model, options, one_by_one),
        }
    )
    log.info("%s: %s", family.card.name, adapter.card.settings)
    return adapter


def _settings(
    family: Family, adapter: ChatModel, processor: Any, model: Any, options: dict[str, Any], one_by_one: bool
) -> dict[str, Any]:
    own = {key: value for key, value in options.items() if key not in ("allow_cpu", "batch", "layout", "context")}
    images = type(processor.image_processor).__name__
    return {
        **own,
        "image_budget": family.rule,
        "context": adapter.context,
        "layout": adapter.prompter.layout,
        "decoding": "greedy, no penalties",
        "batching": "one by one" if one_by_one else "batched, left-padded",
        "image_processor": images,
        "image_backend": "pil" if images.endswith("Pil") else "torchvision",
        "model_class": type(model).__name__,
        "dtype": str(model.dtype).removeprefix("torch."),
    }


def _check(options: dict[str, Any], name: str) -> None:
    choices = {"batch": ("auto", "on", "off"), "layout": ("interleaved", "template")}
    for key, allowed in choices.items():
        if options[key] not in allowed:
            raise UserError(f"Option {key!r} of {name} is one of {', '.join(allowed)}, not {options[key]!r}.")


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, and no report of what `load_model` checks itself."""
    from transformers.utils import logging as transformers_logging

    before = transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
