"""From stored DICOM values to displayed grey: modality transform, value of interest transform, inversion.

Definitions: DICOM PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT; C.11.2.1.2 LINEAR, C.11.2.1.3.1 SIGMOID,
C.11.2.1.3.2 LINEAR_EXACT), C.7.6.3.1.2 (photometric interpretation), C.7.5.1.1.2 (pixel padding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

Floats = NDArray[np.float64]


def display_values(stored: NDArray[Any], dataset: Dataset) -> NDArray[np.uint8]:
    """Displayed grey of stored values: uint8, 0 black, bright = dense; padding pixels are 0.

    Raises:
        ValueError: no contrast (all pixels equal and no window), or a transform the file describes wrongly.
    """
    padding = padding_mask(stored, dataset)
    values = modality_values(stored, dataset)
    shown = voi_values(values, dataset, padding)
    grey = np.floor(shown * 255.0 + 0.5).astype(np.uint8)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey  # after rounding, so that both interpretations of the same bytes add up to 255
    if padding is not None:
        grey[padding] = 0
    return grey


def padding_mask(stored: NDArray[Any], dataset: Dataset) -> NDArray[np.bool_] | None:
    """True where a stored value is padding (PixelPaddingValue up to PixelPaddingRangeLimit), or None."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    first, last = sorted((int(first), int(first if limit is None else limit)))
    mask: NDArray[np.bool_] = (stored >= first) & (stored <= last)
    if mask.all():
        raise ValueError("every pixel is padding")
    return mask if mask.any() else None


def modality_values(stored: NDArray[Any], dataset: Dataset) -> Floats:
    """Stored values through the modality LUT, or slope and intercept, as float64."""
    if dataset.get("ModalityLUTSequence"):
        return look_up(stored.astype(np.float64), dataset.ModalityLUTSequence[0], dataset)[0]
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    intercept = float(dataset.get("RescaleIntercept", 0) or 0)
    return stored.astype(np.float64) * slope + intercept


def voi_values(values: Floats, dataset: Dataset, padding: NDArray[np.bool_] | None = None) -> Floats:
    """Modality values to [0, 1]: VOI LUT if there is one, else the first usable window, else the full range."""
    if dataset.get("VOILUTSequence"):
        entries, top = look_up(values, dataset.VOILUTSequence[0], dataset)
        return np.clip(entries / top, 0.0, 1.0)
    kind = str(dataset.get("VOILUTFunction", "") or "LINEAR").upper()
    center, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
    # A width that the standard forbids (often 0) says nothing about the display: fall through to the full range.
    if center is not None and width is not None and width > 0 and (kind != "LINEAR" or width >= 1):
        return window(values, center, width, kind)
    seen = values if padding is None else values[~padding]
    low, high = float(seen.min()), float(seen.max())
    if low == high:
        raise ValueError(f"no contrast: every pixel has the value {low:g}")
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def window(values: Floats, center: float, width: float, kind: str = "LINEAR") -> Floats:
    """A window of modality values to [0, 1].

    LINEAR: 0 up to c - 0.5 - (w - 1)/2, 1 from c - 0.5 + (w - 1)/2 on, (x - (c - 0.5))/(w - 1) + 0.5 between.
    LINEAR_EXACT: (x - c)/w + 0.5, cut to [0, 1]. SIGMOID: 1 / (1 + exp(-4 (x - c)/w)).

    Raises:
        ValueError: a kind that the standard does not know.
    """
    if kind == "LINEAR":
        if width == 1:
            return (values > center - 0.5).astype(np.float64)
        return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0.0, 1.0)
    if kind == "LINEAR_EXACT":
        return np.clip((values - center) / width + 0.5, 0.0, 1.0)
    if kind == "SIGMOID":
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700.0, 700.0)))
    raise ValueError(f"unknown VOI LUT function {kind}")


def look_up(values: Floats, item: Dataset, dataset: Dataset) -> tuple[Floats, float]:
    """Values through a LUT item, and the largest value its entries can hold.

    The descriptor holds the number of entries (0 means 65536), the first value mapped, and the bits per entry.

    Raises:
        ValueError: the LUT holds another number of entries than its descriptor says.
    """
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    count = count or 65536
    # The first value mapped is read as unsigned unless the file says otherwise, but counts in the pixels' signs.
    if first > 32767 and int(dataset.get("PixelRepresentation", 0)) == 1:
        first -= 65536
    data = item.LUTData
    if isinstance(data, bytes):
        little = getattr(dataset, "original_encoding", (None, None))[1] is not False
        wide = len(data) >= 2 * count
        entries = np.frombuffer(data, dtype=("<u2" if little else ">u2") if wide else np.uint8)
    else:
        entries = np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
    if len(entries) < count:
        raise ValueError(f"look-up table has {len(entries)} of {count} entries")
    index = np.clip(np.floor(values + 0.5) - first, 0, count - 1).astype(np.int64)
    return entries[:count].astype(np.float64)[index], float(2**bits - 1)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, (str, bytes)) or not hasattr(value, "__getitem__"):
        return float(value)
    return float(value[0]) if len(value) else None
