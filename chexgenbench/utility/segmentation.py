"""From a run's images and the split's masks to Dice by test patient: a teacher, its pseudo-labels, and four arms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, Measurement, MetricInput, Side
from chexgenbench.metrics.units import codes, is_open, private_blocks
from chexgenbench.selection import by_patient
from chexgenbench.utility.arms import CHOICE_SEED, half_of
from chexgenbench.utility.predictions import training_seed
from data_splits.case import Case
from data_splits.integrity import atomic_write, content_hash
from model_adapters.inference.seeds import derive_seed
from model_adapters.predictors.unet import Masks, SegmentationRecipe, UNetSegmenter, masks_at

Pixels = NDArray[np.uint8]
State = dict[str, NDArray[Any]]
ReadMasks = Callable[[Case], Mapping[str, NDArray[np.bool_]]]

ARMS = ("tstr", "twin", "trtr", "mixed", "no_skill")
BASELINE = "twin"
MAX_IMAGES = 3000
"""Training images of an arm, as published."""

TRAININGS = 2
MIN_TRAINING = 80
"""Fewer images teach a network, or a teacher, too little to tell generators apart."""

PIXELS = "grey64"
"""The encoder whose features are the pixels of a small image."""

RECIPE = SegmentationRecipe()


@dataclass(frozen=True)
class Outlined:
    """Images with masks. pixels: uint8[n, side, side]; masks: bool[n, structures, side, side]."""

    pixels: Pixels
    masks: Masks


def measure_dice(data: MetricInput) -> Measurement:
    """Dice sums of every arm by test patient, for the `segmentation` estimator."""
    assert data.synthetic is not None
    assert data.train is not None
    assert data.masks is not None
    if data.encoder not in ("", PIXELS):
        return Measurement(reason=f"it looks at pixels: its encoder is {PIXELS}, not {data.encoder}")
    asked = _first_draws(data.synthetic)
    others = np.flatnonzero(~np.isin(data.train.patients, np.unique(asked.images.patients)))
    taught = data.train.take(others)
    taught = taught.take(_chosen(taught, "fit"))
    if len(taught) < MIN_TRAINING:
        asked, taught = _halved(asked)
    if min(len(asked), len(taught)) < MIN_TRAINING:
        return Measurement(
            reason=f"{len(asked)} synthetic images and {len(taught)} real ones of other patients; "
            f"{MIN_TRAINING} of each are needed"
        )
    read = {part: [data.masks(case) for case in side.cases] for part, side in _sides(data, asked, taught).items()}
    structures = sorted(set.intersection(*(set(each) for masks in read.values() for each in masks)))
    if not structures:
        return Measurement(reason="no structure is outlined in every image")
    outlined = {
        part: Outlined(_pixels(side), np.stack([masks_at([m[n] for n in structures], RECIPE.side) for m in read[part]]))
        for part, side in _sides(data, asked, taught).items()
    }
    trainer = Trainer(tuple(structures), data.shared, None if data.scratch is None else data.scratch / "segmentation")
    dice, known = trainer.arms(outlined, _pixels(asked.images), half_of(asked.images.ids))
    unit = codes(data.reference.patients) if is_open(data, data.reference) else private_blocks(data.reference)
    arrays: dict[str, NDArray[Any]] = {"count": _summed(known.astype(np.int64), unit)}
    for arm, each in dice.items():
        arrays[arm] = np.stack([_summed(np.where(known, training, 0.0), unit) for training in each])
    return Measurement(
        arrays,
        {"structures": "|".join(structures), "arms": "|".join(ARMS), "baseline": BASELINE, "seed": data.seed},
        n_generated=len(asked),
        n_reference=len(data.reference),
    )


@dataclass
class Trainer:
    """Trains networks, each once: in memory by content, and in a folder across a crash.

    Attributes:
        structures: names. shared: trained weights by key. folder: where they are kept, or None.
    """

    structures: tuple[str, ...]
    shared: MutableMapping[str, Any]
    folder: Path | None = None

    def arms(
        self, outlined: Mapping[str, Outlined], synthetic: Pixels, replaced: NDArray[np.bool_]
    ) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
        """Arm -> float64[trainings, n, structures], Dice of the test images; and which images show a structure.

        Args:
            outlined: "teacher", "real" and "test". synthetic: images of the same cases as "real".
            replaced: which of them are synthetic in the arm "mixed".
        """
        teacher, real, test = outlined["teacher"], outlined["real"], outlined["test"]
        taught = self.network(self.trained([(teacher, training_seed(0))])[0])
        by_teacher = {name: Outlined(x, taught.predict(x)) for name, x in (("real", real.pixels), ("syn", synthetic))}
        mixed = Outlined(
            np.where(replaced[:, None, None], synthetic, real.pixels),
            np.where(replaced[:, None, None, None], by_teacher["syn"].masks, by_teacher["real"].masks),
        )
        sets = {"tstr": by_teacher["syn"], "twin": by_teacher["real"], "trtr": real, "mixed": mixed}
        seeds = [training_seed(number) for number in range(TRAININGS)]
        states = iter(self.trained([(part, seed) for part in sets.values() for seed in seeds]))
        dice = {
            arm: np.stack([dice_of(self.network(next(states)).predict(test.pixels), test.masks) for _ in seeds])
            for arm in sets
        }
        dice["no_skill"] = np.stack([dice_of(best_constant(real.masks)[None], test.masks)] * TRAININGS)
        return {arm: dice[arm] for arm in ARMS}, np.asarray(test.masks.any(axis=(2, 3)))

    def trained(self, jobs: Sequence[tuple[Outlined, int]]) -> list[State]:
        """The weights after training on each part with each seed; several at once, each on one thread."""
        from model_adapters.inference.side_by_side import side_by_side

        keys = [content_hash([self._fresh().fingerprint, _hash(part), seed]) for part, seed in jobs]
        missing = {key: job for key, job in zip(keys, jobs, strict=True) if self._known(key) is None}

        def train(item: tuple[str, tuple[Outlined, int]]) -> None:
            key, (part, seed) = item
            segmenter = self._fresh()
            segmenter.fit(part.pixels, part.masks, seed)
            self._keep(key, segmenter.state())

        if missing:
            side_by_side(train, list(missing.items()))
        return [self.shared[f"segmentation/{key}"] for key in keys]

    def network(self, state: State) -> UNetSegmenter:
        """A segmenter with these weights."""
        segmenter = self._fresh()
        segmenter.load(state)
        return segmenter

    def _fresh(self) -> UNetSegmenter:
        return UNetSegmenter(self.structures, RECIPE)

    def _known(self, key: str) -> State | None:
        name = f"segmentation/{key}"
        if name not in self.shared and self.folder is not None:
            from safetensors import SafetensorError
            from safetensors.numpy import load_file

            path = self.folder / f"{key}.safetensors"
            try:
                if path.is_file():
                    self.shared[name] = load_file(path)
            except (SafetensorError, OSError):
                return None
        found: State | None = self.shared.get(name)
        return found

    def _keep(self, key: str, state: State) -> None:
        self.shared[f"segmentation/{key}"] = state
        if self.folder is not None:
            from safetensors.numpy import save

            with atomic_write(self.folder / f"{key}.safetensors") as stream:
                stream.write(save({name: np.ascontiguousarray(each) for name, each in state.items()}))


def dice_of(found: Masks, true: Masks) -> NDArray[np.float64]:
    """float64[n, structures]: 2 |A and B| / (|A| + |B|); 0 where the true mask is empty (not to be counted)."""
    both = (found & true).sum(axis=(2, 3))
    size = found.sum(axis=(2, 3)) + true.sum(axis=(2, 3))
    return np.divide(2.0 * both, size, out=np.zeros(both.shape), where=size > 0)


def best_constant(masks: Masks) -> Masks:
    """bool[structures, side, side]: the best single mask for all images, which needs no look at them.

    It holds the pixels that are inside in at least a share t of these masks, for each structure with that t of a tenth
    to nine tenths which gives the best mean Dice on them.
    """
    share = masks.mean(axis=0)
    candidates = [share >= t / 10 for t in range(1, 10)]
    scores = np.stack([dice_of(each[None], masks).mean(axis=0) for each in candidates])
    return np.stack([candidates[int(row)][k] for k, row in enumerate(scores.argmax(axis=0))])


def _sides(data: MetricInput, asked: Asked, taught: Side) -> dict[str, Side]:
    return {"teacher": taught, "real": asked.real, "test": data.reference}


def _first_draws(asked: Asked) -> Asked:
    """The first draw of at most MAX_IMAGES cases in the order of their ids; `real` in the same order."""
    first = np.flatnonzero(asked.draw == 0)
    side = asked.images.take(first)
    rows = first[_chosen(side, "seen")]
    return Asked(asked.images.take(rows), asked.draw[rows], asked.real.take(asked.target[rows]), np.arange(len(rows)))


def _halved(asked: Asked) -> tuple[Asked, Side]:
    """Half of the patients, and the real images of the others, for a teacher of a split that has no more."""
    patients = sorted(
        set(asked.real.patients.tolist()), key=lambda name: derive_seed(CHOICE_SEED, name, purpose="teacher")
    )
    teaches = np.isin(asked.real.patients, patients[: len(patients) // 2])
    kept = np.flatnonzero(~teaches)
    rest = Asked(asked.images.take(kept), asked.draw[kept], asked.real.take(kept), np.arange(len(kept)))
    return rest, asked.real.take(np.flatnonzero(teaches))


def _chosen(side: Side, purpose: str) -> NDArray[np.intp]:
    """Rows of at most MAX_IMAGES images, whole patients, in the order of their ids."""
    kept = {case.id for case in by_patient(side.cases, MAX_IMAGES, purpose, CHOICE_SEED)}
    order = np.argsort(side.ids, kind="stable")
    return order[[side.cases[row].id in kept for row in order]]


def _pixels(side: Side) -> Pixels:
    if side.features.shape[1] == RECIPE.side**2:
        grey = np.rint(255.0 * side.features.astype(np.float64))
        return np.clip(grey, 0, 255).astype(np.uint8).reshape(len(side), RECIPE.side, RECIPE.side)
    assert side.images is not None
    return UNetSegmenter((), RECIPE).pixels(side.images)


def _summed(values: NDArray[Any], unit: NDArray[np.int64]) -> NDArray[Any]:
    """[n, k] -> [units, k]."""
    total = np.zeros((int(unit.max()) + 1, values.shape[1]), values.dtype)
    np.add.at(total, unit, values)
    return total


def _hash(part: Outlined) -> str:
    digest = hashlib.sha256(repr(part.masks.shape).encode())
    digest.update(np.ascontiguousarray(part.pixels).tobytes())
    digest.update(np.packbits(part.masks).tobytes())
    return digest.hexdigest()
