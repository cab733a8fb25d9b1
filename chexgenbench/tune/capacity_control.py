"""The search over capacity control: masks of blocks and learning rates, scored by memorisation and fidelity."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chexgenbench.tune.objective import Objective, results_of, value_of
from chexgenbench.tune.search import Answer, Done, Point, Search, Space, front_of
from data_splits.errors import UserError

if TYPE_CHECKING:
    from leaderboards.records.schema import ResultRecord

METHOD = "capacity-control"

SEARCHED = ("mask", "learning_rate")
"""Inputs of the method that a trial sets."""

PUBLISHED_RATES = {"full": (5e-6, 1e-5)}
RATES = (1e-5, 1e-3)
"""Published ranges of the learning rate: of full fine-tuning, and of everything else (MemControl's code)."""


@dataclass(frozen=True)
class Job:
    """What is tuned.

    Attributes:
        inputs: of the method, without those that a trial sets. objective: scores a checkpoint.
        fidelity, memorisation: the two metrics that are minimised (or maximised, where higher is better).
        seed: of the search and of every training. rates: of the learning rate, None for the published range.
    """

    inputs: Mapping[str, Any]
    objective: Objective
    fidelity: str
    memorisation: str
    seed: int = 0
    rates: tuple[float, float] | None = None
    sampler: str = "tpe"
    device: str = "cpu"

    def __post_init__(self) -> None:
        taken = sorted(set(self.inputs) & set(SEARCHED))
        if taken:
            raise UserError(f"{', '.join(taken)} is what the search sets. Leave it out of --input.")
        low, high = self.rates or (1.0, 2.0)
        if not 0 < low < high:
            raise UserError(f"Learning rates from {low:g} to {high:g}: the first must be above 0 and below the second.")

    @property
    def family(self) -> str:
        """The family of parameters."""
        return str(self.inputs["peft"])

    def space(self) -> Space:
        """Blocks of the base, learning rates; the first trial is the family as it is, at its own rate where it fits.

        Raises:
            UserError: no such base or family.
        """
        from model_adapters.methods.capacity_control.blocks import blocks
        from model_adapters.methods.capacity_control.families import FAMILIES, require_family

        require_family(self.family)
        low, high = self.rates or PUBLISHED_RATES.get(self.family, RATES)
        own = FAMILIES[self.family].rate
        return Space(blocks(str(self.inputs["base"])), low, high, min(max(own, low), high))

    def run(self, folder: Path, trials: int, tell: Callable[[Done], None] = lambda _: None) -> list[Done]:
        """Search in `folder` until so many trials are finished.

        Raises:
            UserError: inputs, split or metrics that do not exist; a folder of another search.
        """
        asked = self.objective
        asked.check(self.memorisation, self.fidelity)
        key = {
            "method": METHOD, "inputs": {name: str(value) for name, value in self.inputs.items()},
            "objectives": [self.memorisation, self.fidelity], "metrics": list(asked.metrics),
            "sizes": asdict(asked.sizes), "run_seed": asked.seed, "model_options": dict(asked.model_options),
        }  # fmt: skip
        search = Search(folder, self.space(), 2, self.seed, key, self.sampler)

        def score(number: int, point: Point) -> Answer:
            trial = folder / f"trials/{number:04d}"
            try:
                return self._scored(trial, point)
            except UserError:
                shutil.rmtree(trial, ignore_errors=True)
                raise

        return search.run(trials, score, tell)

    def _scored(self, folder: Path, point: Point) -> Answer:
        from data_splits.cli_support import meter
        from model_adapters.methods import METHODS
        from model_adapters.methods.run import run_method
        from model_adapters.protocols import BuildContext

        method = METHODS.build(METHOD, BuildContext(device=self.device))
        inputs = {**self.inputs, "mask": point.mask, "learning_rate": point.learning_rate}
        with meter(f"trial {folder.name}: train") as progress:
            artifact = run_method(method, inputs, folder / "training", self.seed, progress)
        record = self.objective(str(artifact.folder), folder / "run")
        values = value_of(record, self.memorisation), value_of(record, self.fidelity)
        state = folder / "training/work/state.safetensors"
        state.unlink(missing_ok=True)  # the training is over; its optimiser weighs three checkpoints
        return Answer(values, self._facts(record, artifact.record))

    def _facts(self, record: ResultRecord, trained: Mapping[str, Any]) -> dict[str, Any]:
        from leaderboards.records.io import record_hash

        found = results_of(record)
        return {
            "trainable": trained["trainable"],
            "trainable_share": trained["trainable_share"],
            "record_sha256": record_hash(record),
            "results": {
                name: {"value": each.value, "low": each.low, "high": each.high, "n": each.n_generated}
                for name, each in found.items()
            },
        }


def models_of(trials: Sequence[Done]) -> set[int]:
    """Numbers of the trials whose checkpoints stand on the front; one that trains the same as another has no own."""
    return {int(each.facts.get("same_as", each.number)) for each in front_of(trials)}


def drop_models(folder: Path, kept: set[int]) -> None:
    """Delete the checkpoints of trials that are not among those kept; records and samples stay."""
    for path in sorted((folder / "trials").glob("[0-9]*")):
        weights = path / "training/work/model"
        if int(path.name) not in kept and weights.exists():
            shutil.rmtree(weights)
