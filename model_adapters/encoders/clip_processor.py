"""The image processor of a CLIP-type checkpoint (CLIP, SigLIP, ...) from its own settings, without torchvision.

Steps in the order of Hugging Face's processors: resize (shortest edge, or to height x width), central crop, rescale,
normalise; in 8 bit by Pillow until the rescaling.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.encoders.preprocessing import Filter, Plane, normalised, planes, resized
from model_adapters.protocols import Image

KNOWN = frozenset({"do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"})
"""Steps that are understood; another one that is switched on is refused."""


@dataclass(frozen=True)
class ClipProcessor:
    """The numbers of a processor.

    Attributes:
        edge: length of the shortest side after resizing, or None. shape: (height, width) to squash to, or None.
        crop: (height, width) of the central crop, or None.
        mean, std: per channel; (0, 0, 0) and (1, 1, 1) where nothing is normalised.
        kernel: Pillow's filter. scale: what 8 bit values are multiplied with.
        half_even: the crop's offset is rounded half to even, as torchvision does it, not down.
    """

    edge: int | None
    shape: tuple[int, int] | None
    crop: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    kernel: int
    scale: float
    half_even: bool = False

    @classmethod
    def read(cls, folder: Path) -> ClipProcessor:
        """From preprocessor_config.json or processor_config.json.

        Raises:
            UserError: neither is there, or they hold a step that this reader does not do.
        """
        config = _settings(folder)
        unknown = sorted(key for key, on in config.items() if key.startswith("do_") and on and key not in KNOWN)
        size, crop = config.get("size"), config.get("crop_size")
        if isinstance(size, int):
            size = {"shortest_edge": size}
        if isinstance(crop, int):
            crop = {"height": crop, "width": crop}
        if unknown or not isinstance(size, dict) or not {"shortest_edge", "height"} & set(size):
            what = f"step {unknown[0]!r}" if unknown else f"size {size!r}"
            raise UserError(f"The image processor of {folder.name} has a {what}, which this encoder does not know.")
        normalise = config.get("do_normalize", True)
        resize = config.get("do_resize", True)
        return cls(
            edge=int(size["shortest_edge"]) if resize and "shortest_edge" in size else None,
            shape=(int(size["height"]), int(size["width"])) if resize and "height" in size else None,
            crop=(int(crop["height"]), int(crop["width"])) if crop and config.get("do_center_crop", False) else None,
            mean=tuple(config["image_mean"]) if normalise else (0.0,) * 3,
            std=tuple(config["image_std"]) if normalise else (1.0,) * 3,
            kernel=int(config.get("resample", Filter.BICUBIC)),
            scale=float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0,
        )

    @property
    def id(self) -> str:
        """Every number, for the fingerprint."""
        mean, std = (",".join(f"{each:g}" for each in values) for values in (self.mean, self.std))
        return (
            f"clip-uint8-edge{self.edge}-shape{self.shape}-crop{self.crop}{'-half-even' if self.half_even else ''}"
            f"-kernel{self.kernel}-scale{self.scale:.8g}-mean{mean}-std{std}"
        )

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, h, w].

        Raises:
            ValueError: the crop is larger than the resized image, which Hugging Face pads with black.
        """
        return normalised([self._cut(self._resized(plane)) for plane in planes(image)], self.mean, self.std, self.scale)

    def _resized(self, plane: Plane) -> Plane:
        height, width = plane.shape
        if self.shape is not None:
            return resized(plane, *self.shape, self.kernel)  # type: ignore[arg-type]
        if self.edge is None:
            return plane
        far = int(self.edge * max(height, width) / min(height, width))
        new = (self.edge, far) if height <= width else (far, self.edge)
        return resized(plane, *new, self.kernel)  # type: ignore[arg-type]

    def _cut(self, plane: Plane) -> Plane:
        if self.crop is None:
            return plane
        (height, width), (tall, wide) = plane.shape, self.crop
        if tall > height or wide > width:
            raise ValueError(f"a crop of {self.crop} is larger than the resized image {plane.shape}")
        top, left = (height - tall) // 2, (width - wide) // 2
        if self.half_even:
            top, left = round((height - tall) / 2), round((width - wide) / 2)
        return plane[top : top + tall, left : left + wide]


def _settings(folder: Path) -> dict[str, Any]:
    for name in ("preprocessor_config.json", "processor_config.json"):
        path = folder / name
        if path.is_file():
            try:
                config = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise UserError(f"Cannot read {path}: {error}. Download the checkpoint again.") from error
            settings: dict[str, Any] = config.get("image_processor", config)
            return settings
    raise UserError(f"{folder} has no preprocessor_config.json: download the whole checkpoint.")
