"""From a displayed radiograph to BioViL-T's input, as hi-ml does it (image/data/io.py and transforms.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_adapters.encoders.preprocessing import Filter, planes, resized
from model_adapters.protocols import Image

EDGE, CROP = 512, 448
ID = "minmax-uint8-grey-edge512-bilinear-uint8-crop448-unit"


def preprocess(image: Image) -> NDArray[np.float32]:
    """uint8[H, W] or uint8[H, W, 3] -> float32[3, 448, 448] in [0, 1].

    The image's own minimum and maximum become 0 and 255 (over all channels at once, cut to whole numbers); grey is
    0.299 R + 0.587 G + 0.114 B by Pillow; the shortest edge becomes 512 by bilinear filtering in 8 bit; the central
    448 x 448 is cut out, offsets rounded half to even. No mean or deviation is taken off. An image of one value, which
    the published code divides by zero, is black.
    """
    import PIL.Image

    channels = planes(_stretched(image))
    if len(channels) == 1:
        grey = channels[0]
    else:
        grey = np.asarray(PIL.Image.fromarray(np.stack(channels, axis=-1)).convert("L"))
    height, width = grey.shape
    short = min(height, width)
    new_height, new_width = (EDGE if side == short else int(EDGE * side / short) for side in (height, width))
    plane = resized(grey, new_height, new_width, Filter.BILINEAR)
    top, left = (round((side - CROP) / 2.0) for side in (new_height, new_width))
    cut = plane[top : top + CROP, left : left + CROP].astype(np.float32) / np.float32(255)
    return np.repeat(cut[None], 3, axis=0)


def _stretched(image: Image) -> Image:
    values = image.astype(np.float64)
    values -= values.min(initial=255.0)
    largest = values.max(initial=0.0)
    if largest > 0:
        values /= largest
        values *= 255
    return values.astype(np.uint8)
