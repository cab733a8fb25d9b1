"""The training so far on disk: parameters, moving average, AdamW's moments, losses. Written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = ("step", "loss", "kept", "noise_norm", "rate")
"""Of the curve: kept is the number of samples that taught, noise_norm their batch's mean (NaN where not measured)."""


@dataclass
class State:
    """What a step changes.

    Attributes:
        step: updates done. parameters: by adapter name. average: likewise, empty without one.
        curve: a row of `COLUMNS` for each update. scaler: of float16's loss scale.
    """

    step: int
    parameters: dict[str, Tensor]
    average: dict[str, Tensor]
    curve: list[tuple[float, ...]] = field(default_factory=list)
    scaler: dict[str, Any] = field(default_factory=dict)


def save_state(path: Path, state: State, optimizer: Any) -> None:
    """Write everything that the next step depends on."""
    import torch
    from safetensors.torch import save_file

    tensors = {f"parameter/{name}": each.detach() for name, each in state.parameters.items()}
    tensors |= {f"average/{name}": each for name, each in state.average.items()}
    for name, parameter in state.parameters.items():
        tensors |= {f"adam/{part}/{name}": value for part, value in optimizer.state.get(parameter, {}).items()}
    tensors["curve"] = torch.tensor(state.curve, dtype=torch.float64).reshape(-1, len(COLUMNS))
    plain = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    # Straight to a file beside it: the whole state as one string would double the memory of full fine-tuning.
    partial = path.with_suffix(".partial")
    save_file(plain, partial, {"step": str(state.step), "scaler": json.dumps(state.scaler)})
    with partial.open("rb+") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)


def load_state(path: Path, state: State, optimizer: Any) -> None:
    """Put what was saved back in place; nothing happens where nothing was."""
    import torch
    from safetensors import safe_open

    if not path.exists():
        return
    with safe_open(path, "pt") as file, torch.no_grad():
        facts, names = file.metadata(), set(file.keys())
        for kind, values in (("parameter", state.parameters), ("average", state.average)):
            for name, each in values.items():
                each.copy_(file.get_tensor(f"{kind}/{name}"))
        for name, parameter in state.parameters.items():
            moments = {}
            for part in ("step", "exp_avg", "exp_avg_sq"):
                if f"adam/{part}/{name}" in names:
                    value = file.get_tensor(f"adam/{part}/{name}")
                    moments[part] = value if part == "step" else value.to(parameter.device)
            if moments:
                optimizer.state[parameter] = moments
        state.curve = [tuple(row) for row in file.get_tensor("curve").tolist()]
    state.step, state.scaler = int(facts["step"]), json.loads(facts["scaler"])
