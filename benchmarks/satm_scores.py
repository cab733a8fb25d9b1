"""What a small training set is worth and what it gives away: the scores of `benchmarks.satm_study`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chexgenbench.copies import matches
from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.memorisation.copy_rate import RATE
from chexgenbench.utility.predictions import training_seed
from chexgenbench.utility.standalone import PROBE, Part, Task, predicted, record
from data_splits.materialise import materialise
from data_splits.sources import load_split
from data_splits.split import Split
from leaderboards.statistics.calibrated_rate import level_of
from model_adapters.encoders.grey64 import Grey64
from model_adapters.methods.satm.augment import Augmentation
from model_adapters.methods.satm.experts import ExpertPlan, Experts
from model_adapters.methods.satm.flatness import accuracy, flatness, perturbed, trained
from model_adapters.methods.satm.networks import Network, parse_network
from model_adapters.methods.satm.pictures import Scale, decoded
from model_adapters.methods.satm.settings import Settings
from model_adapters.methods.satm.source import Source
from model_adapters.methods.satm.whitening import Whitening
from model_adapters.predictors import PREDICTORS
from model_adapters.predictors.linear_probe import fit_probe
from model_adapters.protocols import BuildContext

UNSEEN, UNSEEN_RATE, UNSEEN_STEPS = "convnet:8:8:8", 0.1, 40
"""The architecture that took no part, and how it is trained, for every arm the same."""
AUGMENTATION = Augmentation(("color", "crop", "cutout", "scale", "rotate"))
"""All of DSA but the flip: a chest has a left and a right side."""
STEPS, NETWORKS, NOISES, NOISE = 100, 3, 4, 1.0
FACTORS = (0.3, 1.0, 3.0, 10.0)
"""Step sizes that are tried for every arm, as multiples of the experts': the best on the real training images."""


@dataclass
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

    @cached_property
    def scale(self) -> Scale:
        """Of the training images."""
        return Scale.of(self.grey[0])

    @cached_property
    def white(self) -> Whitening:
        """Of the training images."""
        return Whitening.of(self.scale.standardised(self.grey[0]), self.scale)

    @cached_property
    def whitened(self) -> list[torch.Tensor]:
        """The images of train and test in that space."""
        return [torch.from_numpy(self.white.whitened(self.scale.standardised(each))) for each in self.grey]

    @cached_property
    def lite0(self) -> np.ndarray:
        """Features of the test images, float32[n, 1280]."""
        return _lite0(np.round(self.grey[1][:, 0] * 255).astype(np.uint8))

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


def network_scores(
    real: Real, images: torch.Tensor, targets: torch.Tensor, settings: Settings, *, changed: bool
) -> dict[str, float]:
    """Mean accuracy over classes on the real test images, each training alike for every arm.

    Of the matched network trained on the images as they are and under noise; of an unseen one.

    Args:
        changed: also trained on augmented and on whitened images.
    """
    learn, test = real.seen(0), real.seen(1)
    classes, side = len(real.train.rule.names), images.shape[-1]
    own, unseen = parse_network(settings.network, side, classes), parse_network(UNSEEN, side, classes)
    rates = [settings.expert_rate * factor for factor in FACTORS]
    plain, best = _own_accuracy(own, learn, test, images, targets, rates)
    noisy = [
        accuracy(own, trained(own, perturbed(images, NOISE, number), targets, best, STEPS, number), *test)
        for number in range(NOISES)
    ]
    other = [
        accuracy(unseen, trained(unseen, images, targets, UNSEEN_RATE, UNSEEN_STEPS, number), *test)
        for number in range(2)
    ]
    found = {
        "accuracy": plain,
        "perturbed accuracy": float(np.mean(noisy)),
        "accuracy of an unseen ConvNet": float(np.mean(other)),
    }
    if changed:
        seen = [(each, truth) for each, (_, truth) in zip(real.whitened, (learn, test), strict=True)]
        white = torch.from_numpy(real.white.whitened(images.numpy()))
        augmented = _own_accuracy(own, learn, test, images, targets, rates, AUGMENTATION)[0]
        whitened = _own_accuracy(own, seen[0], seen[1], white, targets, rates)[0]
        found |= {"accuracy, trained with augmentation": augmented, "accuracy, trained whitened": whitened}
    return found


Labelled = tuple[torch.Tensor, torch.Tensor]


def _own_accuracy(
    network: Network, learn: Labelled, test: Labelled, images: torch.Tensor, targets: torch.Tensor,
    rates: list[float], augmentation: Augmentation | None = None,
) -> tuple[float, float]:  # fmt: skip
    """On the test images, mean over networks; and the step size, the best of `rates` on the real training images."""

    def at(rate: float, number: int, on: Labelled) -> float:
        return accuracy(network, trained(network, images, targets, rate, STEPS, number, augmentation), *on)

    best = max(rates, key=lambda rate: at(rate, 99, learn))
    return float(np.mean([at(best, number, test) for number in range(NETWORKS)])), best


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


def view_score(real: Real, folder: Path) -> dict[str, float]:
    """The same probe where a split has classes but no labels: AUROC of the first class, mean over three trainings."""
    from sklearn.metrics import roc_auc_score

    split = load_split(f"folder:{folder}")
    cases = split.cases("train")
    features = _lite0(np.stack([split.read_image(case) for case in cases]))
    first = np.array([[float(real.train.rule.of(case) == 0)] for case in cases], np.float32)
    patients = np.array([case.patient for case in cases])
    found = [
        roc_auc_score(
            real.test.targets == 0,
            fit_probe(features, first, patients, training_seed(number)).predict(real.lite0)[:, 0],
        )
        for number in range(3)
    ]
    return {"AUROC of a lite0 probe": float(np.mean(found))}


def _lite0(pixels: np.ndarray) -> np.ndarray:
    probe: Any = PREDICTORS.build(PROBE, BuildContext())
    found: np.ndarray = probe.features(LazyImages([partial(_same, image) for image in pixels]))
    return found


def _same(image: np.ndarray) -> np.ndarray:
    return image


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
