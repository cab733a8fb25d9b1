"""Losses of a proxy objective, one value an example, so that a mean does not depend on how examples are chunked."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""Target of a token that teaches nothing."""


class CrossEntropy:
    """One class an example: logits float[n, classes], targets int[n]."""

    def losses(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """-log p(target), in nats."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(output, targets, reduction="none")

    def entropies(self, output: torch.Tensor) -> torch.Tensor:
        """Entropy of the softmax, in nats."""
        from torch.nn.functional import log_softmax

        logs = log_softmax(output, dim=-1)
        return -(logs.exp() * logs).sum(dim=-1)

    def scores(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """1 where the largest logit is the target's, else 0."""
        return (output.argmax(dim=-1) == targets).float()


class BinaryCrossEntropy:
    """Several findings an example: logits float[n, labels], targets 1, 0 or NaN (unknown, teaches nothing)."""

    def losses(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over the known labels, in nats."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        known = targets.isfinite()
        cells = binary_cross_entropy_with_logits(output, targets.nan_to_num().to(output), reduction="none")
        return (cells * known).sum(dim=-1) / known.sum(dim=-1).clamp(min=1)

    def entropies(self, output: torch.Tensor) -> torch.Tensor:
        """Mean over labels of the Bernoulli entropy, in nats."""
        from torch.nn.functional import logsigmoid

        on, off = logsigmoid(output), logsigmoid(-output)
        return -(on.exp() * on + off.exp() * off).mean(dim=-1)

    def scores(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Share of the known labels that are told right at a threshold of one half."""
        known = targets.isfinite()
        right = ((output > 0) == (targets > 0.5)) & known
        return right.sum(dim=-1) / known.sum(dim=-1).clamp(min=1)


class Tokens:
    """Next tokens: logits float[n, length, vocabulary], targets int[n, length] as given in, -100: not asked."""

    def losses(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over an example's asked tokens of -log p, in nats."""
        from torch.nn.functional import cross_entropy

        asked = targets[:, 1:]
        each = cross_entropy(output[:, :-1].transpose(1, 2), asked, reduction="none", ignore_index=IGNORED)
        return each.sum(dim=-1) / (asked != IGNORED).sum(dim=-1).clamp(min=1)

    def entropies(self, output: torch.Tensor) -> torch.Tensor:
        """Mean over positions of the entropy of the next token, in nats."""
        return CrossEntropy().entropies(output).mean(dim=-1)

    def scores(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Share of the asked tokens that are the most likely ones."""
        asked = targets[:, 1:]
        right = (output[:, :-1].argmax(dim=-1) == asked) & (asked != IGNORED)
        return right.sum(dim=-1) / (asked != IGNORED).sum(dim=-1).clamp(min=1)


class MeanSquare:
    """A prediction of the targets' shape: regression, or the noise of a diffusion model."""

    def losses(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over an example's elements of the squared error."""
        from torch.nn.functional import mse_loss

        targets = targets.to(output).reshape(output.shape)
        return mse_loss(output, targets, reduction="none").reshape(len(output), -1).mean(dim=1)

    def entropies(self, output: torch.Tensor) -> torch.Tensor:
        """Undefined.

        Raises:
            UserError: always.
        """
        raise UserError("loss = mean-square has no entropy. Choose labels (entropy = false), or another loss.")

    def scores(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Minus the squared error."""
        return -self.losses(output, targets)


LOSSES: dict[str, Any] = {
    "cross-entropy": CrossEntropy(),
    "binary-cross-entropy": BinaryCrossEntropy(),
    "tokens": Tokens(),
    "mean-square": MeanSquare(),
}


def named(name: str) -> Any:
    """A loss by name.

    Raises:
        UserError: there is none, with the nearest one.
    """
    if name in LOSSES:
        return LOSSES[name]
    near = difflib.get_close_matches(name, LOSSES, n=1, cutoff=0.3)
    raise UserError(
        f"There is no loss {name!r}. {f'Did you mean {near[0]}?' if near else ''} Known: {', '.join(LOSSES)}."
    )


def tensor_of(output: Any) -> torch.Tensor:
    """The logits or prediction in what a network returned: a tensor, or `.logits`, `.sample`, or the first element."""
    for name in ("logits", "sample"):
        if hasattr(output, name):
            output = getattr(output, name)
            break
    found: torch.Tensor = output[0] if isinstance(output, tuple | list) else output
    return found
