"""`resnet50`: a ResNet-50 from ImageNet weights, trained end to end on the images; the published utility classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.encoders.weights import (
    cached_snapshot,
    file_sha256,
    load_exactly,
    read_state_dict,
    torch_checkpoint_folder,
)
from model_adapters.inference.seeds import derive_seed
from model_adapters.options import OptionValue, read_options
from model_adapters.predictors.folder import read_predictor, write_predictor
from model_adapters.predictors.patient_split import validation_rows
from model_adapters.predictors.training import PUBLISHED, Examples, Recipe, predict_logits, train
from model_adapters.protocols import BuildContext, Image
from model_adapters.requirements import Missing

if TYPE_CHECKING:
    import torch

NAME, SIDE, WIDTH, IMAGENET_CLASSES = "resnet50", 224, 64, 1000
REPOSITORY, FILE = "timm/resnet50.a1_in1k", "model.safetensors"
PINNED = {
    "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a": "resnet50-0676ba61.pth",
    "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca": "resnet50-11ad3fa6.pth",
}
"""sha256 -> torchvision's files of ImageNet weights, versions 1 and 2; the file names hold its first digits."""

CODE_VERSION = "1"
HOW = f"download {FILE} of {REPOSITORY} (or torchvision's {PINNED[min(PINNED)]}) and name it as its weights"

CARD = ModelCard(
    name=NAME,
    kind="predictor",
    source=f"ImageNet weights of {REPOSITORY}, or torchvision's; trained here",
    licence="Apache-2.0 (timm weights), BSD-3-Clause (torchvision weights)",
    parameters=23_536_718,
    resolution=SIDE,
    settings={
        "input": "squashed to 224 px, antialiased bilinear, ImageNet mean and std",
        "optimiser": "Adam, rate 1e-4, decay 1e-5, a tenth after 2 epochs without progress, 20 epochs",
        "kept": "the epoch of least validation loss",
        "v2": "validation by patient, rotation, brightness and contrast, batch 64",
        "v1": "validation by image (5 %), horizontal flip and rotation, batch 768",
    },
    training_data=("imagenet",),
    needs=("ImageNet weights (hub download, or a local copy)", "a GPU for more than a few hundred images"),
    download_gb=0.1,
    memory_gb=6.0,
)

OPTIONS: dict[str, OptionValue] = {
    "init": "imagenet",
    "width": WIDTH,
    "side": SIDE,
    "epochs": 0,
    "batch": 0,
    "rate": 0.0,
    "checkpoints": "",
}
"""init: imagenet or random. width: channels of the first convolution. epochs, batch, rate: 0 is the recipe's own.
checkpoints: folder in which a killed training goes on."""


def build(context: BuildContext) -> ResNetPredictor:
    """An untrained network, or the trained one of a folder (`resnet50:FOLDER`).

    Raises:
        UserError: no ImageNet weights, an unknown option, or a folder that holds something else.
    """
    options = read_options(context.options, OPTIONS, NAME)
    if options["init"] not in ("imagenet", "random"):
        raise UserError(f"Option init of {NAME} is imagenet or random, not {options['init']!r}.")
    if context.target is not None:
        return ResNetPredictor.restored(Path(context.target).expanduser(), context.device)
    path = _weights(context) if options["init"] == "imagenet" else None
    if options["init"] == "imagenet" and path is None:
        raise UserError(f"{NAME} has no ImageNet weights here: {HOW}.")
    recipe = PUBLISHED if context.protocol == "v1" else Recipe()
    recipe = replace(
        recipe,
        epochs=options["epochs"] or recipe.epochs,
        batch=options["batch"] or recipe.batch,
        rate=options["rate"] or recipe.rate,
    )
    folder = Path(str(options["checkpoints"])).expanduser() if options["checkpoints"] else None
    return ResNetPredictor(recipe, path, int(options["width"]), int(options["side"]), context.device, folder)


def requirements(context: BuildContext) -> list[Missing]:
    """The ImageNet weights, where they are neither named nor in a local cache."""
    if context.target is not None or context.options.get("init") == "random" or _weights(context) is not None:
        return []
    return [Missing("ImageNet weights of ResNet-50", HOW, 0.1)]


def _weights(context: BuildContext) -> Path | None:
    """The user's file, else timm's in the hub cache, else torchvision's in torch's cache."""
    if context.weights is not None:
        path = Path(context.weights).expanduser()
        path = path / FILE if path.is_dir() else path
        if not path.is_file():
            raise UserError(f"No ResNet-50 weights at {path}. Give an existing file.")
        return path
    snapshot = cached_snapshot(REPOSITORY, [FILE])
    if snapshot is not None:
        return snapshot / FILE
    found = (torch_checkpoint_folder() / name for name in PINNED.values())
    return next((path for path in found if path.is_file()), None)


