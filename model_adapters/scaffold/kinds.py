"""The five kinds of adapter: where each lives, and what its registry is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        name: as the command line calls it. folder: below `model_adapters` and `tests/model_adapters`.
        next_step: what a user runs once the adapter is checked; "{name}" stands for its name.
    """

    name: str
    folder: str
    next_step: str

    @property
    def group(self) -> str:
        """The entry point group in which another distribution registers an adapter."""
        return f"model_adapters.{self.folder}"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("generator", "generators", "chexgenbench eval --model {name} --split phantom --limit 60"),
        Kind("vlm", "vlms", "mirb eval --vlm {name} --split mirb-procedural"),
        Kind("encoder", "encoders", "chexgenbench eval --split phantom --limit 60 --encoders {name}"),
        Kind("predictor", "predictors", "chexgenbench utility --predictor-name {name} --train SPLIT"),
        Kind("method", "methods", "model-adapters train {name} --help"),
    )
}
