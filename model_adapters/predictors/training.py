"""Training of a network on radiographs with partly unknown labels: epoch by epoch, resumable after each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.cli_support import track
from data_splits.integrity import atomic_write
from model_adapters.encoders.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from model_adapters.inference.seeds import derive_seed
from model_adapters.predictors.augmentation import Augmentation, applied

if TYPE_CHECKING:
    import torch

EVALUATION_BATCH = 32
CHECKPOINT = "training.safetensors"


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: Adam, binary cross-entropy over known cells, learning rate cut on a plateau.

    Attributes:
        epochs, batch, rate, decay: of Adam. patience: epochs without progress before the rate is cut to a tenth.
        validation: share of the images held out; by_patient: whole patients (else single images, as published).
        augmentation: of the training part.
    """

    epochs: int = 20
    batch: int = 64
    rate: float = 1e-4
    decay: float = 1e-5
    patience: int = 2
    validation: float = 0.1
    by_patient: bool = True
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(brightness=0.1, contrast=0.1))


PUBLISHED = Recipe(batch=768, validation=0.05, by_patient=False, augmentation=Augmentation(flip=True))
"""CheXGenBench's recipe: horizontal flips, and 5 % of the images (not patients) for validation."""


@dataclass
class Examples:
    """A part of a training set.

    Attributes:
        pixels: uint8[n, side, side]. targets: float32[n, l], NaN where unknown. weights: float32[n].
    """

    pixels: NDArray[np.uint8]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pixels)


def train(
    network: torch.nn.Module,
    learn: Examples,
    held: Examples,
    recipe: Recipe,
    seed: int,
    device: str,
    checkpoint: Path | None = None,
    key: str = "",
) -> None:
    """Train a network in place; it ends with the weights of its epoch of least validation loss.

    Order and augmentation of an epoch follow from (seed, epoch), so a training that was killed goes on from its last
    epoch and ends in the same weights (bit for bit on a CPU, where everything runs on one thread). On an accelerator
    passes run in bfloat16 under autocast, weights stay float32.

    Args:
        network: float32[b, 3, side, side] -> logits float32[b, l].
        held: validation part; where it is empty the last epoch is kept.
        checkpoint: folder for the state after each epoch, or None. key: what the training depends on; a state of
            another key is ignored.
    """
    import torch

    network.to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=recipe.patience)
    state = _State(network, optimizer, plateau, checkpoint, key)
    start, best = state.resume()
    with deterministic(device):
        for epoch in track(range(start, recipe.epochs), description=f"train, {len(learn)} images"):
            network.train()
            for rows, drawn in _batches(len(learn), recipe, seed, epoch):
                inputs = applied(_unit(learn.pixels[rows], device), torch.from_numpy(drawn).to(device))
                loss = _loss(network, inputs, learn, rows, device)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            score = evaluate(network, held, device) if len(held) else -float(epoch)
            plateau.step(score)
            if score < best:
                best = score
                state.keep()
            state.write(epoch + 1, best)
    state.restore_best()
    network.eval()


def evaluate(network: torch.nn.Module, part: Examples, device: str) -> float:
    """Mean loss over the known cells of a part."""
    logits = predict_logits(network, part.pixels, device).astype(np.float64)
    known = np.isfinite(part.targets) * part.weights[:, None]
    y = np.nan_to_num(part.targets)
    total = float((known * (np.logaddexp(0.0, logits) - y * logits)).sum())
    return total / max(float(known.sum()), 1e-12)


def predict_logits(network: torch.nn.Module, pixels: NDArray[np.uint8], device: str) -> NDArray[np.float32]:
    """float32[n, l] of uint8[n, side, side], in batches of a fixed size (padded), full float32."""
    import torch

    network.eval().to(device)
    parts = []
    with torch.inference_mode(), deterministic(device):
        for start in range(0, len(pixels), EVALUATION_BATCH):
            chunk = pixels[start : start + EVALUATION_BATCH]
            padded = np.concatenate([chunk, np.repeat(chunk[-1:], EVALUATION_BATCH - len(chunk), axis=0)])
            logits = network(_normalised(_unit(padded, device)))
            parts.append(logits.float().cpu().numpy()[: len(chunk)])
    return np.concatenate(parts)


