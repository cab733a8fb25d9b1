"""concatenated: all images tiled into one, as MIRB's `*_concat` files do: red borders, white where a tile is empty."""

from __future__ import annotations

import math

import numpy as np

from data_splits.integrity import content_hash
from data_splits.question import ColourImage
from mirb.ablations.base import Ablation, Images, Material, Unfit, Variant
from model_adapters.inference.ask import ImageRef

BORDER = 6
"""Pixels of red around every tile."""
RED, WHITE = (255, 0, 0), (255, 255, 255)
MOST = 9
"""More images than this would be too small to read."""


def make(material: Material) -> list[Variant]:
    """One image."""
    material.needs_images(2)
    if len(material.images) > MOST:
        raise Unfit(f"more than {MOST} images in one cannot be read")
    return [Variant(material.question, (tiled(material.images),))]


def tiled(images: Images) -> ImageRef:
    """The images as one, read when its turn comes."""
    name = content_hash(["concatenated", 1, BORDER, [ref.sha256 for ref in images]])
    return ImageRef(name, lambda: tile([_colour(ref.load()) for ref in images]))


def tile(images: list[ColourImage]) -> ColourImage:
    """Two side by side, three and four two by two, more in the squarest grid; smaller ones centred on white."""
    columns = 2 if len(images) <= 4 else math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    height, width = (max(image.shape[axis] for image in images) for axis in (0, 1))
    cell = (height + BORDER, width + BORDER)
    picture = np.empty((rows * cell[0] + BORDER, columns * cell[1] + BORDER, 3), np.uint8)
    picture[:] = RED
    for index in range(rows * columns):
        top, left = index // columns * cell[0] + BORDER, index % columns * cell[1] + BORDER
        picture[top : top + height, left : left + width] = WHITE
        if index < len(images):
            image = images[index]
            top += (height - image.shape[0]) // 2
            left += (width - image.shape[1]) // 2
            picture[top : top + image.shape[0], left : left + image.shape[1]] = image
    return picture


def _colour(image: ColourImage) -> ColourImage:
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


ABLATION = Ablation("concatenated", "all images tiled into one", "form", make)
