"""Made-up images drawn for prompts, for tests of privacy metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, Side


def asked(drawn: NDArray[Any], real: NDArray[Any], prefix: str = "p", images: Any = None, noise: Any = None) -> Asked:
    """Draws of prompts, one prompt a patient.

    Args:
        drawn: [prompts, draws, d]; stored draw by draw, as a run stores them. real: [prompts, d].
        images: (uint8[prompts, draws, h, w], uint8[prompts, h, w]), or None. noise: [prompts, draws], or None.
    """
    prompts, draws = drawn.shape[:2]
    order = [(prompt, draw) for draw in range(draws) for prompt in range(prompts)]
    target = np.array([prompt for prompt, _ in order])
    pixels = [None, None] if images is None else [[images[0][p, d] for p, d in order], list(images[1])]
    return Asked(
        images=_side(np.stack([drawn[each] for each in order]), target, prefix, pixels[0]),
        draw=np.array([draw for _, draw in order]),
        real=_side(real, np.arange(prompts), prefix, pixels[1]),
        target=target,
        noise=None if noise is None else np.array([noise[each] for each in order], np.float64),
    )


def _side(features: NDArray[Any], who: NDArray[Any], prefix: str, images: Any) -> Side:
    names = np.array([f"{prefix}{each:04d}" for each in who], dtype=np.str_)
    pixels = None if images is None else LazyImages([lambda image=image: image for image in images])  # type: ignore[misc]
    rows = np.arange(len(features), dtype=np.int64)
    return Side(np.ascontiguousarray(features, np.float32), names, names, rows, None, (), pixels)
