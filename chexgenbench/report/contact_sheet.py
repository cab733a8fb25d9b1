"""Real and generated images side by side, embedded in the page."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.reporting.svg import data_uri

PAIRS = 12
SIDE = 320
"""Longest side of an embedded image in pixels."""
QUALITY = 88


@dataclass(frozen=True)
class ImagePair:
    """The real image of a case and the one drawn from its prompt.

    Attributes:
        real, generated: uint8[h, w] or uint8[h, w, 3]; None where there is none.
        caption: shown below; the prompt, or whatever else identifies the case.
    """

    real: NDArray[np.uint8] | None
    generated: NDArray[np.uint8] | None
    caption: str


ReportImages = Callable[[int], Sequence[ImagePair]]
"""Asked for at most this many pairs. Never called for a credentialed split unless the user asked for its images."""


@dataclass(frozen=True, slots=True)
class EmbeddedPair:
    """A pair as data URIs ("" where there is no image)."""

    real: str
    generated: str
    caption: str


def embedded(pairs: Sequence[ImagePair]) -> list[EmbeddedPair]:
    """The pairs as JPEG data URIs; equal pixels give equal bytes."""
    return [EmbeddedPair(_uri(pair.real), _uri(pair.generated), pair.caption) for pair in pairs[:PAIRS]]


def _uri(pixels: NDArray[np.uint8] | None) -> str:
    if pixels is None:
        return ""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return data_uri(stream.getvalue(), "image/jpeg")
