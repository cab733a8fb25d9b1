"""The search: Optuna proposes a mask and a learning rate, somebody else scores them, and nothing that was done is lost.

Every trial is stored in a journal before it is begun: a killed search goes on with the very trial that it was in. What
is proposed follows from (seed, number of the trial, trials that are done) alone, so that a search that was killed ends
as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.inference.store_files import bind_key, folder_lock

if TYPE_CHECKING:
    from optuna import Study, Trial

JOURNAL = "journal.log"
STUDY = "tune"
RATE = "learning_rate"


@dataclass(frozen=True)
class Space:
    """What is searched.

    Attributes:
        blocks: names of the blocks that a mask has a bit for. low, high: of the learning rate, log-uniform.
        first: learning rate of the first trial, whose mask is all ones: the family as it is.
    """

    blocks: tuple[str, ...]
    low: float
    high: float
    first: float

    def names(self) -> list[str]:
        """Parameters of a trial: one a block, and the learning rate."""
        return [f"block {index:03d} {name}" for index, name in enumerate(self.blocks)] + [RATE]


@dataclass(frozen=True)
class Point:
    """What one trial tries. mask: "1101", one bit a block; all zeros trains nothing."""

    mask: str
    learning_rate: float


@dataclass(frozen=True)
class Answer:
    """What a point is worth. values: of the objectives, lower is better. facts: plain JSON values to keep."""

    values: tuple[float, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A finished trial. values: None where it failed; the reason is then in the facts."""

    number: int
    point: Point
    values: tuple[float, ...] | None
    facts: Mapping[str, Any]


Score = Callable[[int, Point], Answer]
"""(number of the trial, point) -> its worth. Called again for the same trial after a kill, so it should resume."""


class Search:
    """Trials in a folder.

    Args:
        folder: made where it does not exist. space: of points. objectives: how many numbers a point is worth.
        seed: of the proposals. key: everything else that the trials depend on, as plain JSON values.
        sampler: "tpe" (tree-structured Parzen estimator) or "random".

    Raises:
        UserError: optuna is not installed, the folder belongs to another search, or another process works there.
    """

    def __init__(
        self, folder: Path, space: Space, objectives: int, seed: int, key: Mapping[str, Any], sampler: str = "tpe"
    ) -> None:
        require_optuna()
        self.folder, self.space, self.objectives, self.seed, self.sampler = folder, space, objectives, seed, sampler
        self.key = {
            **key, "blocks": list(space.blocks), "low": space.low, "high": space.high, "first": space.first,
            "seed": seed, "sampler": sampler,
        }  # fmt: skip

    def run(self, trials: int, score: Score, tell: Callable[[Done], None] = lambda _: None) -> list[Done]:
        """Go on until so many trials are finished (those from before count), and give all of them back.

        A UserError of `score` in the first trial ends the search and leaves the folder as if it had not begun: an input
        was wrong, and can be mended. Later ones are kept as failed trials: a learning rate may make a training diverge.
        """
        import optuna

        with self._opened() as study:
            while len(finished(study)) < trials:
                trial = self._next(study)
                point = self._point(trial)
                try:
                    answer = _known(study, point) or score(trial.number, point)
                except UserError as error:
                    if trial.number == 0:
                        for name in (JOURNAL, "key.json"):
                            (self.folder / name).unlink(missing_ok=True)
                        raise
                    trial.set_user_attr("failed", str(error).splitlines()[0])
                    study.tell(trial, state=optuna.trial.TrialState.FAIL)
                else:
                    for name, value in answer.facts.items():
                        trial.set_user_attr(name, value)
                    study.tell(trial, answer.values)
                tell(finished(study)[-1])
            return finished(study)

    @contextmanager
    def _opened(self) -> Iterator[Study]:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with folder_lock(self.folder):
            path = self.folder / JOURNAL
            bind_key(self.folder, self.key, path, "trials")
            # No other process is here, so a lock file is one that a killed search left.
            Path(f"{path}.lock").unlink(missing_ok=True)
            storage = JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
            yield optuna.create_study(
                storage=storage, study_name=STUDY, directions=["minimize"] * self.objectives, load_if_exists=True
            )

    def _next(self, study: Study) -> Trial:
        """The trial that a killed search was in, else a new one, stored whole before it is begun."""
        import optuna

        running = [each for each in study.trials if each.state == optuna.trial.TrialState.RUNNING]
        if running:  # `ask` never gives such a trial again, and nothing public finds it by its number
            return optuna.Trial(study, running[0]._trial_id)
        if not any(each.state == optuna.trial.TrialState.WAITING for each in study.trials):
            study.enqueue_trial(self._proposed(study))
        return study.ask()

    def _proposed(self, study: Study) -> dict[str, Any]:
        """Parameters of the next trial, from the finished ones and a seed of its own."""
        import optuna

        number = len(study.trials)
        if number == 0:
            return {**dict.fromkeys(self.space.names()[:-1], 1), RATE: self.space.first}
        seed = derive_seed(self.seed, f"trial {number}", purpose="tune") % 2**32
        kinds: dict[str, Any] = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        }
        past = optuna.create_study(directions=["minimize"] * self.objectives, sampler=kinds[self.sampler]())
        past.add_trials([each for each in study.trials if each.state.is_finished()])
        return dict(past.ask(self._distributions()).params)

    def _distributions(self) -> dict[str, Any]:
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        *bits, rate = self.space.names()
        return {
            **{name: CategoricalDistribution((0, 1)) for name in bits},
            rate: FloatDistribution(self.space.low, self.space.high, log=True),
        }

    def _point(self, trial: Trial) -> Point:
        *bits, rate = self.space.names()
        for name in bits:
            trial.suggest_categorical(name, (0, 1))
        trial.suggest_float(rate, self.space.low, self.space.high, log=True)
        return point_of(trial.params)


def point_of(params: Mapping[str, Any]) -> Point:
    """The point of a trial's parameters."""
    bits = [str(int(value)) for name, value in sorted(params.items()) if name != RATE]
    return Point("".join(bits), float(params[RATE]))


def finished(study: Study) -> list[Done]:
    """Finished trials in the order of their numbers."""
    return [
        Done(
            each.number,
            point_of(each.params),
            tuple(each.values) if each.state.name == "COMPLETE" else None,
            dict(each.user_attrs),
        )
        for each in study.trials
        if each.state.is_finished()
    ]


def require_optuna() -> None:
    """Raise UserError where optuna is not installed."""
    import importlib.util

    if importlib.util.find_spec("optuna") is None:
        raise UserError('Searching needs optuna: pip install "chexgenbench-suite[tune]"')


def front_of(trials: Sequence[Done]) -> list[Done]:
    """The finished trials that no other one equals or beats in every objective and beats in one."""
    from leaderboards.statistics.pareto import pareto_front

    scored = [each for each in trials if each.values is not None]
    if not scored:
        return []
    chosen = pareto_front([[-value for value in each.values or ()] for each in scored])
    return [each for each, kept in zip(scored, chosen, strict=True) if kept]


def _known(study: Study, point: Point) -> Answer | None:
    """The answer of an earlier trial that trains the same: without a single bit, no learning rate matters."""
    for each in finished(study):
        if each.values is not None and (
            each.point == point or (each.point.mask == point.mask == "0" * len(point.mask))
        ):
            return Answer(each.values, {**each.facts, "same_as": each.number})
    return None
