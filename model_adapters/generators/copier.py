"""Control: a perfect generator, except that a known share of its images are copies of training images.

It divides the patients of "train" by hash into "seen", which it was "trained" on and copies from, and "unseen", whose
real images it shows when it does not copy. So at share 0 nothing that it shows is in its training data and a metric of
memorisation must find nothing; at share p the true rate of copies is p, however well each copy is hidden.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import RealPool, traits
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {"share": 0.05, "kind": "exact", "sigma": 15.0}

CROP = 0.9
"""Side of the central window that a cropped copy shows, as a share of the image's side."""

CONTRAST = (1.3, 0.85)
"""Slope about mid-grey and exponent of a copy with changed contrast."""

CARD = ModelCard(
    name="copier",
    kind="generator",
    source="training images of the split: copies of some patients' images, real images of others",
    licence="that of the split",
    settings={"copies_real_images": True, "crop": CROP, "slope": CONTRAST[0], "gamma": CONTRAST[1], **OPTIONS},
    notes=("A control, not a model: a known share of its images are copies of its training images (training_cases).",),
)


class Copier:
    """Copies with probability `share`, decided by the seed of a request; else shows a real image of an unseen patient.

    A copied request shows its own case where that is one of `training_cases`, else the closest of those (labels, view,
    prompt). A request that is not copied gets an unseen patient's image with its labels and view, or the closest.
    """

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        given = read_options(context.options, OPTIONS, CARD.name)
        self._share: float = given["share"]
        if not 0.0 <= self._share <= 1.0:
            raise UserError("Option 'share' of copier is the share of copied images: 0 to 1.")
        if given["kind"] not in DISGUISES:
            raise UserError(f"Option 'kind' of copier must be one of {', '.join(DISGUISES)}.")
        if not given["sigma"] >= 0:
            raise UserError("Option 'sigma' of copier is a standard deviation: it must be 0 or more.")
        self._kind: str = given["kind"]
        self._sigma: float = given["sigma"]
        self._pool = RealPool(context, CARD.name)
        self._seen, self._unseen = (_part(context, wanted) for wanted in (True, False))
        self.card = self._pool.card(CARD, **given)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._draw(request) for request in requests]

    def copies(self, request: GenerationRequest) -> bool:
        """Whether this request is answered with a copy: the planted truth."""
        return bool(np.random.default_rng([request.seed, 2]).random() < self._share)

    def source(self, request: GenerationRequest) -> Case:
        """The training case whose image a request is answered with."""
        if self.copies(request):
            return self._seen.closest(request)
        return _other_patient(self._unseen, self._pool.case(request), request)

    def _draw(self, request: GenerationRequest) -> Image:
        pixels = self._pool.image(self.source(request))
        if not self.copies(request):
            return pixels
        return DISGUISES[self._kind](pixels, self._sigma, np.random.default_rng([request.seed, 3]))


def _part(context: BuildContext, seen: bool) -> RealPool:
    """A pool of the seen, or of the unseen, half of the training patients."""
    split = context.split
    assert split is not None
    chosen, other = (
        tuple(case for case in split.subsets["train"] if (_is_seen(case.patient) == seen) == wanted)
        for wanted in (True, False)
    )
    if len({case.patient for case in chosen}) < 2:
        raise UserError("copier divides the training patients in two: the split has too few of them.")
    # All other cases stay known, for their labels and view; their images are not shown.
    subsets = {**split.subsets, "train": chosen, "copier-other": other}
    narrowed = dataclasses.replace(split, subsets=subsets, selections={}, image_hashes={})
    return RealPool(dataclasses.replace(context, split=narrowed), CARD.name)


def _other_patient(pool: RealPool, case: Case, request: GenerationRequest) -> Case:
    """A seeded choice among the unseen images of the closest traits that show another patient than the case's."""
    rng = np.random.default_rng([request.seed, 4])
    for each in pool.ranked(traits(case)):
        candidates = [one for one in pool.groups[each] if one.patient != case.patient]
        if candidates:
            return candidates[int(rng.integers(len(candidates)))]
    raise AssertionError("two unseen patients, and none is another")


def _is_seen(patient: str) -> bool:
    return hashlib.sha256(f"copier/{patient}".encode()).digest()[0] % 2 == 0


def training_cases(context: BuildContext) -> frozenset[str] | None:
    """Ids of the training cases of the seen patients, or None without a split."""
    if context.split is None or not context.split.subsets.get("train"):
        return None
    return frozenset(case.id for case in context.split.subsets["train"] if _is_seen(case.patient))


def _exact(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    return pixels


def _noisy(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    return _grey_levels(pixels + rng.normal(0.0, sigma, pixels.shape))


def _flipped(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    return np.ascontiguousarray(pixels[:, ::-1])


def _cropped(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    import PIL.Image

    height, width = pixels.shape[:2]
    top, left = (int(rng.integers(0, side - int(CROP * side) + 1)) for side in (height, width))
    window = pixels[top : top + int(CROP * height), left : left + int(CROP * width)]
    scaled = PIL.Image.fromarray(window).resize((width, height), PIL.Image.Resampling.BILINEAR)
    return np.asarray(scaled)


def _contrast(pixels: Image, sigma: float, rng: np.random.Generator) -> Image:
    slope, gamma = CONTRAST
    return _grey_levels(128 + slope * (255 * (pixels / 255) ** gamma - 128))


def _grey_levels(values: NDArray[np.float64]) -> Image:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


DISGUISES: dict[str, Callable[[Image, float, np.random.Generator], Image]] = {
    "exact": _exact,
    "noisy": _noisy,
    "flipped": _flipped,
    "cropped": _cropped,
    "contrast": _contrast,
}
"""What is done to a copied image."""


def build(context: BuildContext) -> Copier:
    """Make the adapter. Options: share (of copies, 0 to 1), kind (of DISGUISES), sigma (grey levels, for noisy)."""
    return Copier(context)
