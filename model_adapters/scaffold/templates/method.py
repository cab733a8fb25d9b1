"""My adapter: averages checkpoints tensor by tensor. Say what yours is, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, sha256_bytes, sha256_file
from model_adapters.card import ModelCard
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

CARD = ModelCard(
    name="my-adapter",
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=("Written by `model-adapters new`. Say here what the method claims, and what is reconstructed.",),
)

INPUTS = {
    "models": MethodInput(
        "paths of two or more .safetensors files with the same tensors, a list or joined by commas", required=True
    ),
    "at_most": MethodInput("how many of the models may be read", default=100, budget=True),
}


class MyAdapter:
    """Averages tensor by tensor, so that memory holds one tensor of each model; every finished tensor is kept."""

    card = CARD
    inputs: Mapping[str, MethodInput] = INPUTS

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Average what is not averaged yet in `output`/parts, then write `output`/model/model.safetensors.

        Raises:
            UserError: fewer than two models, more than the budget, or models with other tensors.
        """
        from safetensors.numpy import load, save

        given = inputs["models"]
        models = [Path(each) for each in (given.split(",") if isinstance(given, str) else given)]
        if not 2 <= len(models) <= inputs["at_most"]:
            raise UserError(f"{CARD.name} averages 2 to {inputs['at_most']} models, not {len(models)}.")
        names = _names(models)
        for done, name in enumerate(names, start=1):
            part = output / "parts" / f"{sha256_bytes(name.encode())[:32]}.safetensors"
            if part.exists():
                continue
            mean = np.stack([_tensor(model, name) for model in models]).mean(axis=0, dtype=np.float64)
            with atomic_write(part) as stream:
                stream.write(save({name: np.asarray(mean, dtype=np.float32)}))
            # The part is on disk: a kill from here on loses nothing of it.
            saved(done, len(names))
        parts = sorted((output / "parts").glob("*.safetensors"))
        merged = {name: array for part in parts for name, array in load(part.read_bytes()).items()}
        file = output / "model" / "model.safetensors"
        with atomic_write(file) as stream:
            stream.write(save(dict(sorted(merged.items()))))
        card = ModelCard(
            name=f"{CARD.name}-of-{len(models)}",
            kind="predictor",
            source=f"made by {CARD.name}",
            licence="that of the models averaged",
            parameters=sum(array.size for array in merged.values()),
            weight_hashes={file.name: sha256_file(file)},
        )
        record = {"budget": {"at_most": len(models)}, "tensors": len(names), "models": [sha256_file(m) for m in models]}
        return Artifact(file.parent, "checkpoint", card, record)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Three models of five small tensors."""
        from safetensors.numpy import save

        paths = [folder / f"model-{index}.safetensors" for index in range(3)]
        for index, path in enumerate(paths):
            rng = np.random.default_rng(index)
            arrays = {f"layer.{k}": rng.normal(size=(3, k + 1)).astype(np.float32) for k in range(5)}
            with atomic_write(path) as stream:
                stream.write(save(arrays))
        return {"models": [str(path) for path in paths]}


def _names(models: list[Path]) -> list[str]:
    from safetensors import safe_open

    found = []
    for model in models:
        if not model.is_file():
            raise UserError(f"No model at {model}. Name .safetensors files.")
        with safe_open(model, framework="numpy") as stream:
            found.append(sorted(stream.keys()))
    if any(names != found[0] for names in found):
        raise UserError(f"{CARD.name} averages models with the same tensors; these differ in their names.")
    return found[0]


def _tensor(model: Path, name: str) -> np.ndarray:
    from safetensors import safe_open

    with safe_open(model, framework="numpy") as stream:
        return np.asarray(stream.get_tensor(name))


def build(context: BuildContext) -> MyAdapter:
    """Make the method. Import torch and other heavy packages inside here, not at the top."""
    return MyAdapter()
