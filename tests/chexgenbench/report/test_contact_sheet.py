from __future__ import annotations

import base64
import io

import made_up_record
import numpy as np
from PIL import Image

from chexgenbench.report.contact_sheet import SIDE, ImagePair, embedded


def decoded(uri: str) -> Image.Image:
    assert uri.startswith("data:image/jpeg;base64,")
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_pixels_survive_and_large_images_shrink() -> None:
    small, large = made_up_record.thorax(1), np.repeat(np.repeat(made_up_record.thorax(2), 4, 0), 4, 1)
    (pair,) = embedded([ImagePair(small, large, "case")])
    assert np.abs(np.asarray(decoded(pair.real), int) - small).mean() < 4
    assert max(decoded(pair.generated).size) == SIDE
    assert pair == embedded([ImagePair(small, large, "case")])[0]


def test_missing_and_coloured_images() -> None:
    coloured = np.zeros((8, 8, 3), np.uint8)
    coloured[..., 0] = 255
    (pair,) = embedded([ImagePair(None, coloured, "case")])
    assert pair.real == "" and decoded(pair.generated).mode == "RGB"
