"""The network that merged weights are tried in, by name; none is downloaded, none brings code of its own."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.merging.pool import Pool

if TYPE_CHECKING:
    import torch

KINDS = "mlp, diffusers:FOLDER, transformers:FOLDER, peft:BASE_FOLDER:ADAPTER_FOLDER or PACKAGE.MODULE:FUNCTION"


def build_network(spec: str, pool: Pool) -> torch.nn.Module:
    """Make a network whose parameters have the names of the pool.

    Args:
        spec: "mlp" (linear layers in the order of their names, ReLU between), "diffusers:FOLDER" and
            "transformers:FOLDER" (the class that the folder's config.json names, of those packages),
            "peft:BASE_FOLDER:ADAPTER_FOLDER" (a base with its weights, and low-rank adapters), or a function of your
            own that returns an nn.Module.

    Raises:
        UserError: no such network.
    """
    kind, _, rest = spec.partition(":")
    if spec == "mlp":
        network = _mlp(pool)
    elif kind == "diffusers":
        network = _of_folder(Path(rest), "diffusers")
    elif kind == "transformers":
        network = _of_folder(Path(rest), "transformers")
    elif kind == "peft":
        network = _with_adapters(rest)
    else:
        network = _own(spec)
    _fill(network, pool)
    return network


def network_names(network: torch.nn.Module, pool: Pool) -> dict[str, str]:
    """Name in the pool -> name in the network. peft stores adapters under other names than it uses.

    Raises:
        UserError: the network lacks a tensor, or has it in another shape.
    """
    own = {**dict(network.named_parameters(remove_duplicate=False)), **dict(network.named_buffers())}
    found = {}
    for name in pool.merged:
        stored = name.removeprefix("base_model.model.")
        injected = re.sub(
            r"\.(lora_[AB]|lora_embedding_[AB]|lora_magnitude_vector)(\.weight)?$", r".\1.default\2", stored
        )
        match = next((each for each in (name, stored, injected) if each in own), None)
        if match is None:
            raise UserError(f'The network has no {name!r}. Is it the pool\'s architecture? Else exclude = ["{name}"].')
        if tuple(own[match].shape) != pool.entry(name).shape:
            raise UserError(
                f"{name} is {pool.entry(name).shape} in the pool and {tuple(own[match].shape)} in the network."
            )
        found[name] = match
    return found


def _fill(network: torch.nn.Module, pool: Pool) -> None:
    """Give the network what is copied, such as batch statistics, where it has a place for it."""
    import torch

    from model_adapters.methods.merging.checkpoint import FLOATS

    own = network.state_dict()
    with torch.no_grad():
        for name in pool.copied:
            entry = pool.entry(name)
            if name in own and tuple(own[name].shape) == entry.shape and entry.dtype in FLOATS:
                own[name].copy_(pool.template.read(name))


def _mlp(pool: Pool) -> torch.nn.Module:
    import torch

    prefixes = [name.removesuffix(".weight") for name in pool.merged if name.endswith(".weight")]
    order = sorted(prefixes, key=lambda text: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", text)])
    wrong = [name for name in pool.merged if name.removesuffix(".weight").removesuffix(".bias") not in order]
    if wrong or not order or any(len(pool.entry(f"{prefix}.weight").shape) != 2 for prefix in order):
        raise UserError(
            f'network = "mlp" needs linear layers only; the pool has {(wrong or list(pool.merged))[0]}. '
            f"Use one of: {KINDS}."
        )

    class Mlp(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for position, prefix in enumerate(order):
                x = self.get_submodule(prefix)(torch.relu(x) if position else x)
            return x

    network = Mlp()
    for prefix in order:
        width, depth = pool.entry(f"{prefix}.weight").shape
        parent: torch.nn.Module = network
        *path, last = prefix.split(".")
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, torch.nn.Module())
            parent = parent.get_submodule(part)
        parent.add_module(last, torch.nn.Linear(depth, width, bias=f"{prefix}.bias" in pool.merged))
    return network


def _of_folder(folder: Path, package: str) -> torch.nn.Module:
    try:
        config = json.loads((folder.expanduser() / "config.json").read_text("utf-8"))
        name = config["_class_name"] if package == "diffusers" else config["architectures"][0]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(
            f"{folder} has no config.json of {package} that names a class. Give the folder of a checkpoint."
        ) from error
    kind = getattr(importlib.import_module(package), str(name), None)
    if kind is None:
        raise UserError(f"{package} has no class {name!r}, which {folder}/config.json names.")
    if package == "diffusers":
        network: torch.nn.Module = kind.from_config(config)
        return network
    from transformers import AutoConfig

    made: torch.nn.Module = kind(AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False))
    return made


def _with_adapters(rest: str) -> torch.nn.Module:
    base, _, adapter = rest.partition(":")
    if not adapter:
        raise UserError('network = "peft:BASE_FOLDER:ADAPTER_FOLDER" names two folders.')
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UserError("Adapters of peft need it: pip install 'peft>=0.14' (extra `lora`).") from error
    import transformers

    network: Any = _of_folder(Path(base), "transformers")
    network = getattr(transformers, type(network).__name__).from_pretrained(
        base, local_files_only=True, use_safetensors=True, trust_remote_code=False
    )
    made: torch.nn.Module = inject_adapter_in_model(LoraConfig.from_pretrained(adapter), network.float())
    return made


def _own(spec: str) -> torch.nn.Module:
    import torch

    module, _, function = spec.partition(":")
    try:
        made = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"network = {spec!r} cannot be made ({error}). Use one of: {KINDS}.") from error
    if not isinstance(made, torch.nn.Module):
        raise UserError(f"{spec} returned {type(made).__name__}, not an nn.Module.")
    return made
