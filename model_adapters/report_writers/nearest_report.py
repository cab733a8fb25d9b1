"""`nearest-report`: the report of the training image that looks most alike. A weak baseline that runs anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders import lite0
from model_adapters.options import OptionValue
from model_adapters.predictors import lite0_probe
from model_adapters.protocols import BuildContext, Image
from model_adapters.requirements import Missing

NAME = "nearest-report"
CODE_VERSION = "1"
BLOCK = 256
"""Images compared at once."""

CARD = ModelCard(
    name=NAME,
    kind="predictor",
    source="ships with this package, on the features of lite0",
    licence="Apache-2.0",
    parameters=0,
    resolution=lite0.SIDE,
    settings={"features": "lite0, standardised on the training images", "distance": "Euclidean", "neighbours": 1},
    training_data=("imagenet",),
    needs=("nothing beyond the installed packages",),
    memory_gb=0.5,
    notes=("Retrieval, not generation: it can only repeat a report of its training set.",),
)

OPTIONS: dict[str, OptionValue] = {"cache": ""}


def build(context: BuildContext) -> NearestReport:
    """A writer without training images.

    Raises:
        UserError: lite0 is not installed, or an unknown option.
    """
    return NearestReport(lite0_probe.build(replace(context, target=None)))


def requirements(context: BuildContext) -> list[Missing]:
    """The packages of lite0, where they are not installed."""
    return lite0.requirements(BuildContext(weights=context.weights))


class NearestReport:
    """A `ReportWriter`. Features of images that were seen before, by any run, come from the feature store.

    Args:
        eyes: gives features (the probe on lite0 does).
    """

    card = CARD

    def __init__(self, eyes: lite0_probe.Lite0Probe) -> None:
        self.fingerprint = content_hash({"writer": NAME, "code": CODE_VERSION, "eyes": eyes.fingerprint})
        self._eyes = eyes
        self._known: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._reports: tuple[str, ...] = ()

    def fit(self, images: Sequence[Image], reports: Sequence[str], patients: NDArray[np.str_], seed: int) -> None:
        """Remember features and reports; neither patients nor seed matter."""
        self._known, self._reports = self._eyes.features(images), tuple(reports)

    def write(self, images: Sequence[Image]) -> list[str]:
        """The report of the nearest training image of each.

        Raises:
            UserError: nothing was fitted.
        """
        if not self._reports:
            raise UserError(f"{NAME} has seen no reports yet: fit it first.")
        return [self._reports[row] for row in nearest_rows(self._known, self._eyes.features(images))]


def nearest_rows(known: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.intp]:
    """The row of `known` nearest to each row of `asked`, int[n]; of equally near ones the first.

    Both are standardised by mean and standard deviation of `known`, so that no feature rules by its unit; a feature
    that does not vary there says nothing and is left out. Time O(n m d), exact.

    Args:
        known: float32[m, d], m >= 1. asked: float32[n, d].
    """
    mean, scale = known.mean(axis=0, dtype=np.float64), known.std(axis=0, dtype=np.float64)
    told = scale > 1e-6 * max(float(scale.max(initial=0.0)), 1e-12)
    a = ((known - mean)[:, told] / scale[told]).astype(np.float64)
    b = ((asked - mean)[:, told] / scale[told]).astype(np.float64)
    squares = (a * a).sum(axis=1)
    found = np.empty(len(b), np.intp)
    for start in range(0, len(b), BLOCK):
        part = b[start : start + BLOCK]
        distance = squares - 2.0 * (part @ a.T)
        # Rounding must not choose among copies of one image: what is as near as the nearest counts as equal.
        slack = 1e-9 * (squares.max() + (part * part).sum(axis=1, keepdims=True))
        found[start : start + BLOCK] = (distance <= distance.min(axis=1, keepdims=True) + slack).argmax(axis=1)
    return found
