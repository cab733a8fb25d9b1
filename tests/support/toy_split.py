"""A split small enough to reason about: the image of case k is 8 x 8 pixels of grey level k."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data_splits.case import Case
from data_splits.split import Split
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import BuildContext, GenerationRequest

FINDINGS = ("Edema", "Pneumonia", "No Finding")


@dataclass
class Toy:
    """Train cases t00.. (two images per patient), test cases e00.. of other patients, and who was read."""

    split: Split
    read: list[str] = field(default_factory=list)

    def context(self, **options: object) -> BuildContext:
        return BuildContext(split=self.split, subset="test", options=options)

    def requests(self, draw: int = 0, run_seed: int = 0, subset: str = "test") -> list[GenerationRequest]:
        return [
            GenerationRequest(case.id, case.prompt or "", derive_seed(run_seed, case.id, draw), draw)
            for case in self.split.cases(subset)
        ]

    def case(self, image: np.ndarray) -> Case:
        """The training case that an image shows."""
        assert (image == image.flat[0]).all()
        return self.split.subsets["train"][int(image.flat[0])]


def toy(train: int = 24, test: int = 12, labels: bool = True) -> Toy:
    def make(prefix: str, index: int) -> Case:
        finding, view = FINDINGS[index % 3], ("AP", "PA")[index % 2]
        return Case(
            id=f"{prefix}{index:02d}",
            patient=f"{prefix}{index // 2}",
            prompt=f"{view} view. {finding}. Size {index}.",
            labels={name: int(name == finding) for name in FINDINGS} if labels else {},
            view=view,
        )

    subsets = {
        "train": tuple(make("t", index) for index in range(train)),
        "test": tuple(make("e", index) for index in range(test)),
    }
    read: list[str] = []

    def read_image(case: Case) -> np.ndarray:
        read.append(case.id)
        return np.full((8, 8), int(case.id[1:]), np.uint8)

    return Toy(Split("toy", "1", "CC0", False, subsets, read_image), read)
