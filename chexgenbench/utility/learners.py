"""What is trained on an arm: a linear probe on features, or a predictor on pixels; and how its training is named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chexgenbench.utility.arms import TrainingSet
from data_splits.integrity import content_hash
from model_adapters.predictors import PREDICTORS
from model_adapters.protocols import BuildContext, Predictor

PROBE_VERSION = "1"


class Learner(Protocol):
    """Trains a classifier and predicts.

    Attributes:
        name: for the record. fingerprint: of everything besides images, labels and seed.
        trainings: how many seeds. parallel: several trainings may run at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def trainings(self) -> int: ...

    @property
    def parallel(self) -> bool: ...

    def obstacle(self, part: TrainingSet) -> str | None:
        """Why it cannot be trained or tested on this set, or None."""
        ...

    def content(self, part: TrainingSet) -> str:
        """sha256 of what it looks at in a set: features or pixels, labels, patients, weights."""
        ...

    def predict(self, learn: TrainingSet, test: TrainingSet, seed: int) -> NDArray[np.float32]:
        """Train on one set and give probabilities of another, float32[n, 14]."""
        ...


@dataclass(frozen=True)
class ProbeLearner:
    """L2 logistic regression on the features of an encoder (`model_adapters.predictors.linear_probe`)."""

    encoder: str
    trainings: int = 3
    parallel: bool = True

    @property
    def name(self) -> str:
        return f"linear probe on {self.encoder}"

    @property
    def fingerprint(self) -> str:
        return content_hash(["linear probe", PROBE_VERSION, self.encoder])

    def obstacle(self, part: TrainingSet) -> str | None:
        return None if part.features.shape[1] else f"no features of {self.encoder}"

    def content(self, part: TrainingSet) -> str:
        return _content(part, part.features)

    def predict(self, learn: TrainingSet, test: TrainingSet, seed: int) -> NDArray[np.float32]:
        from model_adapters.predictors.linear_probe import fit_probe

        return fit_probe(learn.features, learn.targets, learn.patients, seed, learn.weights).predict(test.features)


class PredictorLearner:
    """A predictor of the registry, trained end to end on pixels.

    Args:
        name: registry name. context: what it is built with; its device, protocol, weights and options.
        scratch: where an interrupted training goes on (for predictors that take checkpoints), or None.
    """

    parallel = False

    def __init__(self, name: str, context: BuildContext, trainings: int, scratch: Path | None = None) -> None:
        options = dict(context.options)
        if scratch is not None and "checkpoints" in PREDICTORS.options(name):
            options.setdefault("checkpoints", str(scratch / "checkpoints"))
        self.predictor: Predictor = PREDICTORS.build(
            name,
            BuildContext(device=context.device, weights=context.weights, protocol=context.protocol, options=options),
        )
        self.name = name
        self.fingerprint = self.predictor.fingerprint
        self.trainings = trainings
        self._hashed: dict[int, tuple[TrainingSet, str]] = {}

    def obstacle(self, part: TrainingSet) -> str | None:
        """Images are needed."""
        return "the pixels of some images are not at hand" if part.images is None else None

    def content(self, part: TrainingSet) -> str:
        """Decodes every image once."""
        if id(part) not in self._hashed:
            from model_adapters.inference.hashing import image_hash

            assert part.images is not None
            hashes = [image_hash(part.images[row]) for row in range(len(part))]
            self._hashed[id(part)] = (part, _content(part, np.array(hashes)))
        return self._hashed[id(part)][1]

    def predict(self, learn: TrainingSet, test: TrainingSet, seed: int) -> NDArray[np.float32]:
        """Train from the start and predict."""
        assert learn.images is not None
        assert test.images is not None
        self.predictor.fit(learn.images, learn.targets, learn.patients, seed, learn.weights)
        return self.predictor.predict(test.images)


def _content(part: TrainingSet, seen: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    weights = part.weights
    for array in (seen, part.targets, part.patients, np.zeros(0) if weights is None else weights):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
