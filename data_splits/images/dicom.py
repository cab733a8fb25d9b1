"""Read a DICOM chest radiograph as it would be displayed.

The chain is that of DICOM PS3.3 C.11 and PS3.4 N.2: stored values -> modality transform (rescale or LUT) -> value of
interest transform (VOI LUT, else the first window, else the full range of the modality values) -> inversion for
MONOCHROME1. Pixel spacing is never read: files that give it as 0 are common.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import ImageUnreadable
from data_splits.images.voi import display_values

if TYPE_CHECKING:
    from pydicom import Dataset

LATERAL_VIEWS = frozenset({"LL", "RL", "LATERAL", "LAT", "LEFT LATERAL", "RIGHT LATERAL", "XTABLE LATERAL"})
"""ViewPosition values and view code meanings of lateral chest views (decubitus views, LLD and RLD, are frontal)."""

OTHER_MODALITIES = frozenset({"CT", "MR", "US", "PT", "NM", "XA", "RF", "MG", "SR", "SEG", "PR", "KO", "ECG"})

PLUGINS = {
    "1.2.840.10008.1.2.4.50": "pillow",  # JPEG Baseline: decoders differ by one grey level, so one is named
    "1.2.840.10008.1.2.4.51": "pylibjpeg",  # JPEG Extended, 12 bit
    "1.2.840.10008.1.2.4.57": "pylibjpeg",  # JPEG Lossless
    "1.2.840.10008.1.2.4.70": "pylibjpeg",  # JPEG Lossless SV1
    "1.2.840.10008.1.2.4.80": "pylibjpeg",  # JPEG-LS
    "1.2.840.10008.1.2.4.81": "pylibjpeg",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",  # JPEG 2000 (openjpeg)
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.5": "pydicom",  # RLE
}
"""Decoder of each compressed transfer syntax. A fixed choice keeps pixel hashes equal from machine to machine."""

NEEDS_EXTRA = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 57, 70, 80, 81))
"""Transfer syntaxes that only the GPL decoder of the extra `dicom-jpeg` reads."""


def read_dicom(path: Path, *, frontal: bool = True) -> NDArray[np.uint8]:
    """Decode a single-frame DICOM radiograph to uint8[rows, columns], 0 black, bright = dense.

    8 to 16 stored bits, signed or unsigned; uncompressed, RLE, JPEG Baseline, JPEG 2000, and with the extra
    `dicom-jpeg` JPEG Extended, JPEG Lossless and JPEG-LS. Padding pixels take no part in the full range and are black.

    Raises:
        ImageUnreadable: not DICOM, truncated, no pixels, several frames, colour, another modality, a lateral view
            where a frontal one is asked, a decoder that is not installed, or an image of one single value.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd values of elements that are not read here
            dataset = pydicom.dcmread(path)
            _check(dataset, path, frontal)
            stored = _stored_values(dataset, path)
            return display_values(stored, dataset)
    except InvalidDicomError:
        raise ImageUnreadable(f"Image file {path} is not a DICOM file.") from None
    except ImageUnreadable:
        raise
    except (OSError, ValueError, TypeError, AttributeError, KeyError, EOFError, NotImplementedError, IndexError,
            RuntimeError, struct.error) as error:  # fmt: skip
        reason = str(error).splitlines()[-1].strip() if str(error).strip() else type(error).__name__
        raise ImageUnreadable(f"DICOM file {path} cannot be decoded ({reason}).") from error


def _check(dataset: Dataset, path: Path, frontal: bool) -> None:
    modality = str(dataset.get("Modality", "")).upper()
    if modality in OTHER_MODALITIES:
        raise ImageUnreadable(f"DICOM file {path} has modality {modality}; a radiograph (CR, DX) is needed.")
    if "PixelData" not in dataset:
        raise ImageUnreadable(f"DICOM file {path} holds no pixel data, or was cut off.")
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    if frames != 1:
        raise ImageUnreadable(f"DICOM file {path} holds {frames} frames; a single radiograph is needed.")
    colours = str(dataset.get("PhotometricInterpretation", ""))
    if colours not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageUnreadable(f"DICOM file {path} is {colours or 'of unknown colour'}; MONOCHROME1 or 2 is needed.")
    view = view_position(dataset)
    if frontal and view is not None and view in LATERAL_VIEWS:
        raise ImageUnreadable(f"DICOM file {path} is a lateral view ({view}); a frontal one (AP, PA) is needed.")


def view_position(dataset: Dataset) -> str | None:
    """The view as the file states it, upper case: ViewPosition, else the meaning of the view code, else None."""
    view = str(dataset.get("ViewPosition", "") or "").strip()
    if not view and dataset.get("ViewCodeSequence"):
        view = str(dataset.ViewCodeSequence[0].get("CodeMeaning", "") or "").strip()
    return view.upper().replace("-", " ").replace("_", " ") or None


def _stored_values(dataset: Dataset, path: Path) -> NDArray[Any]:
    from pydicom.pixels import pixel_array

    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        expected = dataset.Rows * dataset.Columns * (dataset.BitsAllocated // 8)
        if len(dataset.PixelData) < expected:
            raise ValueError(f"truncated: {len(dataset.PixelData)} of {expected} bytes of pixels")
        return pixel_array(dataset)
    plugin = PLUGINS.get(str(syntax))
    if plugin is None:
        raise ImageUnreadable(f"DICOM file {path} is compressed as {syntax.name}, which is not supported.")
    if str(syntax) in NEEDS_EXTRA:
        _require_libjpeg(path, syntax.name)
    return pixel_array(dataset, decoding_plugin=plugin)


def _require_libjpeg(path: Path, syntax: str) -> None:
    from importlib.util import find_spec

    if find_spec("libjpeg") is None:
        raise ImageUnreadable(
            f"DICOM file {path} is compressed as {syntax}. Its decoder is GPL-3.0 and not installed by default: "
            'pip install "chexgenbench-suite[dicom-jpeg]".'
        )
