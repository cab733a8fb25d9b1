"""What a small training set is worth and what it gives away: the scores of `benchmarks.satm_study`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chexgenbench.copies import matches
from chexgenbench.metrics.memorisation.copy_rate import RATE
from chexgenbench.utility.standalone import Part, Task, predicted, record
from data_splits.materialise import materialise
from data_splits.sources import load_split
from data_splits.split import Split
from leaderboards.statistics.calibrated_rate import level_of
from model_adapters.encoders.grey64 import Grey64
from model_adapters.methods.satm.experts import ExpertPlan, Experts
from model_adapters.methods.satm.flatness import accuracy, flatness, perturbed, trained
from model_adapters.methods.satm.networks import parse_network
from model_adapters.methods.satm.pictures import Scale, decoded
from model_adapters.methods.satm.settings import Settings
from model_adapters.methods.satm.source import Source

UNSEEN, UNSEEN_RATE, UNSEEN_STEPS = "convnet:8:8:8", 0.1, 40
"""The architecture that took no part, and how it is trained, for every arm the same."""
STEPS, NETWORKS, NOISES, NOISE = 100, 3, 4, 1.0
FACTORS = (0.3, 1.0, 3.0, 10.0)
"""Step sizes that are tried for every arm, as multiples of the experts': the best on the real training images."""


@dataclass(frozen=True)
class Real:
    """The real side of a data set, at the size of the condensed images.

    Attributes:
        train, test: sources. grey: float32[n, 1, side, side] of each, in [0, 1].
        bare: the test images as a split folder with the labels that the classes speak of, or None without labels.
    """

    train: Source
    test: Source
    grey: tuple[np.ndarray, np.ndarray]
    bare: Path | None

    @property
    def scale(self) -> Scale:
        """Of the training images."""
        return Scale.of(self.grey[0])

    def seen(self, part: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised images and classes of train (0) or test (1)."""
        targets = (self.train, self.test)[part].targets
        return torch.from_numpy(self.scale.standardised(self.grey[part])), torch.from_numpy(targets)


def real_side(train: Source, test: Source, side: int, folder: Path) -> Real:
    """Decode, and write the test images at `side` px as the utility metric will see them."""
    grey = tuple(
        decoded(each.split, each.cases, side, folder / name, lambda done: None)
        for each, name in ((train, "train"), (test, "test"))
    )
    bare = None
    if test.rule.kind in ("exclusive", "binary"):
        number = {case.id: row for row, case in enumerate(test.cases)}
        cases = [replace(case, labels=test.rule.told(int(test.targets[row]))["labels"], prompt=None)  # type: ignore[arg-type]
                 for row, case in enumerate(test.cases)]  # fmt: skip
        small = np.round(grey[1][:, 0] * 255).astype(np.uint8)
        split = Split(
            f"{test.split.name}-{side}px", "1", test.split.licence, test.split.credentialed,
            {"test": tuple(sorted(cases, key=lambda case: case.id))}, lambda case: small[number[case.id]],
        )  # fmt: skip
        bare = materialise(split, folder / "bare")
    return Real(train, test, (grey[0], grey[1]), bare)


def network_scores(real: Real, images: torch.Tensor, targets: torch.Tensor, settings: Settings) -> dict[str, float]:
    """Mean accuracy over classes on the real test images: of the matched network, under noise, of an unseen one."""
    (learn, labels), (test, truth) = real.seen(0), real.seen(1)
    classes, side = len(real.train.rule.names), images.shape[-1]
    own, unseen = parse_network(settings.network, side, classes), parse_network(UNSEEN, side, classes)
    rates = [settings.expert_rate * factor for factor in FACTORS]
    best = max(rates, key=lambda rate: accuracy(own, trained(own, images, targets, rate, STEPS, 99), learn, labels))

    def worth(some: torch.Tensor, number: int) -> float:
        return accuracy(own, trained(own, some, targets, best, STEPS, number), test, truth)

    other = [
        accuracy(unseen, trained(unseen, images, targets, UNSEEN_RATE, UNSEEN_STEPS, number), test, truth)
        for number in range(2)
    ]
    return {
        "accuracy": float(np.mean([worth(images, number) for number in range(NETWORKS)])),
        "perturbed accuracy": float(np.mean([worth(perturbed(images, NOISE, k), k) for k in range(NOISES)])),
        "accuracy of an unseen ConvNet": float(np.mean(other)),
    }


def flatness_scores(
    real: Real, images: torch.Tensor, targets: torch.Tensor, step: float, settings: Settings, folder: Path, seed: int
) -> dict[str, float]:
    """Matching loss and gap on two experts of another seed."""
    learn, labels = real.seen(0)
    network = parse_network(settings.network, images.shape[-1], len(real.train.rule.names))
    plan = ExpertPlan(2, settings.epochs, settings.expert_rate, settings.expert_batch)
    experts = Experts(folder, network, learn, labels, plan, seed + 1000)
    experts.make()
    found = flatness(experts, images, targets, step, settings, rho=1.0)
    return {"held-out matching loss": found.loss, "gap of an ascent step": found.gap}


def utility_score(real: Real, folder: Path, run: Path) -> dict[str, float]:
    """`chexgenbench utility`: AUROC of a linear probe on Lite0 features trained on the folder, mean over labels."""
    assert real.bare is not None
    train = Part(load_split(f"folder:{folder}"), "train")
    task = Task(Part(load_split(f"folder:{real.bare}"), "test"), train)
    made = record(task, predicted(task, run), run)
    value = next(row.value for row in made.results if row.metric == "utility_auroc_lite0" and row.group == "overall")
    assert value is not None
    return {"utility_auroc_lite0": float(value)}


class Copies:
    """Share of images that are taken for copies of a real training image, as `copy_rate` searches and calibrates."""

    def __init__(self, real: Real) -> None:
        self._corpus = _grey64(real.grey[0][:, 0])
        patients = np.array([case.patient for case in real.test.cases])
        once = np.unique(patients, return_index=True)[1]
        held_out = matches(_grey64(real.grey[1][once, 0]), self._corpus).score
        self.level, self.rank = level_of(held_out, RATE)

    def share(self, pixels: np.ndarray) -> dict[str, float]:
        """Of uint8[n, side, side]."""
        found: Any = matches(_grey64(pixels / 255), self._corpus).score
        return {"share taken for copies": float((found > self.level).mean())}


def _grey64(grey: np.ndarray) -> np.ndarray:
    encoder = Grey64()
    pixels = np.round(grey * 255).astype(np.uint8)
    return np.stack([encoder.preprocess(image)[0].reshape(-1) for image in pixels])
