"""What capacity-control asks for, and its settings read from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.families import FAMILIES, require_family
from model_adapters.methods.capacity_control.mitigation import Threshold, read_threshold
from model_adapters.protocols import MethodInput

PRECISIONS = ("float32", "bfloat16", "float16")

INPUTS: dict[str, MethodInput] = {
    "base": MethodInput("what is fine-tuned: embedded, a diffusers folder or a cached hub id", required=True),
    "split": MethodInput("the split trained on: NAME or NAME:PATH", required=True),
    "peft": MethodInput(f"the family of parameters: {', '.join(FAMILIES)}", required=True),
    "split_options": MethodInput('options of the split, "seed=1,size=128"', default=""),
    "subset": MethodInput("subset of the split", default="train"),
    "patients": MethodInput("patients trained on, 0 for all; fewer are a part of more", default=0),
    "images": MethodInput("images trained on, at most; 0 for all", default=0),
    "cases": MethodInput("case ids trained on instead, comma-separated"),
    "mask": MethodInput('one bit a transformer block, "1101": 0 freezes it; without it nothing is frozen'),
    "outside": MethodInput("with a mask: what lies outside of blocks is trained too", default=False),
    "rank": MethodInput("of lora, loha and lokr", default=4),
    "learning_rate": MethodInput("0 for the family's own", default=0.0),
    "warmup": MethodInput("steps of linear warm-up, constant after them", default=0),
    "steps": MethodInput("updates", default=1000),
    "batch": MethodInput("samples an update", default=8),
    "accumulate": MethodInput("forward passes that a batch is cut into; saves memory", default=1),
    "prompt_dropout": MethodInput("share of prompts replaced by the empty one, for guidance", default=0.1),
    "insert_tokens": MethodInput("random tokens put into each prompt, new ones each epoch", default=0),
    "noise_threshold": MethodInput('drop samples with a larger noise norm: a number, or "p90" of the batch'),
    "ema": MethodInput("decay of a moving average of the parameters that is kept instead; 0 for none", default=0.0),
    "precision": MethodInput(f"of the forward pass: {', '.join(PRECISIONS)}", default="float32"),
    "checkpointing": MethodInput("recompute activations going backward; saves memory", default=False),
    "weight_decay": MethodInput("of AdamW", default=0.01),
    "clip": MethodInput("largest norm of the gradient", default=1.0),
    "size": MethodInput("pixels a side, 0 for the base's own", default=0),
    "dtype": MethodInput("of the weights that are written: float32, float16 or bfloat16", default="float32"),
    "save_every": MethodInput("updates between two saves; a kill loses no more", default=50),
    "threads": MethodInput("compute threads on a CPU; the last digits depend on it", default=1),
    "name": MethodInput("of the fine-tuned model, on its card"),
}

LIMITS: dict[str, tuple[float, float]] = {
    "patients": (0, 10**9),
    "images": (0, 10**9),
    "rank": (1, 4096),
    "learning_rate": (0, 10),
    "warmup": (0, 10**9),
    "steps": (0, 10**9),
    "batch": (1, 10**6),
    "accumulate": (1, 10**6),
    "prompt_dropout": (0, 1),
    "insert_tokens": (0, 1000),
    "ema": (0, 0.999999),
    "weight_decay": (0, 10),
    "clip": (1e-9, 1e9),
    "size": (0, 8192),
    "save_every": (1, 10**9),
    "threads": (1, 1024),
}


@dataclass(frozen=True)
class Settings:
    """How training goes; the names are those of the inputs. rate: the learning rate that holds."""

    family: str
    rate: float
    warmup: int
    steps: int
    batch: int
    accumulate: int
    prompt_dropout: float
    insert_tokens: int
    threshold: Threshold | None
    ema: float
    precision: str
    checkpointing: bool
    weight_decay: float
    clip: float
    save_every: int


def read_settings(inputs: Mapping[str, Any], device: str) -> Settings:
    """The settings of a run.

    Raises:
        UserError: a number out of its range, an unknown family, precision or dtype.
    """
    require_family(inputs["peft"])
    for name, (low, high) in LIMITS.items():
        if not low <= inputs[name] <= high:
            raise UserError(f"{name} is {inputs[name]}; it lies between {low:g} and {high:g}.")
    for name in ("precision", "dtype"):
        if inputs[name] not in PRECISIONS:
            raise UserError(f"{name} is {inputs[name]!r}; it is {', '.join(PRECISIONS)}.")
    if inputs["precision"] == "float16" and not device.startswith("cuda"):
        raise UserError("precision=float16 needs a GPU: use --device cuda, or precision=bfloat16.")
    if inputs["batch"] % inputs["accumulate"]:
        raise UserError(f"batch {inputs['batch']} cannot be cut into {inputs['accumulate']} equal parts (accumulate).")
    return Settings(
        family=inputs["peft"],
        rate=inputs["learning_rate"] or FAMILIES[inputs["peft"]].rate,
        warmup=inputs["warmup"],
        steps=inputs["steps"],
        batch=inputs["batch"],
        accumulate=inputs["accumulate"],
        prompt_dropout=inputs["prompt_dropout"],
        insert_tokens=inputs["insert_tokens"],
        threshold=read_threshold(inputs["noise_threshold"]),
        ema=inputs["ema"],
        precision=inputs["precision"],
        checkpointing=inputs["checkpointing"],
        weight_decay=inputs["weight_decay"],
        clip=inputs["clip"],
        save_every=inputs["save_every"],
    )
