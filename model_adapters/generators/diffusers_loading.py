"""Finds a diffusers checkpoint and its LoRA weights, and loads them: safetensors only, nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.options import OptionValue
from model_adapters.requirements import Missing

OFFLOADS = ("none", "model", "sequential")

LOADING: dict[str, OptionValue] = {
    "lora": "",
    "lora_scale": 1.0,
    "offload": "none",
    "compile": False,
    "compute_batch": 0,
    "allow_cpu": False,
}
"""Options of every pipeline. lora: weights, a hub id, a folder or a .safetensors file; "" the checkpoint's own, if it
has any, "none" without. offload: keep the parts in main memory and move one at a time to the GPU ("model"), or layer by
layer ("sequential"). compile: torch.compile the denoiser. compute_batch: images per forward pass, 0 for 8 on a GPU and
1 on a CPU. allow_cpu: draw with billions of weights on a CPU."""

LORA_FILE = "pytorch_lora_weights.safetensors"


def is_hub_id(text: str) -> bool:
    """Whether a text that names nothing on this machine looks like OWNER/NAME."""
    return text.count("/") == 1 and not text.startswith((".", "/", "~")) and all(text.split("/"))


def locate(named: str | None, repository: str) -> tuple[str, Path | None]:
    """(what a record calls the checkpoint, its folder or None where it is not on this machine).

    A local path is called by its last part only: the rest may tell who owns the machine.

    Args:
        named: a path or hub id that the user gave, or None. repository: hub id that holds then.

    Raises:
        UserError: a path with nothing there.
    """
    if named is None:
        return repository, checkpoint.cached_folder(repository)
    path = Path(named).expanduser()
    if path.exists():
        return f"local:{path.resolve().name}", path
    if is_hub_id(named):
        return named, checkpoint.cached_folder(named)
    raise UserError(f"No checkpoint at {path}. Name a folder, or a hub repository as OWNER/NAME.")


def locate_lora(option: str, own: str | None) -> tuple[str | None, Path | None]:
    """(what a record calls the LoRA weights, their file); (None, None) for a model without any.

    Args:
        option: as in `LOADING`. own: hub id of the checkpoint's own LoRA weights, or None.

    Raises:
        UserError: a path with nothing there, a file that is no safetensors (others may run code when they are read), or
            a folder of which the weight file cannot be told.
    """
    if option == "none" or (not option and own is None):
        return None, None
    source, folder = locate(option or None, own or "")
    if folder is not None and folder.is_file() and folder.suffix != ".safetensors":
        raise UserError(f"{folder.name} is no .safetensors file. Save the LoRA weights as one.")
    if folder is None or folder.is_file():
        return source, folder
    files = sorted(folder.glob("*.safetensors"))
    chosen = [each for each in files if each.name == LORA_FILE] or files
    if len(chosen) != 1:
        raise UserError(
            f"{source} holds {len(files)} .safetensors files, none called {LORA_FILE}. Name the file: --lora FILE."
        )
    return source, chosen[0]


def missing_lora(source: str | None, file: Path | None) -> list[Missing]:
    """What stands between this machine and the LoRA weights."""
    if source is None:
        return []
    missing = [] if file else [Missing(f"the LoRA weights {source}", f"hf download {source}, or --lora PATH")]
    from importlib.util import find_spec

    if find_spec("peft") is None:
        missing.append(Missing("the package peft", 'pip install "chexgenbench-suite[lora]"'))
    return missing


def missing_device(device: str, options: Mapping[str, Any], large: bool, memory_gb: float | None) -> list[Missing]:
    """A GPU, where one is asked for and absent, or needed: large weights are not drawn with on a CPU by accident."""
    if device.startswith("cuda"):
        import torch

        if not torch.cuda.is_available():
            return [Missing("a CUDA GPU that torch can use", "check `nvidia-smi` and the torch build")]
    elif device == "cpu" and large and not options["allow_cpu"]:
        need = f" with {memory_gb:.0f} GB or more" if memory_gb else ""
        how = f"run on a machine with a CUDA GPU{need} and --device cuda (less with --model-option offload=model); "
        return [Missing("a GPU", how + "--model-option allow_cpu=true draws on this CPU, minutes an image")]
    return []


def load(
    pipeline: str, folder: Path, dtype: str, device: str, options: Mapping[str, Any], lora: Path | None, **more: Any
) -> Any:
    """The pipeline, on its device, with LoRA weights fused into it.

    Args:
        pipeline: class name in diffusers. more: further arguments of its `from_pretrained`.

    Raises:
        UserError: LoRA weights that do not fit.
    """
    import diffusers
    import torch

    checkpoint.quiet()
    pipe = getattr(diffusers, pipeline).from_pretrained(
        str(folder), torch_dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True, **more
    )
    return finished(pipe, device, options, lora)


def require_offload(offload: str, device: str) -> None:
    """Raise UserError for an unknown kind of offloading, or one without a GPU."""
    if offload not in OFFLOADS:
        raise UserError(f"offload is one of {', '.join(OFFLOADS)}, not {offload!r}.")
    if offload != "none" and not device.startswith("cuda"):
        raise UserError("offload moves parts between main memory and a GPU: use it with --device cuda.")


def finished(pipe: Any, device: str, options: Mapping[str, Any], lora: Path | None) -> Any:
    """The pipeline with LoRA weights fused, on its device or offloaded, compiled where asked, without a progress bar.

    Raises:
        UserError: LoRA weights that do not fit.
    """
    if lora is not None:
        _fuse(pipe, lora, float(options["lora_scale"]))
    if options["offload"] == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif options["offload"] == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device)
    if options["compile"]:
        denoiser(pipe).compile()
    pipe.set_progress_bar_config(disable=True)
    return pipe


def denoiser(pipe: Any) -> Any:
    """The network that is run at every step: a U-Net or a transformer."""
    return getattr(pipe, "transformer", None) or pipe.unet


def _fuse(pipe: Any, lora: Path, scale: float) -> None:
    """Add scale * B A to the weights; a fused model costs nothing more at every step.

    diffusers ignores what it cannot place, so that weights of another model would change nothing without a word.
    """
    if not hasattr(pipe, "load_lora_weights"):
        raise UserError(
            f"{type(pipe).__name__} takes no LoRA weights. Leave --lora away, or merge them into the weights."
        )
    try:
        pipe.load_lora_weights(str(lora.parent), weight_name=lora.name, local_files_only=True, use_safetensors=True)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise UserError(
            f"The LoRA weights {lora.name} do not fit this {type(pipe).__name__} ({_first(error)})."
        ) from error
    if not pipe.get_active_adapters():
        raise UserError(f"The LoRA weights {lora.name} do not fit this {type(pipe).__name__}: no layer took them.")
    pipe.fuse_lora(lora_scale=scale)
    pipe.unload_lora_weights()


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
