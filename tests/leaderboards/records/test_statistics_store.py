"""Statistics are stored once, byte for byte the same, and read back strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from leaderboards.records import statistics_store
from leaderboards.records.statistics_store import StatisticsReader, StatisticsWriter


@dataclass(frozen=True)
class Rows:
    source: str
    rows: np.ndarray


def features(n: int = 12, d: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)


def write(folder: Path, order: int = 1) -> dict[str, str]:
    writer = StatisticsWriter(folder)
    writer.add_source("lite0.generated", features())
    groups = ["overall", "pathology=Edema", "age=<40", "site=A/B"][::order]
    for metric in ["kid_lite0", "vendi_lite0"][::order]:
        for group in groups:
            rows = Rows("lite0.generated", np.array([3, 1, 2]))
            writer.add(
                metric, group, "raw", {"x": rows, "y": features().T, "flag": np.array([True]), "k": np.array(2.5)}
            )
    return writer.close()


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    write(tmp_path)
    reader = StatisticsReader(tmp_path)
    for group in ("overall", "pathology=Edema", "age=<40", "site=A/B"):
        arrays = reader.arrays(f"metric.kid_lite0.safetensors#{group}/raw")
        assert set(arrays) == {"x", "y", "flag", "k"}
        np.testing.assert_array_equal(arrays["x"], features()[[3, 1, 2]])
        np.testing.assert_array_equal(
            arrays["y"], features().T
        )  # a transposed view, which safetensors alone stores wrong
        assert arrays["flag"].dtype == bool
        assert arrays["k"].shape == () and arrays["k"] == 2.5


def test_same_content_same_bytes_in_any_order(tmp_path: Path) -> None:
    first = write(tmp_path / "a")
    assert first == write(tmp_path / "b", order=-1)
    assert set(first) == {path.name for path in (tmp_path / "a").iterdir()}
    for name in first:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_rows_and_sources_are_stored_once(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(load_file(tmp_path / "rows.safetensors")) == 1
    size = sum(path.stat().st_size for path in tmp_path.glob("metric.*"))
    assert size < 8 * (features().nbytes + 1000)


def test_reference_written_by_the_writer_is_the_one_the_reader_takes(tmp_path: Path) -> None:
    writer = StatisticsWriter(tmp_path)
    reference = writer.add("fid", "sex=F", "matched", {"a": np.arange(3)})
    writer.flush("fid")
    with pytest.raises(ValueError, match="written before"):
        writer.add("fid", "sex=M", "matched", {"a": np.arange(3)})
    np.testing.assert_array_equal(StatisticsReader(tmp_path).arrays(reference)["a"], np.arange(3))


def test_files_of_an_earlier_run_go_and_others_stay(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    writer = StatisticsWriter(tmp_path)
    writer.add("fid", "overall", "raw", {"a": np.arange(3)})
    writer.close()
    assert {path.name for path in tmp_path.iterdir()} == {"metric.fid.safetensors", "notes.txt"}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([np.nan]), "NaN"),
        (np.array(["p1"]), "dtype"),
        (np.array([{}], dtype=object), "dtype"),
        ([1.0], "neither an array"),
        (Rows("lite0.generated", np.array([-1])), "row numbers"),
        (Rows("lite0.generated", np.array([0.5])), "row numbers"),
        (Rows("../x", np.array([0])), "source name"),
    ],
)
def test_writer_refuses(tmp_path: Path, array: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StatisticsWriter(tmp_path).add("kid", "overall", "raw", {"x": array})  # type: ignore[dict-item]


def test_writer_refuses_rows_nobody_stored(tmp_path: Path) -> None:
    writer = StatisticsWriter(tmp_path)
    writer.add_source("s", features(4))
    writer.add("kid", "overall", "raw", {"x": Rows("s", np.array([4]))})
    with pytest.raises(ValueError, match="row 4 of source s"):
        writer.close()


def test_writer_refuses_two_sources_of_one_name_and_one_result_twice(tmp_path: Path) -> None:
    writer = StatisticsWriter(tmp_path)
    writer.add_source("s", features())
    writer.add_source("s", features())
    with pytest.raises(ValueError, match="stored before"):
        writer.add_source("s", features() + 1)
    writer.add("kid", "overall", "raw", {"x": np.arange(2)})
    with pytest.raises(ValueError, match="already"):
        writer.add("kid", "overall", "raw", {"y": np.arange(2)})


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "x",
        "../record.json#overall/raw",
        "metric.kid_lite0.safetensors#none/raw",
        "metric.none.safetensors#overall/raw",
        "features.lite0.generated.safetensors#features",
        "metric.kid_lite0.safetensors#",
    ],
)
def test_reader_refuses_references(tmp_path: Path, reference: str) -> None:
    write(tmp_path)
    with pytest.raises(ValueError):
        StatisticsReader(tmp_path).arrays(reference)


def metric_file(folder: Path, **tensors: np.ndarray) -> str:
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "metric.m.safetensors")
    return "metric.m.safetensors#overall/raw"


def test_reader_refuses_tampered_files(tmp_path: Path) -> None:
    write(tmp_path)
    digest = np.zeros(32, dtype=np.uint8)
    cases: dict[str, dict[str, np.ndarray]] = {
        "unknown key": {"overall/raw/a b": np.arange(2)},
        "row selection": {"overall/raw/x@lite0.generated": digest},
        "32 bytes": {"overall/raw/x@lite0.generated": np.arange(3)},
        "arrays of": {"overall/raw/x": np.zeros(2, dtype=np.float16)},
        "holds no arrays": {"other/raw/x": np.zeros(2)},
    }
    for message, tensors in cases.items():
        reference = metric_file(tmp_path, **tensors)
        with pytest.raises(ValueError, match=message):
            StatisticsReader(tmp_path).arrays(reference)

    rows = np.array([99])
    name = statistics_store.sha256_bytes(rows.tobytes())
    save_file({name: rows}, tmp_path / "rows.safetensors")
    reference = metric_file(tmp_path, **{"overall/raw/x@lite0.generated": np.frombuffer(bytes.fromhex(name), np.uint8)})
    with pytest.raises(ValueError, match="selects a row"):
        StatisticsReader(tmp_path).arrays(reference)
    save_file({name: rows - 98}, tmp_path / "rows.safetensors")
    with pytest.raises(ValueError, match="not what its name says"):
        StatisticsReader(tmp_path).arrays(reference)


def test_reader_refuses_before_it_allocates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metric.m.safetensors"
    reference = "metric.m.safetensors#overall/raw"
    path.write_bytes((2**40).to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="header"):
        StatisticsReader(tmp_path).arrays(reference)
    header = json.dumps({"overall/raw/x": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ValueError, match="not a safetensors file"):
        StatisticsReader(tmp_path).arrays(reference)
    path.write_bytes(b"not a safetensors file at all")
    with pytest.raises(ValueError, match="header"):
        StatisticsReader(tmp_path).arrays(reference)
    metric_file(tmp_path, **{"overall/raw/x": np.zeros(100)})
    monkeypatch.setattr(statistics_store, "MAX_FILE_BYTES", 100)
    with pytest.raises(ValueError, match="at most 100"):
        StatisticsReader(tmp_path).arrays(reference)


def test_reader_follows_no_links_and_only_hashed_files(tmp_path: Path) -> None:
    files = frozenset(write(tmp_path))
    (tmp_path / "metric.link.safetensors").symlink_to(tmp_path / "metric.kid_lite0.safetensors")
    with pytest.raises(ValueError, match="missing"):
        StatisticsReader(tmp_path).arrays("metric.link.safetensors#overall/raw")
    reference = "metric.kid_lite0.safetensors#overall/raw"
    assert StatisticsReader(tmp_path, files).arrays(reference)
    with pytest.raises(ValueError, match="no hash"):
        StatisticsReader(tmp_path, files - {"rows.safetensors"}).arrays(reference)
