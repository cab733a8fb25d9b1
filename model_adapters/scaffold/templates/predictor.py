"""My adapter: logistic regression on 16 x 16 thumbnails. Say what yours is, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.predictors.folder import read_predictor, write_predictor
from model_adapters.predictors.linear_probe import LinearProbe, fit_probe
from model_adapters.protocols import BuildContext, Image

SIDE = 16

CODE_VERSION = "1"
"""Part of the fingerprint: raise it when the code here changes what is learnt."""

CARD = ModelCard(
    name="my-adapter",
    kind="predictor",
    source="computed",
    licence="Apache-2.0",
    parameters=len(CHEXPERT_LABELS) * (SIDE * SIDE + 1),
    resolution=SIDE,
    settings={"features": f"grey levels at {SIDE} x {SIDE}", "classifier": "L2 logistic regression per label"},
    notes=("A weak classifier: as `model-adapters new` wrote it. Say here what a reader must know.",),
)


class MyAdapter:
    """A classifier of the fourteen CheXpert labels: `fit` on images and targets, then `predict` probabilities."""

    card = CARD

    def __init__(self) -> None:
        self.labels: tuple[str, ...] = CHEXPERT_LABELS
        self.fingerprint = content_hash({"predictor": CARD.name, "code": CODE_VERSION, "side": SIDE})
        self._probe: LinearProbe | None = None

    def fit(
        self,
        images: Sequence[Image],
        targets: NDArray[np.float32],
        patients: NDArray[np.str_],
        seed: int,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Train on n images; a validation part is split off by patient."""
        self._probe = fit_probe(_thumbnails(images), targets, patients, seed, weights)

    def predict(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Probabilities, float32[n, 14].

        Raises:
            UserError: nothing was fitted or loaded.
        """
        if self._probe is None:
            raise UserError(f"{CARD.name} is not trained yet: fit it, or name a trained folder as {CARD.name}:FOLDER.")
        return self._probe.predict(_thumbnails(images))

    def save(self, folder: Path) -> None:
        """Write the trained predictor; `build` with this folder as target gives it back."""
        if self._probe is None:
            raise UserError(f"{CARD.name} is not trained yet: there is nothing to save.")
        write_predictor(folder, CARD.name, self.labels, {}, self._probe.arrays())

    def restore(self, folder: Path) -> None:
        """Take over the trained predictor of a folder."""
        trained = read_predictor(folder, CARD.name)
        self._probe, self.labels = LinearProbe.of(trained.arrays), trained.labels
        self.fingerprint = content_hash({"predictor": CARD.name, "weights": trained.sha256})


def _thumbnails(images: Sequence[Image]) -> NDArray[np.float32]:
    small = [np.stack(squashed(image, SIDE, Filter.BILINEAR, rounded=False)).mean(axis=0) for image in images]
    return (np.stack(small).reshape(len(images), -1) / 255).astype(np.float32)


def build(context: BuildContext) -> MyAdapter:
    """An untrained predictor, or the trained one of the folder in `context.target`."""
    predictor = MyAdapter()
    if context.target is not None:
        predictor.restore(Path(context.target).expanduser())
    return predictor