def _batches(n: int, recipe: Recipe, seed: int, epoch: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Rows and augmentations of an epoch's batches; a last batch of one image is left out (batch norm needs two)."""
    epoch_seed = derive_seed(seed, f"epoch {epoch}", purpose="train")
    order = np.random.default_rng(epoch_seed).permutation(n)
    drawn = recipe.augmentation.draw(n, epoch_seed ^ 1)
    for start in range(0, n, recipe.batch):
        rows = order[start : start + recipe.batch]
        if len(rows) > 1:
            yield rows, drawn[rows]


def _loss(
    network: torch.nn.Module, inputs: torch.Tensor, part: Examples, rows: NDArray[np.intp], device: str
) -> torch.Tensor:
    import torch
    from torch.nn import functional

    kind = torch.device(device).type
    with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
        logits = network(_normalised(inputs))
    known = np.isfinite(part.targets[rows]) * part.weights[rows][:, None]
    weight = torch.from_numpy(known.astype(np.float32)).to(device)
    target = torch.from_numpy(np.nan_to_num(part.targets[rows])).to(device)
    cells = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    return (weight * cells).sum() / weight.sum().clamp_min(1e-12)


def _unit(pixels: NDArray[np.uint8], device: str) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).float()[:, None] / 255.0


def _normalised(batch: torch.Tensor) -> torch.Tensor:
    import torch

    mean, std = (torch.tensor(each, device=batch.device).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
    return (batch.expand(-1, 3, -1, -1) - mean) / std


@contextmanager
def deterministic(device: str) -> Iterator[None]:
    """One thread on a CPU and no autotuning on an accelerator; both are put back."""
    import torch

    from model_adapters.encoders.torch_encoder import exact_float32

    threads = torch.get_num_threads()
    try:
        if torch.device(device).type == "cpu":
            torch.set_num_threads(1)
        with exact_float32():
            yield
    finally:
        torch.set_num_threads(threads)


class _State:
    """Weights, best weights, optimiser and learning rate of a training, in memory and as one safetensors file."""

    def __init__(self, network: Any, optimizer: Any, plateau: Any, folder: Path | None, key: str) -> None:
        self.network, self.optimizer, self.plateau = network, optimizer, plateau
        self.path = None if folder is None else folder / CHECKPOINT
        self.key = key
        self.best: dict[str, Any] | None = None

    def keep(self) -> None:
        """Remember the present weights as the best."""
        self.best = {name: each.detach().cpu().clone() for name, each in self.network.state_dict().items()}

    def restore_best(self) -> None:
        """Put the best weights back."""
        if self.best is not None:
            self.network.load_state_dict(self.best)

    def write(self, done: int, best: float) -> None:
        """Write everything after `done` epochs."""
        if self.path is None:
            return
        from safetensors.torch import save

        tensors = {f"network/{name}": each for name, each in self.network.state_dict().items()}
        tensors |= {f"best/{name}": each for name, each in (self.best or {}).items()}
        for index, parameter in enumerate(self._parameters()):
            tensors |= {f"adam/{index}/{name}": each for name, each in self.optimizer.state[parameter].items()}
        facts = {
            "key": self.key, "done": done, "best": best, "rate": self.optimizer.param_groups[0]["lr"],
            "plateau_best": float(self.plateau.best), "bad": self.plateau.num_bad_epochs,
        }  # fmt: skip
        data = save(
            {name: each.detach().cpu().contiguous() for name, each in sorted(tensors.items())},
            {"facts": json.dumps(facts)},
        )
        with atomic_write(self.path) as stream:
            stream.write(data)

    def resume(self) -> tuple[int, float]:
        """Epochs done and best loss so far: (0, infinity) without a state of the same key."""
        if self.path is None or not self.path.is_file():
            return 0, float("inf")
        from safetensors import SafetensorError, safe_open
        from safetensors.torch import load_file

        try:
            with safe_open(str(self.path), framework="pt") as file:
                facts = json.loads((file.metadata() or {}).get("facts", "{}"))
            if facts.get("key") != self.key:
                return 0, float("inf")
            tensors = load_file(self.path)
        except (SafetensorError, ValueError):
            return 0, float("inf")
        self.network.load_state_dict(_under(tensors, "network/"))
        self.best = _under(tensors, "best/") or None
        device = next(self.network.parameters()).device
        for index, parameter in enumerate(self._parameters()):
            moments = _under(tensors, f"adam/{index}/")
            self.optimizer.state[parameter] = {
                name: each if name == "step" else each.to(device) for name, each in moments.items()
            }
        for group in self.optimizer.param_groups:
            group["lr"] = facts["rate"]
        self.plateau.best, self.plateau.num_bad_epochs = facts["plateau_best"], facts["bad"]
        return int(facts["done"]), float(facts["best"])

    def _parameters(self) -> list[Any]:
        return [each for group in self.optimizer.param_groups for each in group["params"]]


def _under(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
