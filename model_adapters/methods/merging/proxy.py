"""An objective from files: any network, and a safetensors file of a few examples for each task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.methods.merging import losses as kinds
from model_adapters.methods.merging.networks import build_network, network_names
from model_adapters.methods.merging.objective import Tensors
from model_adapters.methods.merging.pool import Pool

if TYPE_CHECKING:
    import torch

HEAD = ("head.weight", "head.bias")


class ProxyObjective:
    """The mean loss of a network over a few examples a task.

    A task is a safetensors file, named after the task. `inputs` goes to the network first, every `inputs.NAME` as the
    argument NAME; `targets` is what the loss compares with (not needed for entropy); all have the examples along
    their first axis. `head.weight` (classes x d) and `head.bias` are a fixed head of this task alone, applied to the
    network's output: heads are never merged.

    Attributes:
        network: an nn.Module in evaluation mode; its own weights stand for every name that is not merged.
    """

    def __init__(
        self, network: torch.nn.Module, tasks: dict[str, dict[str, torch.Tensor]], loss: str, pool: Pool,
        chunk: int = 0, device: str = "cpu", hashes: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Check tasks and names.

        Raises:
            UserError: an unknown loss, a task without inputs or of uneven length, a tensor that the network has not.
        """
        self.network = network.to(device).eval().requires_grad_(False)
        self.tasks = tuple(tasks)
        self.chunk = chunk
        self.device = device
        self.loss = kinds.named(loss)
        self.kind = loss
        self._data = tasks
        self.names = network_names(network, pool)
        self._hashes = hashes or {}
        for task, data in tasks.items():
            _require_task(task, data)

    def examples(self, task: str) -> int:
        """Number of proxy examples."""
        return len(next(tensor for name, tensor in self._data[task].items() if name.startswith("inputs")))

    def forward(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """The network's output for some examples, the task's head applied: logits, or a prediction."""
        from torch.func import functional_call

        data = {k: v for k, v in self._data[task].items() if k.startswith("inputs")}
        picked = {name: tensor[rows].to(self.device) for name, tensor in data.items()}
        first = (picked["inputs"],) if "inputs" in picked else ()
        named = {name.removeprefix("inputs."): tensor for name, tensor in picked.items() if name != "inputs"}
        own = dict(self.network.named_parameters())
        placed = {
            self.names[name]: tensor.to(self.device, own[self.names[name]].dtype if self.names[name] in own else None)
            for name, tensor in weights.items()
        }
        output = kinds.tensor_of(functional_call(self.network, placed, first, named))
        if HEAD[0] in self._data[task]:
            output = output @ self._data[task][HEAD[0]].to(output).T
            if HEAD[1] in self._data[task]:
                output = output + self._data[task][HEAD[1]].to(output)
        return output

    def losses(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """Supervised loss of each example.

        Raises:
            UserError: the task has no targets.
        """
        return self.loss.losses(self.forward(weights, task, rows), self._targets(task, rows))

    def entropies(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """Entropy of each prediction.

        Raises:
            UserError: the loss has no entropy.
        """
        return self.loss.entropies(self.forward(weights, task, rows))

    def scores(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """How right each prediction is."""
        return self.loss.scores(self.forward(weights, task, rows), self._targets(task, rows))

    def facts(self) -> dict[str, Any]:
        """Loss, number of examples a task, hash of a task's file."""
        return {
            "loss": self.kind,
            "tasks": [
                {"name": task, "examples": self.examples(task), "sha256": self._hashes.get(task)} for task in self.tasks
            ],
        }

    def _targets(self, task: str, rows: torch.Tensor) -> torch.Tensor:
        if "targets" not in self._data[task]:
            raise UserError(f"Task {task} has no targets. Add a tensor `targets`, or use a method without labels.")
        return self._data[task]["targets"][rows].to(self.device)


def open_proxy(
    network: str | torch.nn.Module, tasks: Sequence[str], loss: str, pool: Pool, chunk: int = 0, device: str = "cpu"
) -> ProxyObjective:
    """The objective of a network (by name, or made already) and task files.

    Raises:
        UserError: a file that is missing or unreadable, or as for `build_network` and `ProxyObjective`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    found: dict[str, dict[str, torch.Tensor]] = {}
    hashes = {}
    for text in tasks:
        path = Path(text).expanduser()
        if path.suffix != ".safetensors" or not path.is_file():
            raise UserError(f"No task at {path}. Name a .safetensors file with tensors inputs and targets.")
        if path.stem in found:
            raise UserError(f"Two tasks are called {path.stem}. Rename a file.")
        try:
            found[path.stem] = load_file(path)
        except SafetensorError as error:
            raise UserError(f"{path} is not a readable safetensors file ({error}).") from error
        hashes[path.stem] = sha256_file(path)
    if not found:
        raise UserError('A data-driven merge needs target tasks: tasks = ["a.safetensors", ...].')
    made = build_network(network, pool) if isinstance(network, str) else network
    return ProxyObjective(made, found, loss, pool, chunk, device, hashes)


def _require_task(task: str, data: dict[str, torch.Tensor]) -> None:
    rows = {name: len(tensor) for name, tensor in data.items() if tensor.ndim and not name.startswith("head.")}
    if not any(name == "inputs" or name.startswith("inputs.") for name in rows):
        raise UserError(
            f"Task {task} holds {', '.join(sorted(data)) or 'nothing'}; it needs a tensor `inputs` (or `inputs.NAME`)."
        )
    if len(set(rows.values())) != 1 or not min(rows.values()):
        raise UserError(f"Task {task}: inputs and targets differ in length, or are empty ({rows}).")
