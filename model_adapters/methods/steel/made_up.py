"""A STEEL run small enough for a check: a network of two layers, twelve source tasks, and one more as the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import atomic_write

SHAPES = {"0.bias": (6,), "0.weight": (6, 5), "2.bias": (3,), "2.weight": (3, 6)}


def made_up_steel(folder: Path) -> dict[str, Any]:
    """Write weights and tasks; always the same bytes. Task t has the classes of the network turned a little by t."""
    from safetensors.numpy import save

    rng = np.random.default_rng(0)
    base = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    turn = rng.normal(size=SHAPES["2.weight"])
    files: dict[str, dict[str, np.ndarray]] = {"base": {name: each.astype(np.float32) for name, each in base.items()}}
    for task in range(13):
        inputs = rng.normal(size=(24, 5))
        hidden = np.maximum(inputs @ base["0.weight"].T + base["0.bias"], 0.0)
        logits = hidden @ (base["2.weight"] + (task - 6) / 6 * turn).T + base["2.bias"]
        kind = "sample" if task == 12 else "source"
        files[f"{kind}/task-{task:02d}"] = {"inputs": inputs.astype(np.float32), "targets": logits.argmax(axis=1)}
    for name, arrays in files.items():
        with atomic_write(folder / f"{name}.safetensors") as stream:
            stream.write(save(arrays))
    cases = folder / "cases.csv"
    cases.write_text("case,patient\n" + "".join(f"case-{row},patient-{row}\n" for row in range(24)), "utf-8")
    return {
        "network": "mlp", "weights": str(folder / "base.safetensors"), "sources": str(folder / "source"),
        "sample": str(folder / "sample" / "task-12.safetensors"), "cases": str(cases),
        "trained_on_statement": "made up from random numbers", "rank": 2, "zoo_steps": 5, "noise_steps": 10,
        "train_steps": 40, "save_every": 10, "batch": 8, "width": 16, "sizes": "60",
    }  # fmt: skip
