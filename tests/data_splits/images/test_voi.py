"""Windows and look-up tables against pydicom's own implementation, and the closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing
from pydicom.uid import ExplicitVRLittleEndian

from data_splits.images.voi import display_values, modality_values, voi_values, window


def header(bits: int = 12, signed: int = 0) -> Dataset:
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsStored, dataset.PixelRepresentation = bits, signed
    return dataset


@pytest.mark.parametrize("kind", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("slope", [1.0, 0.5])
def test_window_matches_pydicom(kind: str, slope: float) -> None:
    stored = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    dataset = header()
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = [900, 1], [700, 2], kind
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, 0
    theirs = apply_windowing(apply_modality_lut(stored, dataset), dataset) / (4095 * slope)
    ours = voi_values(modality_values(stored, dataset), dataset)
    assert np.abs(ours - theirs).max() < 1e-9


def test_window_closed_forms() -> None:
    values = np.array([0.0, 128.0, 255.0])
    assert window(values, 128, 256, "LINEAR") == pytest.approx([0, 128 / 255, 1])  # the standard's own 8-bit example
    assert window(values, 128, 256, "LINEAR_EXACT") == pytest.approx([0, 0.5, 127 / 256 + 0.5])
    assert window(np.array([10.0]), 10, 5, "SIGMOID") == pytest.approx([0.5])
    assert list(window(np.array([9.0, 10.0]), 10, 1)) == [0, 1]


@pytest.mark.parametrize(("bits", "vr"), [(16, "US"), (12, "OW"), (10, "US")])
def test_voi_lut_matches_pydicom(bits: int, vr: str) -> None:
    generator = np.random.default_rng(bits)
    table = np.sort(generator.integers(0, 2**bits, 500)).astype(np.uint16)
    item = Dataset()
    item.LUTDescriptor = [500, 300, bits]
    item.add_new("LUTData", vr, table.tobytes() if vr == "OW" else table.tolist())
    dataset = header()
    dataset.VOILUTSequence = [item]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.WindowCenter, dataset.WindowWidth = 1, 2  # the table wins over the window
    stored = np.arange(0, 1200, dtype=np.uint16).reshape(30, 40)
    theirs = apply_voi(stored, dataset) / (2**bits - 1)
    assert voi_values(stored.astype(float), dataset) == pytest.approx(theirs)


def test_modality_lut_matches_pydicom() -> None:
    item = Dataset()
    item.LUTDescriptor = [256, 0, 16]
    item.add_new("LUTData", "US", (np.arange(256)[::-1] * 200).tolist())
    dataset = header(8)
    dataset.ModalityLUTSequence = [item]
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(modality_values(stored, dataset), apply_modality_lut(stored, dataset))


def test_short_table_is_refused() -> None:
    item = Dataset()
    item.LUTDescriptor = [256, 0, 16]
    item.add_new("LUTData", "US", [1, 2, 3])
    dataset = header(8)
    dataset.VOILUTSequence = [item]
    with pytest.raises(ValueError, match="3 of 256"):
        voi_values(np.zeros((2, 2)), dataset)


def test_inversion_is_exact_after_a_window() -> None:
    stored = np.random.default_rng(0).integers(0, 4096, (50, 50)).astype(np.uint16)
    dataset = header()
    dataset.WindowCenter, dataset.WindowWidth = 2000, 1500
    two = display_values(stored, dataset).astype(int)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert (two + display_values(stored, dataset) == 255).all()
