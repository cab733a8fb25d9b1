"""DICOM reading: the shared files, files the test writes, and what has to be refused."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
    generate_uid,
)

from data_splits.errors import ImageUnreadable
from data_splits.images import read_image


def radiograph(pixels: np.ndarray, bits: int | None = None, **elements: Any) -> FileDataset:
    """A small CR file of unsigned or signed pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["test"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.ViewPosition = "CR", "PA"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = bits or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def save(dataset: FileDataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_shared_monochrome_pair_adds_up_to_255(shared_data: Path) -> None:
    one = read_image(shared_data / "dicom" / "cr_jpeg_monochrome1.dcm")
    two = read_image(shared_data / "dicom" / "cr_jpeg_monochrome2.dcm")
    assert one.shape == (1024, 1024)
    assert (one.astype(int) + two == 255).all()
    assert two[:100].mean() > two.mean() * 0.2  # not blank
    assert (two.min(), two.max()) == (0, 255)


def test_shared_jpeg2000_uses_its_window(shared_data: Path) -> None:
    from pydicom.pixels import apply_windowing, pixel_array

    path = shared_data / "dicom" / "cr_jpeg2000_monochrome1_15bit.dcm"
    grey = read_image(path)
    dataset = dcmread(path)
    expected = 255 - apply_windowing(pixel_array(dataset), dataset) / (2**15 - 1) * 255
    assert grey.shape == (1955, 1841)
    assert np.abs(grey - expected).max() <= 0.51


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", ["cr_jpeg_monochrome2.dcm", "cr_jpeg2000_monochrome1_15bit.dcm"])
def test_truncated_shared_files_are_refused(shared_data: Path, tmp_path: Path, name: str, share: float) -> None:
    whole = (shared_data / "dicom" / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageUnreadable, match=name):
        read_image(tmp_path / name)


def test_full_range_and_inversion_of_12_bit(tmp_path: Path) -> None:
    pixels = np.linspace(100, 3100, 64).round().astype(np.uint16).reshape(8, 8)
    two = read_image(save(radiograph(pixels, bits=12), tmp_path / "a.dcm"))
    assert np.array_equal(two, np.floor((pixels - 100.0) / 3000 * 255 + 0.5))
    one = read_image(save(radiograph(pixels, 12, PhotometricInterpretation="MONOCHROME1"), tmp_path / "b.dcm"))
    assert (one.astype(int) + two == 255).all()


def test_unused_high_bits_are_ignored(tmp_path: Path) -> None:
    pixels = np.linspace(0, 4095, 64).round().astype(np.uint16).reshape(8, 8)
    clean = read_image(save(radiograph(pixels, bits=12), tmp_path / "a.dcm"))
    noisy = read_image(save(radiograph(pixels | 0xF000, bits=12), tmp_path / "b.dcm"))
    assert np.array_equal(clean, noisy)


def test_signed_pixels_keep_their_order(tmp_path: Path) -> None:
    pixels = np.array([[-1000, -500], [0, 1000]], dtype=np.int16)
    assert np.array_equal(read_image(save(radiograph(pixels), tmp_path / "a.dcm")), [[0, 64], [128, 255]])


def test_rescale_precedes_the_window(tmp_path: Path) -> None:
    pixels = np.array([[0, 100], [200, 300]], dtype=np.uint16)
    path = save(
        radiograph(pixels, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=200, WindowWidth=400,
                   VOILUTFunction="LINEAR_EXACT"),
        tmp_path / "a.dcm",
    )  # fmt: skip
    # modality values -100, 100, 300, 500; window 0 to 400
    assert np.array_equal(read_image(path), [[0, 64], [191, 255]])


def test_negative_slope_inverts(tmp_path: Path) -> None:
    pixels = np.array([[0, 100]], dtype=np.uint16)
    assert np.array_equal(read_image(save(radiograph(pixels, RescaleSlope=-1), tmp_path / "a.dcm")), [[255, 0]])


def test_padding_is_black_and_outside_the_range(tmp_path: Path) -> None:
    pixels = np.array([[65535, 100], [200, 300]], dtype=np.uint16)
    for colours, expected in (("MONOCHROME2", [[0, 0], [128, 255]]), ("MONOCHROME1", [[0, 255], [127, 0]])):
        dataset = radiograph(pixels, PixelPaddingValue=65535, PhotometricInterpretation=colours)
        assert np.array_equal(read_image(save(dataset, tmp_path / "a.dcm")), expected)


def test_zero_pixel_spacing_and_zero_window_are_harmless(tmp_path: Path) -> None:
    dataset = radiograph(RAMP, PixelSpacing=[0, 0], WindowCenter=0, WindowWidth=0)
    assert np.array_equal(read_image(save(dataset, tmp_path / "a.dcm")), RAMP)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, RLELossless])
