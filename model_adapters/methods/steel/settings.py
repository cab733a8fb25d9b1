"""What STEEL asks for, and what of it is fixed before the examples are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data_splits.errors import UserError
from leaderboards.statistics.certificates.claim import Source
from model_adapters.methods.certificates.sample import pool_source
from model_adapters.methods.certificates.setup import SAMPLE_INPUTS, numbers
from model_adapters.methods.steel.candidates import KINDS
from model_adapters.methods.steel.diffusion import Diffusion
from model_adapters.methods.steel.search import SEARCHES
from model_adapters.methods.steel.vectors import VectorFile
from model_adapters.protocols import MethodInput

SETTINGS = {
    "candidates": MethodInput(f"{', '.join(KINDS)} or sgd (controls: all but diffusion)", default="diffusion"),
    "sizes": MethodInput(
        "numbers of candidates M; of several the one of least bound is taken, and paid", default="1000"
    ),
    "search": MethodInput("flat (all) or hierarchical (by clusters)", default="flat"),
    "clusters": MethodInput("of a hierarchical search; 0: chosen by the silhouette, without data", default=0),
    "top_clusters": MethodInput("clusters whose members are all scored", default=3),
    "rank": MethodInput(
        "of LoRA-XS adapters put into the network; 0: the zoo's tensors are the network's own", default=8
    ),
    "layers": MethodInput("shell patterns of the linear layers that get an adapter", default="*"),
    "zoo_steps": MethodInput("steps of Adam on a source task", default=100),
    "zoo_rate": MethodInput("its learning rate", default=0.01),
    "noise_steps": MethodInput("of the diffusion", default=100),
    "train_steps": MethodInput("of the diffusion model", default=4000),
    "batch": MethodInput("adapters a training step", default=128),
    "rate": MethodInput("learning rate of the diffusion model", default=0.001),
    "width": MethodInput("of its hidden layers", default=256),
    "save_every": MethodInput("training steps between two states on disk", default=200),
    "sgd_steps": MethodInput("candidates = sgd: steps of Adam on the examples", default=100),
    "sgd_rate": MethodInput("its learning rate", default=0.01),
}

INPUTS: Mapping[str, MethodInput] = {
    "zoo": MethodInput("given adapters: a folder or list of .safetensors files, one adapter each"),
    "sources": MethodInput("else source tasks to fine-tune adapters on: a folder or list of task files"),
    "weights": MethodInput("of the frozen network: .safetensors file or folder"),
    "trained_on": MethodInput("what zoo and network were trained on: CSV file with columns case, patient"),
    "trained_on_statement": MethodInput("instead of trained_on: why they cannot have seen the sample"),
    **SAMPLE_INPUTS,
    "network": MethodInput(SAMPLE_INPUTS["network"].help, required=True),
    **SETTINGS,
}


def sizes_of(text: str) -> tuple[int, ...]:
    """The listed M, rising.

    Raises:
        UserError: no whole positive numbers, or one twice.
    """
    found = numbers(text, "sizes")
    if not found or any(each != int(each) or each < 1 for each in found) or len(set(found)) != len(found):
        raise UserError(f"sizes is {text!r}; list different numbers of candidates, such as 250,500,1000.")
    return tuple(sorted(int(each) for each in found))


def diffusion_of(inputs: Mapping[str, Any], seed: int) -> Diffusion:
    """How to train and draw."""
    return Diffusion(
        inputs["noise_steps"], inputs["train_steps"], inputs["batch"], inputs["rate"], inputs["width"],
        inputs["save_every"], seed,
    )  # fmt: skip


def require_settings(inputs: Mapping[str, Any]) -> None:
    """Raise UserError for settings that cannot be."""
    if inputs["candidates"] not in (*KINDS, "sgd"):
        raise UserError(f"candidates is {inputs['candidates']!r}; it is {', '.join(KINDS)} or sgd.")
    if inputs["search"] not in SEARCHES:
        raise UserError(f"search is {inputs['search']!r}; it is {' or '.join(SEARCHES)}.")
    if (inputs["zoo"] is None) == (inputs["sources"] is None):
        raise UserError("Give zoo (adapters) or sources (task files to fine-tune them on), not both.")
    if inputs["sources"] is not None and inputs["rank"] < 1:
        raise UserError("Adapters that are fine-tuned here are LoRA-XS: rank must be at least 1.")
    if inputs["objective"] is None and inputs["sample"] is None:
        raise UserError('The examples are missing: sample = "task.safetensors" (docs/certified-learners.md).')
    if isinstance(inputs["objective"], str):
        raise UserError("objective is a Python object. In a file, name sample.")
    numbers_above = ("zoo_steps", "noise_steps", "train_steps", "batch", "width", "save_every", "top_clusters",
                     "sgd_steps")  # fmt: skip
    for key in numbers_above:
        if inputs[key] < 1:
            raise UserError(f"{key} is {inputs[key]}; it must be at least 1.")
    if inputs["clusters"] < 0:
        raise UserError(f"clusters is {inputs['clusters']}; it is at least 0 (0: chosen by the silhouette).")


def zoo_source(inputs: Mapping[str, Any]) -> Source:
    """What zoo and network were trained on.

    Raises:
        UserError: nothing is known of it.
    """
    found = pool_source(inputs["trained_on"], inputs["trained_on_statement"])
    return replace(found, role="hypotheses", name="zoo of adapters and frozen network")


def plan_of(
    inputs: Mapping[str, Any], seed: int, files: str, zoo: VectorFile, drawn: VectorFile, host: str
) -> dict[str, Any]:
    """Everything that the sample must not change; the draws by the hash of their file as it is now."""
    return {
        "method": "steel",
        "settings": {key: inputs[key] for key in SETTINGS},
        "seed": seed,
        "files": files,
        "zoo": zoo.sha256,
        "candidates": drawn.sha256 if len(drawn) else "",
        "host": host,
        "delta": inputs["delta"],
        "simultaneous": inputs["simultaneous"],
        "loss": inputs["loss"],
    }
