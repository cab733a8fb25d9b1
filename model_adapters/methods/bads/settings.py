"""Every number that shapes a fit, with its default and what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from data_splits.errors import UserError
from model_adapters.protocols import MethodInput

HELP = {
    "steps": "steps of the network whose model is kept",
    "batch": "examples of a step, of the training set and of the meta set each",
    "rate": "step size of the network",
    "momentum": "of the network; 0 is plain Langevin dynamics",
    "decay": "precision of the Gaussian prior on the network, per example",
    "temperature": "of the noise: 1 samples the posterior, 0 descends",
    "hidden": "hidden units of the network; 0 is a linear layer",
    "share": "beta, the mean weight that the prior asks for; rules that choose keep this share of the examples",
    "spread": "variance of that prior, times the number of examples",
    "pull": "rho, how hard the weighted training set pulls at the network beside the meta set",
    "normaliser": "kappa, how much of the gradient of log Z(w) is kept: 0 drops it, 1 keeps all (docs/bads.md)",
    "weights": "free (a number each) or network (a network that sees the example)",
    "weight_rate": "step size of the weights; 0 is the default of their kind",
    "weight_sees": "of an example by the weight network: example (input and target), loss (its present one), both",
    "weight_hidden": "hidden units of the weight network",
    "running": "S_avg, steps over which the mean weight is tracked",
    "burn_in": "share of the steps before sampling starts",
    "thin": "steps between two samples",
    "floor": "cds: weight of what is not chosen",
    "scorer": "ask: confidence (of a network trained on the meta set), base (a generator before it learns), or a .csv "
    "with columns id and score",
}


@dataclass(frozen=True)
class Settings:
    """See `HELP`."""

    steps: int = 3000
    batch: int = 64
    rate: float = 0.05
    momentum: float = 0.9
    decay: float = 0.03
    temperature: float = 1e-3
    hidden: int = 0
    share: float = 0.5
    spread: float = 0.02
    pull: float = 1.0
    normaliser: float = 0.3
    weights: str = "free"
    weight_rate: float = 0.0
    weight_sees: str = "both"
    weight_hidden: int = 32
    running: int = 10
    burn_in: float = 0.5
    thin: int = 10
    floor: float = 0.0
    scorer: str = "confidence"

    def __post_init__(self) -> None:
        for name, low, high in (("share", 0.005, 0.995), ("momentum", -1e-9, 1.0), ("burn_in", -1e-9, 1.0)):
            value = getattr(self, name)
            if not low < value < high:
                raise UserError(f"{name} is {value}; it lies between {max(low, 0.0):g} and {high:g}.")
        for name in ("steps", "batch", "running", "thin", "weight_hidden"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; it is at least 1.")
        for name in ("rate", "spread"):
            if not getattr(self, name) > 0.0:
                raise UserError(f"{name} is {getattr(self, name)}; it is above 0.")
        for name in ("decay", "temperature", "pull", "normaliser", "weight_rate", "hidden", "floor"):
            if not getattr(self, name) >= 0.0:
                raise UserError(f"{name} is {getattr(self, name)}; it is 0 or more.")
        if self.weight_sees not in ("example", "loss", "both"):
            raise UserError(f"weight_sees is {self.weight_sees!r}; it is example, loss or both.")
        if self.weights not in ("free", "network"):
            raise UserError(f"weights is {self.weights!r}; it is free or network.")

    @classmethod
    def of(cls, inputs: dict[str, Any]) -> Settings:
        """Those among a method's inputs.

        Raises:
            UserError: a value out of range.
        """
        return cls(**{each.name: inputs[each.name] for each in fields(cls)})

    def facts(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


INPUTS = {each.name: MethodInput(HELP[each.name], default=each.default) for each in fields(Settings)}  # type: ignore[arg-type]
