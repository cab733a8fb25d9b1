"""A pool small enough for a check: networks of two layers, a base and three relatives, and two tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import atomic_write


def made_up_pool(folder: Path) -> dict[str, Any]:
    """Write models and tasks; always the same bytes. Task k has the classes that model k would tell."""
    from safetensors.numpy import save

    shapes = {"0.bias": (6,), "0.weight": (6, 5), "2.bias": (3,), "2.weight": (3, 6)}
    rng = np.random.default_rng(0)
    base = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    models = [base] + [{n: a + 0.5 * rng.normal(size=a.shape) for n, a in base.items()} for _ in range(3)]
    files = {}
    for index, model in enumerate(models):
        files[f"model-{index}"] = {name: array.astype(np.float32) for name, array in model.items()}
    for index in (1, 2):
        inputs = rng.normal(size=(24, 5))
        hidden = np.maximum(inputs @ models[index]["0.weight"].T + models[index]["0.bias"], 0.0)
        logits = hidden @ models[index]["2.weight"].T + models[index]["2.bias"]
        files[f"task-{index}"] = {"inputs": inputs.astype(np.float32), "targets": logits.argmax(axis=1)}
    for name, arrays in files.items():
        with atomic_write(folder / f"{name}.safetensors") as stream:
            stream.write(save(arrays))
    return {
        "method": "fw-hard",
        "base": str(folder / "model-0.safetensors"),
        "models": [str(folder / f"model-{index}.safetensors") for index in (1, 2, 3)],
        "network": "mlp",
        "tasks": [str(folder / f"task-{index}.safetensors") for index in (1, 2)],
        "iterations": 5,
    }
