"""Predictions of trained classifiers, kept in memory and on disk so that nothing is trained twice."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.utility.arms import TrainingSet
from chexgenbench.utility.learners import Learner
from data_splits.integrity import atomic_write, content_hash
from leaderboards.statistics.blas import ordered_map
from model_adapters.inference.seeds import derive_seed

TRAINING_SEED = 0
"""Seeds of trainings do not depend on the run: two models are compared with the same validation patients."""

Progress = Callable[[int, int | None], None]


def training_seed(number: int) -> int:
    """The seed of the training of this number, the same for every arm, so that arms are paired by it."""
    return derive_seed(TRAINING_SEED, "utility", number, purpose="train")


@dataclass
class Predictions:
    """Trains what is asked for, unless it is known already.

    Attributes:
        learner: what is trained.
        shared: results of this process by key. folder: results on disk, or None.
    """

    learner: Learner
    shared: MutableMapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def of(
        self,
        learn: Sequence[TrainingSet],
        test: TrainingSet,
        seeds: Sequence[int],
        progress: Progress | None = None,
    ) -> list[NDArray[np.float32]]:
        """float32[seeds, n, 14] for each training set, probabilities of the test images.

        A training that was finished is never repeated, also after a kill: its key holds the learner, the content of
        both sets (features or pixels, labels, patients, weights) and the seed.
        """
        content = self.learner.content(test)
        jobs = [(part, seed) for part in learn for seed in seeds]
        keys = [
            content_hash([self.learner.fingerprint, self.learner.content(part), content, seed]) for part, seed in jobs
        ]
        open_jobs = {key: job for key, job in zip(keys, jobs, strict=True) if self._known(key, len(test)) is None}
        done = 0

        def work(item: tuple[str, tuple[TrainingSet, int]]) -> None:
            nonlocal done
            key, (part, seed) = item
            self._keep(key, self.learner.predict(part, test, seed))
            done += 1
            if progress is not None:
                progress(done, len(open_jobs))

        if self.learner.parallel:
            ordered_map(work, list(open_jobs.items()), bytes_per_call=2**28)
        else:
            for item in open_jobs.items():
                work(item)
        found = iter(keys)
        return [np.stack([self.shared[next(found)] for _ in seeds]) for _ in learn]

    def _known(self, key: str, images: int) -> NDArray[np.float32] | None:
        if key not in self.shared and self.folder is not None:
            found = _read(self.folder / f"{key}.safetensors")
            if found is not None and len(found) == images:
                self.shared[key] = found
        known: NDArray[np.float32] | None = self.shared.get(key)
        return known

    def _keep(self, key: str, probability: NDArray[np.float32]) -> None:
        self.shared[key] = probability
        if self.folder is not None:
            from safetensors.numpy import save

            with atomic_write(self.folder / f"{key}.safetensors") as stream:
                stream.write(save({"probability": np.ascontiguousarray(probability)}))


def _read(path: Path) -> NDArray[np.float32] | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        return None
    try:
        found: NDArray[np.float32] = load_file(path)["probability"]
    except (SafetensorError, KeyError, OSError):
        return None
    return found
