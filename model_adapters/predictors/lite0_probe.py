"""`lite0-probe`: a linear probe on Lite0 features. The predictor that always works, seconds on two cores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders import lite0
from model_adapters.inference.extract import Item, extract
from model_adapters.inference.feature_store import FeatureStore, cache_folder
from model_adapters.inference.hashing import image_hash
from model_adapters.options import OptionValue, read_options
from model_adapters.predictors.folder import read_predictor, write_predictor
from model_adapters.predictors.linear_probe import STRENGTHS, LinearProbe, fit_probe
from model_adapters.protocols import BuildContext, Encoder, Image
from model_adapters.requirements import Missing

NAME = "lite0-probe"
CODE_VERSION = "1"

CARD = ModelCard(
    name=NAME,
    kind="predictor",
    source="ships with this package, on the features of lite0",
    licence="Apache-2.0",
    parameters=14 * 1281,
    resolution=lite0.SIDE,
    settings={
        "features": "lite0, standardised on the training part",
        "classifier": "L2 logistic regression per label",
        "C": " ".join(f"{each:g}" for each in STRENGTHS),
        "validation": "a fifth of the patients, least log loss",
    },
    training_data=("imagenet",),
    needs=("nothing beyond the installed packages",),
    memory_gb=0.5,
    notes=("A linear read-out of photographs' features: a weak classifier, the same for every training set.",),
)

OPTIONS: dict[str, OptionValue] = {"cache": ""}


def build(context: BuildContext) -> Lite0Probe:
    """An untrained probe, or the trained one of a folder (`lite0-probe:FOLDER`).

    Raises:
        UserError: lite0 is not installed, an unknown option, or a folder that holds something else.
    """
    options = read_options(context.options, OPTIONS, NAME)
    encoder = lite0.build(BuildContext(device=context.device, weights=context.weights))
    folder = Path(str(options["cache"])).expanduser() if options["cache"] else cache_folder()
    probe = Lite0Probe(encoder, FeatureStore(encoder.fingerprint, encoder.dim, folder / "features"))
    if context.target is not None:
        probe.restore(Path(context.target).expanduser())
    return probe


def requirements(context: BuildContext) -> list[Missing]:
    """The packages of lite0, where they are not installed."""
    return lite0.requirements(BuildContext(weights=context.weights))


class Lite0Probe:
    """A `Predictor`. Features of images that were seen before, by any run, come from the feature store.

    Args:
        encoder: lite0. store: of its features.
    """

    def __init__(self, encoder: Encoder, store: FeatureStore) -> None:
        self.labels: tuple[str, ...] = CHEXPERT_LABELS
        self.fingerprint = content_hash({"predictor": NAME, "code": CODE_VERSION, "encoder": encoder.fingerprint})
        self._encoder = encoder
        self._store = store
        self._probe: LinearProbe | None = None

    @property
    def card(self) -> ModelCard:
        """The card with the encoder's weight hashes."""
        return CARD.model_copy(update={"weight_hashes": dict(self._encoder.card.weight_hashes)})

    def fit(
        self,
        images: Sequence[Image],
        targets: NDArray[np.float32],
        patients: NDArray[np.str_],
        seed: int,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Train on n images; see `fit_probe`."""
        self._probe = fit_probe(self.features(images), targets, patients, seed, weights)

    def predict(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Probabilities, float32[n, labels].

        Raises:
            UserError: nothing was fitted or loaded.
        """
        if self._probe is None:
            raise UserError(f"{NAME} is not trained yet: fit it, or name a trained folder as {NAME}:FOLDER.")
        return self._probe.predict(self.features(images))

    def features(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """float32[n, 1280] of images, computed where the store has none.

        Raises:
            UserError: an image that cannot be read; nothing is put in its place.
        """
        hashes: list[str] = []

        def items() -> Iterator[Item]:
            for index in range(len(images)):
                image = images[index]
                hashes.append(image_hash(image))
                yield hashes[-1], partial(_itself, image)

        extract(items(), self._encoder, self._store, total=len(images))
        found, missing = self._store.get_many(hashes)
        if missing:
            raise UserError(f"{len(missing)} of {len(images)} images have no feature of lite0.")
        return found

    def save(self, folder: Path) -> None:
        """Write the trained probe; `build` with this folder as target gives it back."""
        if self._probe is None:
            raise UserError(f"{NAME} is not trained yet: there is nothing to save.")
        write_predictor(folder, NAME, self.labels, {"encoder": self._encoder.fingerprint}, self._probe.arrays())

    def restore(self, folder: Path) -> None:
        """Take over the trained probe of a folder.

        Raises:
            UserError: a folder of another predictor, or of another version of lite0's weights or preprocessing.
        """
        trained = read_predictor(folder, NAME)
        if trained.settings.get("encoder") != self._encoder.fingerprint:
            raise UserError(f"{folder} was trained on other lite0 features than this machine makes. Train it again.")
        try:
            self._probe = LinearProbe.of(trained.arrays)
        except KeyError as error:
            raise UserError(f"{folder} lacks the array {error}.") from error
        self.labels = trained.labels
        self.fingerprint = content_hash({"predictor": NAME, "weights": trained.sha256})


def _itself(image: Image) -> Image:
    return image
