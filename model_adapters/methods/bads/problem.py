"""What is learnt from what: training examples, fewer trusted (meta) examples, and a network that loses on both."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters

Kind = Literal["classes", "labels", "tokens"]
"""classes: one of c, softmax. labels: each of l there or not, sigmoid. tokens: an answer of a language model."""

UNKNOWN_TOKEN = -100
"""In a table of tokens: nothing is asked at this place."""


@dataclass(frozen=True)
class Examples:
    """Inputs and targets.

    Attributes:
        inputs: float32[n, d]; of tokens float32[n, t, d], the hidden states before each token.
        targets: classes int64[n]; labels float32[n, l] of 1, 0 and NaN (unknown); tokens int64[n, t], UNKNOWN_TOKEN
            where nothing is asked.
        offset: of tokens float32[n, t, outputs], the logits of the frozen language model.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.generic]
    offset: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.inputs)


class Problem(ABC):
    """Per-example losses of a network on training and meta examples.

    Attributes:
        train, meta: numbers of examples. shown_width: columns of `shown`.
    """

    train: int
    meta: int

    @abstractmethod
    def turn(self, train: int, meta: int) -> None:
        """Told before each step: how often each set has been gone through. A loss that is an average over noise shows
        another draw of it from then on."""

    @abstractmethod
    def start(self, rng: torch.Generator) -> Parameters:
        """A network to start from."""

    @abstractmethod
    def losses(self, theta: Parameters, rows: Tensor | None, meta: bool = False) -> Tensor:
        """-log p(target | input), float32[rows].

        Args:
            rows: int64 of the table; None for all. meta: of the meta table.
        """

    @abstractmethod
    def shown(self, rows: Tensor | None) -> Tensor:
        """What a weight network sees of training examples: input and target, float32[rows, shown_width]."""

    @property
    @abstractmethod
    def shown_width(self) -> int: ...


class TableProblem(Problem):
    """A small network on tables.

    The network is a linear layer, or two with a ReLU between (`hidden` units); of tokens it is what is added to the
    logits of a frozen language model, and starts as nothing.

    Args:
        kind: how targets are read. train, meta: the two tables. outputs: classes, labels or tokens to choose from.
        hidden: width of the hidden layer; 0 for none.

    Attributes:
        train, meta: numbers of examples.
    """

    def __init__(self, kind: Kind, train: Examples, meta: Examples, outputs: int, hidden: int = 0) -> None:
        import torch

        self.kind, self.outputs, self.hidden = kind, outputs, hidden
        self.train, self.meta = len(train), len(meta)
        self.width = train.inputs.shape[-1]
        self._x = tuple(torch.from_numpy(np.ascontiguousarray(each.inputs)) for each in (train, meta))
        self._y = tuple(torch.from_numpy(np.ascontiguousarray(each.targets)) for each in (train, meta))
        self._offset = tuple(None if each.offset is None else torch.from_numpy(each.offset) for each in (train, meta))

    def turn(self, train: int, meta: int) -> None:
        """Nothing: these losses have no noise."""

    def start(self, rng: torch.Generator) -> Parameters:
        """A fresh network: uniform in +-1/sqrt(fan in), as torch starts a linear layer; of tokens the last is 0."""
        import torch

        def layer(out: int, into: int) -> Tensor:
            bound = 1.0 / math.sqrt(into)
            return (2.0 * torch.rand((out, into), generator=rng) - 1.0) * bound

        last = torch.zeros if self.kind == "tokens" else layer
        if not self.hidden:
            return {"bias": torch.zeros(self.outputs), "weight": last(self.outputs, self.width)}
        return {
            "0.bias": torch.zeros(self.hidden),
            "0.weight": layer(self.hidden, self.width),
            "2.bias": torch.zeros(self.outputs),
            "2.weight": last(self.outputs, self.hidden),
        }

    def outputs_of(self, theta: Parameters, x: Tensor) -> Tensor:
        """What the network says, float32[..., outputs] of float32[..., d]: logits, or of tokens a change of them."""
        if not self.hidden:
            return x @ theta["weight"].T + theta["bias"]
        hidden = (x @ theta["0.weight"].T + theta["0.bias"]).relu()
        return hidden @ theta["2.weight"].T + theta["2.bias"]

    def losses(self, theta: Parameters, rows: Tensor | None, meta: bool = False) -> Tensor:
        """-log p(target | input) in nats, float32[rows]: summed over the known labels, or the tokens, of an example.

        Args:
            rows: int64 of the table; None for all. meta: of the meta table.
        """
        from torch.nn import functional

        x, y, offset = self._x[meta], self._y[meta], self._offset[meta]
        if rows is not None:
            x, y = x[rows], y[rows]
        logits = self.outputs_of(theta, x)
        if offset is not None:
            logits = logits + (offset if rows is None else offset[rows])
        if self.kind == "classes":
            return functional.cross_entropy(logits, y, reduction="none")
        if self.kind == "tokens":
            flat = functional.cross_entropy(
                logits.flatten(0, 1), y.flatten(), reduction="none", ignore_index=UNKNOWN_TOKEN
            )
            return flat.view(y.shape).sum(1)
        known = y.isfinite()
        cells = functional.binary_cross_entropy_with_logits(logits, y.nan_to_num(0.0), reduction="none")
        return (cells * known).sum(1)

    def shown(self, rows: Tensor | None) -> Tensor:
        """What a weight network sees of training examples: input and target, float32[rows, shown_width]."""
        import torch
        from torch.nn import functional

        x, y = self._x[0], self._y[0]
        if rows is not None:
            x, y = x[rows], y[rows]
        if self.kind == "classes":
            return torch.cat([x, functional.one_hot(y, self.outputs).to(x)], 1)
        if self.kind == "labels":
            return torch.cat([x, y.nan_to_num(0.5) - 0.5], 1)
        known = (y != UNKNOWN_TOKEN)[:, :, None]
        said = (functional.one_hot(y.clamp(min=0), self.outputs) * known).sum(1)
        return torch.cat([(x * known).sum(1), said], 1) / known.sum(1)

    @property
    def shown_width(self) -> int:
        """Columns of `shown`."""
        return self.width + self.outputs