def test_compressed_files_decode(tmp_path: Path, syntax: Any) -> None:
    smooth = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    dataset = radiograph(smooth)
    if syntax == RLELossless:
        dataset.compress(syntax)
    else:
        stream = BytesIO()
        if syntax == JPEGBaseline8Bit:
            Image.fromarray(smooth).save(stream, "JPEG", quality=95)
            smooth = np.asarray(Image.open(stream))
        else:
            Image.fromarray(smooth).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
        dataset.PixelData = encapsulate([stream.getvalue()])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
    stretched = (smooth.astype(float) - smooth.min()) / float(np.ptp(smooth))
    assert np.array_equal(read_image(save(dataset, tmp_path / "a.dcm")), np.floor(stretched * 255 + 0.5))


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless])
def test_a_cut_codestream_in_a_whole_file_is_refused(tmp_path: Path, syntax: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    stream = BytesIO()
    if syntax == JPEGBaseline8Bit:
        Image.fromarray(noise).save(stream, "JPEG")
    else:
        Image.fromarray(noise).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    dataset = radiograph(noise)
    dataset.PixelData = encapsulate([stream.getvalue()[: len(stream.getvalue()) // 4 * 2]])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    with pytest.raises(ImageUnreadable, match="cannot be decoded"):
        read_image(save(dataset, tmp_path / "a.dcm"))


@pytest.mark.skipif(find_spec("libjpeg") is None, reason="the extra dicom-jpeg is not installed")
def test_jpeg_ls_decodes_with_the_extra(tmp_path: Path) -> None:
    """pydicom's own pair of the same slice, uncompressed and as lossless JPEG-LS (called CR here, to be accepted)."""
    seen = []
    for name in ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm"):
        dataset = dcmread(get_testdata_file(name))
        dataset.Modality = "CR"
        dataset.save_as(tmp_path / name)
        seen.append(read_image(tmp_path / name))
    assert np.array_equal(*seen)


@pytest.mark.skipif(find_spec("libjpeg") is not None, reason="the extra dicom-jpeg is installed")
def test_lossless_jpeg_names_the_extra(tmp_path: Path) -> None:
    dataset = radiograph(RAMP)
    dataset.PixelData = encapsulate([b"\xff\xd8" + b"\0" * 64])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    with pytest.raises(ImageUnreadable, match=r"chexgenbench-suite\[dicom-jpeg\]"):
        read_image(save(dataset, tmp_path / "a.dcm"))


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"NumberOfFrames": 3}, "holds 3 frames"),
        ({"ViewPosition": "LL"}, r"lateral view \(LL\)"),
        ({"ViewPosition": "LATERAL"}, "lateral view"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "is RGB"),
        ({"Modality": "CT"}, "modality CT"),
        ({"Rows": 400}, "truncated"),
        ({"WindowCenter": 1, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "unknown VOI LUT function"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, elements: dict[str, Any], message: str) -> None:
    dataset = radiograph(RAMP)
    for name, value in elements.items():
        setattr(dataset, name, value)
    with pytest.raises(ImageUnreadable, match=message):
        read_image(save(dataset, tmp_path / "a.dcm"))


def test_lateral_is_read_where_it_is_allowed_and_known_by_its_code(tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "R-10236", "SRT", "left lateral"
    path = save(radiograph(RAMP, ViewPosition="", ViewCodeSequence=[code]), tmp_path / "a.dcm")
    with pytest.raises(ImageUnreadable, match="lateral"):
        read_image(path)
    assert np.array_equal(read_image(path, frontal=False), RAMP)


def test_no_pixels_no_contrast_and_not_dicom(tmp_path: Path) -> None:
    empty = radiograph(RAMP)
    del empty.PixelData
    with pytest.raises(ImageUnreadable, match="no pixel data"):
        read_image(save(empty, tmp_path / "a.dcm"))
    with pytest.raises(ImageUnreadable, match="no contrast"):
        read_image(save(radiograph(np.full((4, 4), 7, np.uint8)), tmp_path / "b.dcm"))
    (tmp_path / "c.dcm").write_bytes(b"hello")
    with pytest.raises(ImageUnreadable, match="not a DICOM file"):
        read_image(tmp_path / "c.dcm")


def test_a_dicom_file_is_known_without_its_suffix(tmp_path: Path) -> None:
    assert np.array_equal(read_image(save(radiograph(RAMP), tmp_path / "IM0001")), RAMP)
