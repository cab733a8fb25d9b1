"""What is learnt from what: a table of training examples, a smaller one of trusted (meta) examples, a small network."""

from __future__ import annotations

import math
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
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.generic]

    def __len__(self) -> int:
        return len(self.inputs)


class Problem:
    """Per-example losses of a network on training and meta examples.

    The network is a linear layer, or two with a ReLU between (`hidden` units); of tokens a low-rank change of the
    hidden states (rank `hidden`) in front of a fixed table of token vectors.

    Args:
        kind: how targets are read. train, meta: the two tables. outputs: classes, labels or tokens to choose from.
        hidden: width of the hidden layer; 0 for none.
        head: of tokens float32[outputs, d], the vector of each.

    Attributes:
        train, meta: numbers of examples.
    """

    def __init__(
        self,
        kind: Kind,
        train: Examples,
        meta: Examples,
        outputs: int,
        hidden: int = 0,
        head: NDArray[np.float32] | None = None,
    ) -> None:
        import torch

        if kind == "tokens" and (head is None or hidden < 1):
            raise ValueError("a problem of tokens needs their table and a rank of at least 1")
        self.kind, self.outputs, self.hidden = kind, outputs, hidden
        self.train, self.meta = len(train), len(meta)
        self.width = train.inputs.shape[-1]
        self._x = tuple(torch.from_numpy(np.ascontiguousarray(each.inputs)) for each in (train, meta))
        self._y = tuple(torch.from_numpy(np.ascontiguousarray(each.targets)) for each in (train, meta))
        self._head = None if head is None else torch.from_numpy(np.ascontiguousarray(head))

    def start(self, rng: torch.Generator) -> Parameters:
        """A fresh network: uniform in +-1/sqrt(fan in), as torch starts a linear layer; the last factor of a low-rank
        change is 0."""
        import torch

        def layer(out: int, into: int) -> Tensor:
            bound = 1.0 / math.sqrt(into)
            return (2.0 * torch.rand((out, into), generator=rng) - 1.0) * bound

        if self.kind == "tokens":
            return {"down": layer(self.hidden, self.width), "up": torch.zeros(self.width, self.hidden)}
        if not self.hidden:
            return {"bias": torch.zeros(self.outputs), "weight": layer(self.outputs, self.width)}
        return {
            "0.bias": torch.zeros(self.hidden),
            "0.weight": layer(self.hidden, self.width),
            "2.bias": torch.zeros(self.outputs),
            "2.weight": layer(self.outputs, self.hidden),
        }

    def outputs_of(self, theta: Parameters, x: Tensor) -> Tensor:
        """Logits, float32[n, outputs] (of tokens [n, t, outputs])."""
        if self.kind == "tokens":
            assert self._head is not None
            moved = x + (x @ theta["down"].T) @ theta["up"].T
            return moved @ self._head.T
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

        x, y = self._x[meta], self._y[meta]
        if rows is not None:
            x, y = x[rows], y[rows]
        logits = self.outputs_of(theta, x)
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
        assert self._head is not None
        known = (y != UNKNOWN_TOKEN)[:, :, None]
        said = (self._head[y.clamp(min=0)] * known).sum(1)
        return torch.cat([(x * known).sum(1), said], 1) / known.sum(1)

    @property
    def shown_width(self) -> int:
        """Columns of `shown`."""
        return 2 * self.width if self.kind == "tokens" else self.width + self.outputs
