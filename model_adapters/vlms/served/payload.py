"""A request as OpenAI chat messages, images as base64 data URLs."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data_splits.errors import UserError
from model_adapters.options import OptionValue
from model_adapters.protocols import Image

IMAGE_OPTIONS: dict[str, OptionValue] = {"image_format": "png", "quality": 90, "max_side": 0, "detail": ""}
"""image_format: png (lossless) or jpeg. quality: of JPEG. max_side: shrink larger images to it (0: never).
detail: low, high or auto, where the service knows it ("" says nothing)."""


def check_image_options(options: Mapping[str, Any]) -> None:
    """Raises UserError for values that would send something else than meant."""
    if options["image_format"] not in ("png", "jpeg"):
        raise UserError("image_format is png or jpeg.")
    if not 1 <= options["quality"] <= 100 or options["max_side"] < 0:
        raise UserError("quality lies from 1 to 100, max_side is 0 or more.")
    if options["detail"] not in ("", "low", "high", "auto"):
        raise UserError("detail is low, high or auto.")


def data_url(image: Image, options: Mapping[str, Any]) -> str:
    """uint8[H, W] or uint8[H, W, 3] -> data URL. The same pixels and options give the same URL."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(image)).convert("RGB")
    side = int(options["max_side"])
    if side and max(picture.size) > side:
        scale = side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if options["image_format"] == "png":
        picture.save(buffer, "PNG", compress_level=6)
    else:
        picture.save(buffer, "JPEG", quality=int(options["quality"]), subsampling=0)
    return f"data:image/{options['image_format']};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def messages(parts: Sequence[str | Image], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One user message with text and images in the order of the parts."""
    content: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, str):
            content.append({"type": "text", "text": part})
            continue
        url: dict[str, Any] = {"url": data_url(part, options)}
        if options["detail"]:
            url["detail"] = options["detail"]
        content.append({"type": "image_url", "image_url": url})
    return [{"role": "user", "content": content}]
