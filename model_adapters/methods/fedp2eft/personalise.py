"""Arms of personalisation: from a client and a budget to an adapter. FedP2EFT, and the controls it must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.ada_lora import train_ada_lora
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client, Examples, count
from model_adapters.methods.fedp2eft.learn_rates import held_out
from model_adapters.methods.fedp2eft.local_training import EMPTY_SCALE, fine_tune, learn_scales
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.rank_budget import kept, uniform
from model_adapters.methods.fedp2eft.settings import Settings

TUNED_FACTORS = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Learning rates that `tuned-lora` tries, in units of `rate`."""


@dataclass
class Personalisation:
    """Attributes: model, adapters, settings: shared by clients. rank: budget r. seed: of the run.
    strategy: client -> what was learnt for it: scales float[size], for fedl2p rates float[2 x layers].
    """

    model: Model
    adapters: Adapters
    settings: Settings
    rank: int
    seed: int
    strategy: Callable[[Client], torch.Tensor] | None = None

    def start(self, client: Client) -> int:
        """The seed of the order of a client's examples: one for all arms, which differ in ranks and scales alone."""
        return derive_seed(self.seed, client.name, purpose="fedp2eft-personal")

    def budget(self, scales: torch.Tensor) -> torch.Tensor:
        """The ranks of largest scale."""
        return kept(scales, self.rank, self.adapters.rank)

    def learnt(self, client: Client) -> torch.Tensor:
        """The scales of the strategy."""
        if self.strategy is None:
            raise UserError("This arm needs a strategy. Train one first (rounds above 0).")
        return self.strategy(client)


def fedp2eft(run: Personalisation, client: Client) -> None:
    """The generator's scales: the largest kept, lambda as generated."""
    scales = run.learnt(client)
    _tune(run, client, run.budget(scales), scales)


def fedp2eft_learning(run: Personalisation, client: Client) -> None:
    """The same, lambda learning on."""
    scales = run.learnt(client)
    _tune(run, client, run.budget(scales), scales, learn=True)


def rank_only(run: Personalisation, client: Client) -> None:
    """The generator's choice of ranks, every lambda 1: tells allocation from gain."""
    keep = run.budget(run.learnt(client))
    _tune(run, client, keep, torch.ones(len(keep)))


def uniform_lora(run: Personalisation, client: Client) -> None:
    """Plain LoRA: r ranks in every layer, lambda 1, the same scale s."""
    keep = _uniform(run)
    _tune(run, client, keep, torch.ones(len(keep)))


def tuned_lora(run: Personalisation, client: Client) -> None:
    """Plain LoRA at the learning rate that does best on a fifth of the client's training examples, then on all."""
    trial, held = held_out(client)
    keep = _uniform(run)
    found = []
    for factor in TUNED_FACTORS:
        _tune(run, trial, keep, torch.ones(len(keep)), rate=factor * run.settings.rate)
        found.append(-_held_out_loss(run.model, held.train))
    best = max(range(len(found)), key=lambda index: found[index])
    _tune(run, client, keep, torch.ones(len(keep)), rate=TUNED_FACTORS[best] * run.settings.rate)


def bayestune_local(run: Personalisation, client: Client) -> None:
    """BayesTune-LoRA on the client alone: scales from 1e-4, the largest kept, a fresh adapter with those scales."""
    scales = learn_scales(
        run.model, run.adapters, client, torch.full((run.adapters.size,), EMPTY_SCALE), run.settings, run.start(client)
    )
    _tune(run, client, run.budget(scales), scales)


def ada_lora(run: Personalisation, client: Client) -> None:
    """AdaLoRA of peft, on the client alone."""
    train_ada_lora(run.model, run.adapters, client, run.rank, run.settings, run.start(client))


def fedl2p(run: Personalisation, client: Client) -> None:
    """Plain LoRA at learnt learning rates, one a matrix."""
    keep = _uniform(run)
    fine_tune(
        run.model, run.adapters, client, keep, torch.ones(len(keep)), run.settings, run.start(client),
        rates=run.learnt(client),
    )  # fmt: skip


def no_adaptation(run: Personalisation, client: Client) -> None:
    """The base model as it is."""
    run.adapters.reset(torch.zeros(run.adapters.size, dtype=torch.bool))


ARMS: dict[str, Callable[[Personalisation, Client], None]] = {
    "fedp2eft": fedp2eft,
    "fedp2eft-learning": fedp2eft_learning,
    "rank-only": rank_only,
    "uniform-lora": uniform_lora,
    "tuned-lora": tuned_lora,
    "bayestune-local": bayestune_local,
    "ada-lora": ada_lora,
    "fedl2p": fedl2p,
    "no-adaptation": no_adaptation,
}
"""By name; each leaves the client's adapter on the network."""

LEARNT = frozenset({"fedp2eft", "fedp2eft-learning", "rank-only", "fedl2p"})
"""Arms that need rounds."""


def _uniform(run: Personalisation) -> torch.Tensor:
    return uniform(len(run.adapters.modules), run.rank, run.adapters.rank)


def _tune(
    run: Personalisation, client: Client, keep: torch.Tensor, scales: torch.Tensor,
    rate: float | None = None, learn: bool = False,
) -> None:  # fmt: skip
    fine_tune(run.model, run.adapters, client, keep, scales, run.settings, run.start(client), rate, learn)


def _held_out_loss(model: Model, examples: Examples) -> float:
    model.network.eval()
    with torch.no_grad():
        return float(model.mean_loss(examples, torch.arange(count(examples))))
