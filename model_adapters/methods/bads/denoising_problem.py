"""Per-example losses of a generator that is fine-tuned: how badly it denoises an image, told its prompt.

    loss_i = mean over draws k of (e_ik(theta, prompt_i) - r_ik) / s_k

e is the mean square error of the denoiser's prediction. r_ik, with `reference` "empty", is the error of the base told
nothing, at the same noise. It does not move with theta; what is left says, but for scale, how much likelier the image
becomes by its prompt, so that an image that is hard to draw does not look mislabelled. With "none" r = 0. s_k is the
spread of the base's e - r over the trusted examples in draw k: a right prompt strays that far now and then.

A step shows one draw of each example, the next one each time that the set has been gone through; scoring (rows None)
takes the mean of all K draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_adapters.methods.bads.problem import Problem

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from model_adapters.methods.bads.denoiser import Denoiser, Draws
    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.capacity_control.cases import Texts

CHUNK = 16
"""Examples of a forward pass where all are scored."""

PLACES = 4
"""Side to which a latent is averaged for a weight network."""


@dataclass(frozen=True)
class Prompted:
    """Examples. latents: float32[n, c, h, w]. prompts, ids: of each. reference: float32[n, K], r."""

    latents: Tensor
    prompts: Sequence[str]
    ids: Sequence[str]
    reference: Tensor

    def __len__(self) -> int:
        return len(self.ids)


class DenoisingProblem(Problem):
    """See the module.

    Args:
        spread: float32[K], s.
    """

    def __init__(
        self, denoiser: Denoiser, draws: Draws, texts: Texts, train: Prompted, meta: Prompted, spread: Tensor
    ) -> None:
        self.denoiser, self.draws, self.texts = denoiser, draws, texts
        self.train, self.meta = len(train), len(meta)
        self._parts, self._spread = (train, meta), spread
        self._turns = (0, 0)
        self._shown: Tensor | None = None

    def turn(self, train: int, meta: int) -> None:
        """Show the next draw."""
        self._turns = (train, meta)

    def start(self, rng: torch.Generator) -> Parameters:
        """The base itself."""
        return self.denoiser.start()

    def losses(self, theta: Parameters, rows: Tensor | None, meta: bool = False) -> Tensor:
        """float32[rows]: in this turn's draw, or over all draws where rows is None."""
        import torch

        part = self._parts[meta]
        if rows is not None:
            picked = rows.tolist()
            return self._errors(theta, part, picked, [(row + self._turns[meta]) % self.draws.count for row in picked])
        total = torch.zeros(len(part))
        for k in range(self.draws.count):
            for first in range(0, len(part), CHUNK):
                picked = list(range(first, min(first + CHUNK, len(part))))
                total[picked] += self._errors(theta, part, picked, [k] * len(picked)).detach()
        return total / self.draws.count

    def _errors(self, theta: Parameters, part: Prompted, rows: list[int], which: list[int]) -> Tensor:
        noise, level = self.draws([part.ids[row] for row in rows], which)
        condition = self.texts([part.prompts[row] for row in rows])
        found = self.denoiser.errors(theta, part.latents[rows], condition, noise, level)
        return (found - part.reference[rows, which]) / self._spread[which]

    def shown(self, rows: Tensor | None) -> Tensor:
        """Latent at low resolution and the mean of the prompt's token states."""
        import torch
        from torch.nn import functional

        if self._shown is None:
            part = self._parts[0]
            small = functional.adaptive_avg_pool2d(part.latents, PLACES).flatten(1)
            told = [self.texts([prompt])["encoder_hidden_states"].float().mean(dim=1) for prompt in part.prompts]
            self._shown = torch.cat([small, torch.cat(told)], 1)
        return self._shown if rows is None else self._shown[rows]

    @property
    def shown_width(self) -> int:
        """Columns of `shown`."""
        return int(self.shown(None).shape[1])
