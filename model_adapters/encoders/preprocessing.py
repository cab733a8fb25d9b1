"""Resampling from a displayed radiograph to a network's input: Pillow and numpy, no torchvision, no torch.

Pillow filters with a support that grows with the reduction, so every reduction here is antialiased. Equal channels are
resampled once and repeated, which gives the same bits as resampling each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from model_adapters.protocols import Image

Plane = NDArray[np.uint8] | NDArray[np.float32]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Filter(IntEnum):
    """Pillow's numbers for the two filters that the published preprocessings use."""

    BILINEAR = 2
    BICUBIC = 3


@dataclass(frozen=True)
class Preprocessing:
    """What is done to an image before the network.

    Attributes:
        id: names every choice that moves the result; enters the encoder's fingerprint.
        apply: uint8[H, W] or uint8[H, W, 3] -> float32[3, h, w].
    """

    id: str
    apply: Callable[[Image], NDArray[np.float32]]


def planes(image: Image) -> list[NDArray[np.uint8]]:
    """The one plane of a grey image (also of an RGB image with equal channels), or the three of a coloured one.

    Raises:
        ValueError: not uint8[H, W] or uint8[H, W, 3], or empty.
    """
    if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or not image.size:
        raise ValueError(f"an image is uint8[H, W] or uint8[H, W, 3]; got {image.dtype}{list(image.shape)}")
    if image.ndim == 2:
        return [image]
    red, green, blue = (np.ascontiguousarray(image[..., channel]) for channel in range(3))
    return [red] if np.array_equal(red, green) and np.array_equal(red, blue) else [red, green, blue]


def resized(plane: Plane, height: int, width: int, kernel: Filter) -> Plane:
    """One plane at another size: rounded to 8 bit where it is uint8, unrounded where it is float32."""
    import PIL.Image

    if plane.shape == (height, width):
        return plane
    # From an array Pillow makes mode L for uint8 and mode F for float32.
    out = PIL.Image.fromarray(plane).resize((width, height), resample=PIL.Image.Resampling(int(kernel)))
    return np.asarray(out)


def squashed(image: Image, side: int, kernel: Filter, *, rounded: bool) -> list[Plane]:
    """Planes of side x side whatever the aspect ratio. `rounded` keeps 8 bit, as Pillow does with an 8 bit image."""
    return [resized(plane if rounded else plane.astype(np.float32), side, side, kernel) for plane in planes(image)]


def shortest_edge_crop(image_planes: list[Plane], edge: int, crop: int, kernel: Filter) -> list[Plane]:
    """The shorter side brought to `edge` keeping the aspect ratio, then the central crop x crop.

    The long side is int(edge * long / short), as in Hugging Face image processors (`get_resize_output_image_size`).

    Raises:
        ValueError: crop larger than edge, which those processors pad with black; no encoder here needs that.
    """
    if crop > edge:
        raise ValueError(f"crop {crop} is larger than the shortest edge {edge}")
    out = []
    for plane in image_planes:
        height, width = plane.shape
        short, long = min(height, width), max(height, width)
        far = int(edge * long / short)
        new_height, new_width = (edge, far) if height <= width else (far, edge)
        plane = resized(plane, new_height, new_width, kernel)
        top, left = (new_height - crop) // 2, (new_width - crop) // 2
        out.append(plane[top : top + crop, left : left + crop])
    return out


def central_square(image: Image) -> Image:
    """The central square of side min(H, W), cut as torchxrayvision's XRayCenterCrop cuts it."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = height // 2 - side // 2, width // 2 - side // 2
    return image[top : top + side, left : left + side]


def normalised(
    image_planes: list[Plane], mean: tuple[float, ...], std: tuple[float, ...], scale: float = 1 / 255
) -> NDArray[np.float32]:
    """(value * scale - mean) / std per channel: one or three planes -> float32[3, h, w]."""
    stack = np.stack(image_planes).astype(np.float32) * np.float32(scale)
    centre, spread = (np.asarray(values, np.float32)[:, None, None] for values in (mean, std))
    return np.ascontiguousarray((stack - centre) / spread, dtype=np.float32)