class ResNetPredictor:
    """A `Predictor`; see `build`.

    Args:
        recipe: how it is trained. weights: file of ImageNet weights, or None for random ones.
        width: channels of the first convolution, 64 for ResNet-50. side: of the input.
        checkpoints: folder in which a killed training goes on, or None.
    """

    def __init__(
        self, recipe: Recipe, weights: Path | None, width: int, side: int, device: str, checkpoints: Path | None
    ) -> None:
        self.labels: tuple[str, ...] = CHEXPERT_LABELS
        self._recipe, self._weights, self._width, self._side = recipe, weights, width, side
        self._device, self._checkpoints = device, checkpoints
        self._network: torch.nn.Module | None = None
        self._hashes = {} if weights is None else {weights.name: file_sha256(weights)}
        self.fingerprint = content_hash(
            {
                "predictor": NAME,
                "code": CODE_VERSION,
                "recipe": asdict(recipe),
                "weights": sorted(self._hashes.values()),
                "width": width,
                "side": side,
                "device": device.partition(":")[0],
            }
        )

    @property
    def card(self) -> ModelCard:
        """The card with the hashes of the weights that training starts from."""
        return CARD.model_copy(update={"weight_hashes": dict(self._hashes)})

    def fit(
        self,
        images: Sequence[Image],
        targets: NDArray[np.float32],
        patients: NDArray[np.str_],
        seed: int,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Train on n images from the ImageNet weights; goes on from the last epoch of a killed training.

        Raises:
            ValueError: fewer than four images, or arrays that do not fit each other.
        """
        if len(images) < 4 or not len(images) == len(targets) == len(patients):
            raise ValueError(f"{len(images)} images, {len(targets)} targets and {len(patients)} patients")
        everything = Examples(
            self._pixels(images),
            np.asarray(targets, np.float32),
            np.ones(len(images), np.float32) if weights is None else np.asarray(weights, np.float32),
        )
        names = np.asarray(patients) if self._recipe.by_patient else np.array([f"{row}" for row in range(len(images))])
        learn, held = validation_rows(names, seed, self._recipe.validation)
        key = content_hash(
            [self.fingerprint, seed, _digest(everything.pixels, everything.targets, everything.weights), names.tolist()]
        )
        network = self._fresh(seed)
        folder = None if self._checkpoints is None else self._checkpoints / key[:32]
        parts = (_rows(everything, learn), _rows(everything, held))
        train(network, *parts, self._recipe, seed, self._device, folder, key)
        self._network = network

    def predict(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Probabilities, float32[n, labels].

        Raises:
            UserError: nothing was fitted or loaded.
        """
        if self._network is None:
            raise UserError(f"{NAME} is not trained yet: fit it, or name a trained folder as {NAME}:FOLDER.")
        logits = predict_logits(self._network, self._pixels(images), self._device)
        return (0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the trained network; `build` with this folder as target gives it back."""
        if self._network is None:
            raise UserError(f"{NAME} is not trained yet: there is nothing to save.")
        state = {name: each.cpu().numpy() for name, each in self._network.state_dict().items()}
        write_predictor(folder, NAME, self.labels, {"width": self._width, "side": self._side}, state)

    @classmethod
    def restored(cls, folder: Path, device: str) -> ResNetPredictor:
        """The trained network of a folder.

        Raises:
            UserError: the folder holds another predictor or no whole network.
        """
        import torch

        from model_adapters.encoders.resnet_network import ResNet50

        trained = read_predictor(folder, NAME)
        width, side = int(trained.settings["width"]), int(trained.settings["side"])
        predictor = cls(Recipe(), None, width, side, device, None)
        network = ResNet50(classes=len(trained.labels), stem=width)
        state = {name: torch.from_numpy(np.array(each)) for name, each in trained.arrays.items()}
        load_exactly(network, state, what=f"a ResNet-50 of width {width}")
        predictor.labels, predictor._network = trained.labels, network.eval()
        predictor.fingerprint = content_hash({"predictor": NAME, "weights": trained.sha256})
        return predictor

    def _fresh(self, seed: int) -> torch.nn.Module:
        """The network before training. Random parts follow from the seed; the global random state is put back."""
        import torch

        from model_adapters.encoders.resnet_network import ResNet50

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "initial weights", purpose="train"))
            network = ResNet50(classes=IMAGENET_CLASSES, stem=self._width)
            head = torch.nn.Linear(network.fc.in_features, len(self.labels))
        if self._weights is not None:
            state = read_state_dict(self._weights, PINNED, instead=f"Instead, {HOW}.")
            load_exactly(network, state, what=f"ImageNet weights of a ResNet-50 of width {self._width}")
        network.fc = head
        return network

    def _pixels(self, images: Sequence[Image]) -> NDArray[np.uint8]:
        return np.stack([_grey(images[index], self._side) for index in range(len(images))])


def _grey(image: Image, side: int) -> NDArray[np.uint8]:
    planes = squashed(image, side, Filter.BILINEAR, rounded=True)
    return planes[0].astype(np.uint8) if len(planes) == 1 else np.rint(np.mean(planes, axis=0)).astype(np.uint8)


def _rows(part: Examples, rows: NDArray[np.intp]) -> Examples:
    return Examples(part.pixels[rows], part.targets[rows], part.weights[rows])


def _digest(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
