"""What a metric is given when the control generator `copier` runs on a split: features by grey64, without a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.copies import content_key
from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, MetricInput, Side
from chexgenbench.parts import side_of
from data_splits.case import Case
from data_splits.split import Split
from model_adapters.encoders.grey64 import Grey64
from model_adapters.generators import copier
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import BuildContext, GenerationRequest, Image

ENCODER = Grey64()


@dataclass
class CopierRuns:
    """Runs on one split; what is searched once is not searched again.

    Attributes:
        split: with subsets "train" and "test". probes, controls: prompts drawn `draws` times each, one a patient.
    """

    split: Split
    probes: int = 60
    controls: int = 60
    draws: int = 4
    shared: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        images: dict[str, Image] = {}
        read = self.split.read_image

        def once(case: Case) -> Image:
            if case.id not in images:
                images[case.id] = read(case)
            return images[case.id]

        self.split = replace(self.split, read_image=once)
        self.trained = copier.training_cases(BuildContext(split=self.split)) or frozenset()
        self.train = tuple(case for case in self.split.cases("train") if case.id in self.trained)
        self.test = self.split.cases("test")
        self.corpus = self._real(self.train)
        self.reference = self._real(self.test)

    def data(self, seed: int, **options: Any) -> MetricInput:
        """Everything that a memorisation metric is given; `options` are the copier's."""
        adapter = copier.build(BuildContext(split=self.split, options=options))
        return MetricInput(
            generated=self._drawn(adapter, self.test, 1, seed),
            reference=self.reference,
            encoder="grey64",
            seed=7,  # of the metric, as in a run: it does not vary with the images
            train=self.corpus,
            corpus=self.corpus,
            probes=self._asked(adapter, _one_a_patient(self.train, self.probes, seed), seed),
            controls=self._asked(adapter, _one_a_patient(self.test, self.controls, seed), seed),
            shared=self.shared,
        )

    def _asked(self, adapter: copier.Copier, cases: Sequence[Case], seed: int) -> Asked:
        drawn = self._drawn(adapter, cases, self.draws, seed)
        target = np.tile(np.arange(len(cases)), self.draws)
        return Asked(drawn, np.repeat(np.arange(self.draws), len(cases)), self._real(cases), target)

    def _drawn(self, adapter: copier.Copier, cases: Sequence[Case], draws: int, seed: int) -> Side:
        asked = [
            GenerationRequest(case.id, case.prompt or "", derive_seed(seed, case.id, draw), draw)
            for draw in range(draws)
            for case in cases
        ]
        images = adapter.generate(asked)
        return side_of(_features(images), [*cases] * draws, "grey64.generated", _lazy(images))

    def _real(self, cases: Sequence[Case]) -> Side:
        images = [self.split.read_image(case) for case in cases]
        return side_of(_features(images), cases, "grey64.reference", _lazy(images))


def _one_a_patient(cases: Sequence[Case], n: int, seed: int) -> list[Case]:
    first = {case.patient: case for case in reversed(cases)}
    order = sorted(first.values(), key=lambda case: derive_seed(seed, case.id, purpose="probe"))
    return sorted(order[:n], key=lambda case: case.id)


_known: dict[str, NDArray[np.float32]] = {}


def _features(images: Sequence[Image]) -> NDArray[np.float32]:
    keys = [content_key(image) for image in images]
    for key, image in zip(keys, images, strict=True):
        if key not in _known:
            _known[key] = ENCODER.preprocess(image)[0].reshape(-1)
    return np.stack([_known[key] for key in keys])


def _lazy(images: Sequence[Image]) -> LazyImages:
    return LazyImages([lambda image=image: image for image in images])  # type: ignore[misc]
