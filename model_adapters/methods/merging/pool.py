"""The models of a merge: a base and K fine-tuned ones that agree in names and shapes, read tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.merging.checkpoint import FLOATS, Checkpoint, Entry, Zeros, open_checkpoint

if TYPE_CHECKING:
    import torch

STATISTICS = ("*running_mean", "*running_var", "*num_batches_tracked")
"""Batch normalisation's own counts are no weights: they are copied, never merged."""

BASE = 0
"""Index of the base; models are 1 to K, in the order in which they were named."""


class Pool:
    """Vertices of a merge by index: the base (0) and the models (1 to K).

    Attributes:
        base: may be None where a method needs none. models: K of them.
        merged: names of the floating tensors that are merged, sorted; every model has them in one shape.
        copied: names that are taken as they are from the base (without one, the first model): integers, batch
            normalisation's statistics, and what the user excludes (heads of other tasks).
        reads: tensors read so far, to say how often a method passes over the pool.
    """

    def __init__(
        self, base: Checkpoint | None, models: Sequence[Checkpoint], exclude: Sequence[str] = (), hold: bool = False
    ) -> None:
        """Check that the models fit each other.

        Args:
            exclude: shell patterns of tensor names that are not merged.
            hold: keep every tensor in memory once it is read: fast, and linear in K.

        Raises:
            UserError: no model; a tensor that is missing, additional or of another shape, with the model's name.
        """
        if not models:
            raise UserError('There is no model to merge. Name them: models = ["a.safetensors", "b.safetensors"].')
        self.base = base
        self.models = tuple(models)
        self.template = base or models[0]
        self._held: dict[tuple[int, str], torch.Tensor] | None = {} if hold else None
        self.reads = 0
        patterns = (*STATISTICS, *exclude)

        def left_out(name: str) -> bool:
            return any(fnmatchcase(name, pattern) for pattern in patterns)

        entries = self.template.entries
        self.merged = tuple(
            sorted(name for name, entry in entries.items() if entry.dtype in FLOATS and not left_out(name))
        )
        self.copied = tuple(sorted(entries.keys() - set(self.merged)))
        if not self.merged:
            raise UserError(f"{self.template.source} has no floating tensor that is not excluded: nothing to merge.")
        for model in self.models:
            _require_fit(model, entries, self.merged, left_out)

    @property
    def size(self) -> int:
        """K, the number of models without the base."""
        return len(self.models)

    @property
    def vertices(self) -> tuple[int, ...]:
        """Indices of all vertices, the base first where there is one."""
        return tuple(range(BASE if self.base is not None else 1, self.size + 1))

    @property
    def parameters(self) -> int:
        """Number of merged weights of one model."""
        return sum(self.entry(name).numel for name in self.merged)

    def entry(self, name: str) -> Entry:
        """Shape and stored type of a tensor, by the template."""
        return self.template.entries[name]

    def checkpoint(self, index: int) -> Checkpoint:
        """The model of an index.

        Raises:
            UserError: the base is asked for and there is none.
        """
        if index != BASE:
            return self.models[index - 1]
        if self.base is None:
            raise UserError(
                "This method needs the model that the others were fine-tuned from: base = "
                '"base.safetensors" (adapters: base = "zeros").'
            )
        return self.base

    def read(self, index: int, name: str) -> torch.Tensor:
        """A tensor of a vertex, float32 (float64 where stored so). Never write to it."""
        if self._held is not None and (index, name) in self._held:
            return self._held[index, name]
        self.reads += 1
        tensor = self.checkpoint(index).read(name)
        if self._held is not None:
            self._held[index, name] = tensor
        return tensor

    def difference(self, index: int, name: str) -> torch.Tensor:
        """A tensor of the task vector tau_k = theta_k - theta_0; yours to change."""
        return self.read(index, name) - self.read(BASE, name)

    def differences(self, name: str) -> Iterator[torch.Tensor]:
        """The tensor of every model's task vector, one at a time."""
        base = self.read(BASE, name)
        for index in range(1, self.size + 1):
            yield self.read(index, name) - base

    def label(self, index: int) -> str:
        """ "base", or "model-1" to "model-K": what ledgers and records call a vertex."""
        return "base" if index == BASE else f"model-{index}"

    def index(self, label: str) -> int:
        """The index of a label.

        Raises:
            KeyError: no vertex is called so.
        """
        return {self.label(index): index for index in self.vertices}[label]

    def facts(self) -> list[dict[str, Any]]:
        """Label, name and hash of every vertex, for records. Hashes all files."""
        return [
            {
                "label": self.label(index),
                "name": _short(self.checkpoint(index)),
                "sha256": self.checkpoint(index).sha256,
            }
            for index in self.vertices
        ]


def open_pool(models: Sequence[str], base: str | None = None, exclude: Sequence[str] = (), hold: bool = False) -> Pool:
    """The pool of some sources; base "zeros" is a model of zeros.

    Raises:
        UserError: as for `open_checkpoint` and `Pool`.
    """
    opened = [open_checkpoint(source) for source in models]
    if base == "zeros" and opened:
        return Pool(Zeros(opened[0]), opened, exclude, hold)
    return Pool(open_checkpoint(base) if base else None, opened, exclude, hold)


def _short(model: Checkpoint) -> str:
    """The last two parts of a source: enough to recognise it, nothing of the machine's folders."""
    return "/".join(model.source.rstrip("/").split("/")[-2:])


def _require_fit(model: Checkpoint, entries: dict[str, Entry], merged: Sequence[str], left_out: Any) -> None:
    wrong = [name for name in merged if name not in model.entries]
    verb = "lacks"
    if not wrong:
        wrong = [name for name in merged if model.entries[name].shape != entries[name].shape]
        verb = "has in another shape"
    if not wrong:
        wrong = [name for name in merged if model.entries[name].dtype not in FLOATS]
        verb = "has as integers"
    if not wrong:
        wrong = [name for name in model.entries if name not in entries and not left_out(name)]
        verb = "has in addition"
    if wrong:
        raise UserError(
            f"{model.source} {verb} {wrong[0]!r} ({len(wrong)} such). Merge models of one architecture, or "
            f'exclude = ["{wrong[0]}"].'
        )
