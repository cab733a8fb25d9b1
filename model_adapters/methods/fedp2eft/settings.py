"""What a federation is trained with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from data_splits.errors import UserError


@dataclass(frozen=True)
class Settings:
    """Defaults are those of the authors' code, except where the text says so.

    Attributes:
        max_rank: r_max, ranks that a layer may have. alpha: adapter scale x r_max, by default 2 r_max.
        rounds: of training. clients_per_round: drawn without replacement from the seen ones.
        epochs: of a client's training, in a round and in personalisation. batch: examples of a step.
        rate: of AdamW on A and B. scale_rate: of AdamW on lambda. generator_rate, generator_steps: of Adam on the
            generator. sparsity: a_s. normaliser: a_p.
        standardise: statistics are standardised over the seen clients (ours: the authors feed them raw, which our
            small networks did not learn from).
    """

    max_rank: int = 32
    alpha: float = 64.0
    rounds: int = 150
    clients_per_round: int = 30
    epochs: int = 2
    batch: int = 32
    rate: float = 1e-4
    scale_rate: float = 1e-2
    generator_rate: float = 1e-4
    generator_steps: int = 10
    sparsity: float = 100.0
    normaliser: float = 0.01
    standardise: bool = True

    def __post_init__(self) -> None:
        """Raise UserError for a number that is not positive."""
        for each in fields(self):
            number = getattr(self, each.name)
            if not isinstance(number, bool) and not number > 0:
                raise UserError(f"{each.name} is {number}; it must be above 0.")

    def facts(self) -> dict[str, Any]:
        """By name, for records."""
        return asdict(self)
