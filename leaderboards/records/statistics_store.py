"""Statistics of a run: the arrays from which every number of a record can be recomputed, as safetensors.

Layout of the folder::

    features.<source>.safetensors   one tensor "features", float32[n, d]: stored once, whoever selects rows of it
    rows.safetensors                int64 row selections, each named by the sha256 of its bytes
    metric.<name>.safetensors       "<group>/<variant>/<array>" -> array; "<group>/<variant>/<array>@<source>" -> the
                                    sha256 (uint8[32]) of the row selection that makes the array out of the source

A result refers to its arrays by "metric.<name>.safetensors#<group>/<variant>". The same content gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import atomic_write, sha256_bytes, sha256_file

Array = NDArray[Any]

ROWS_FILE = "rows.safetensors"
FILE_NAME = re.compile(r"(?:rows|(?:metric|features)\.[A-Za-z0-9_.\-]{1,120})\.safetensors")
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,120}")
DTYPES = frozenset({"float32", "float64", "int32", "int64", "uint8", "uint32", "bool"})

MAX_HEADER_BYTES = 8 * 2**20
MAX_FILE_BYTES = 16 * 2**30
MAX_ARRAYS_BYTES = 8 * 2**30
"""Bounds on what a reader takes from a stranger's submission."""


@runtime_checkable
class RowsOfSource(Protocol):
    """An array that is a selection of rows of a stored feature array (chexgenbench.metrics.base.StoredRows)."""

    @property
    def source(self) -> str: ...

    @property
    def rows(self) -> NDArray[np.int64]: ...


class StatisticsWriter:
    """Collects the arrays of a record and writes them below `folder`.

    Feature arrays reach the disk at once, a metric's arrays with `close` (or with `flush`, to free their memory).
    A folder that is written again loses the files of the earlier run that the new one does not write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._metrics: dict[str, dict[str, Array]] = {}
        self._rows: dict[str, Array] = {}
        self._selected: dict[str, int] = {}
        self._sources: dict[str, tuple[int, int]] = {}
        self._written: dict[str, str] = {}

    def add_source(self, name: str, array: NDArray[np.float32]) -> None:
        """Store a feature array, float32[n, d], for example under "lite0.generated".

        Raises:
            ValueError: not finite float32[n, d], or another array of this name was stored before.
        """
        _require_name(name, "source")
        if array.dtype != np.float32 or array.ndim != 2:
            raise ValueError(f"source {name} must be float32[n, d], not {array.dtype}{list(array.shape)}")
        file = f"features.{name}.safetensors"
        known = self._written.get(file)
        self._write(file, {"features": _storable(f"source {name}", array)})
        if known is not None and known != self._written[file]:
            raise ValueError(f"source {name} was stored before with other features")
        self._sources[name] = (array.shape[0], array.shape[1])

    def add(self, metric: str, group: str, variant: str, arrays: Mapping[str, Array | RowsOfSource]) -> str:
        """Take the arrays of one result and return the reference for `MetricResult.statistics`.

        Args:
            metric: full name, for example "kid_lite0". group, variant: as in MetricResult.
            arrays: numpy arrays (numbers or bool, finite), or row selections of a source given to `add_source`.

        Raises:
            ValueError: a name that cannot be stored, a second result of the same name, or an array of another dtype.
        """
        _require_name(metric, "metric")
        if not group or not variant or any(not character.isprintable() for character in group + variant):
            raise ValueError(f"group {group!r} and variant {variant!r} need printable names")
        file = f"metric.{metric}.safetensors"
        if file in self._written:
            raise ValueError(f"the statistics of {metric} were written before {group} was added")
        tensors = self._metrics.setdefault(metric, {})
        prefix = f"{group}/{variant}"
        if any(key.rpartition("/")[0] == prefix for key in tensors):
            raise ValueError(f"{metric} already holds arrays of {prefix}")
        if not arrays:
            raise ValueError(f"{metric} has no arrays for {prefix}")
        for key, array in arrays.items():
            _require_name(key, "array")
            label = f"{metric} {prefix} {key}"
            if isinstance(array, np.ndarray | np.generic):
                tensors[f"{prefix}/{key}"] = _storable(label, np.asarray(array))
            elif isinstance(array, RowsOfSource):
                tensors[f"{prefix}/{key}@{array.source}"] = self._add_rows(label, array)
            else:
                raise ValueError(f"{label} is a {type(array).__name__}, neither an array nor rows of a source")
        return f"{file}#{prefix}"

    def flush(self, metric: str) -> None:
        """Write a metric's file now and free its arrays. Nothing can be added to it afterwards."""
        tensors = self._metrics.pop(metric, None)
        if tensors:
            self._write(f"metric.{metric}.safetensors", tensors)

    def close(self) -> dict[str, str]:
        """Write what is left and return file name -> sha256 for `ResultRecord.statistics`.

        Raises:
            ValueError: rows were selected from a source that was never stored, or that has fewer rows.
        """
        for source, needed in sorted(self._selected.items()):
            if needed > self._sources.get(source, (0, 0))[0]:
                raise ValueError(f"row {needed - 1} of source {source} is used, but was not stored by add_source")
        for metric in sorted(self._metrics):
            self.flush(metric)
        if self._rows:
            self._write(ROWS_FILE, self._rows)
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if FILE_NAME.fullmatch(path.name) and path.name not in self._written:
                    path.unlink()
        return dict(sorted(self._written.items()))

    def _add_rows(self, label: str, selection: RowsOfSource) -> Array:
        _require_name(selection.source, "source")
        rows = np.asarray(selection.rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or (rows.size and int(rows.min()) < 0):
            raise ValueError(f"{label}: rows must be a list of row numbers from 0")
        rows = np.ascontiguousarray(rows, dtype="<i8")
        digest = sha256_bytes(rows.tobytes())
        self._rows[digest] = rows
        highest = int(rows.max()) + 1 if rows.size else 0
        self._selected[selection.source] = max(highest, self._selected.get(selection.source, 0))
        return np.frombuffer(bytes.fromhex(digest), dtype=np.uint8)

    def _write(self, file: str, tensors: Mapping[str, Array]) -> None:
        from safetensors.numpy import save

        with atomic_write(self.folder / file) as stream:
            stream.write(save(dict(sorted(tensors.items()))))
        self._written[file] = sha256_file(self.folder / file)


class StatisticsReader:
    """Reads the arrays of a result back. What it reads may come from a stranger: nothing is trusted, nothing executed.

    Opened files stay mapped, and feature arrays stay in memory, until the reader is dropped.

    Args:
        folder: the run's statistics folder, or where the file of a name lies (`leaderboards.records.locate`).
        files: the names that may be read (those whose hashes a record holds); None for any.
    """

    def __init__(self, folder: Path | Callable[[str], Path], files: frozenset[str] | None = None) -> None:
        self._locate = folder if callable(folder) else folder.joinpath
        self._allowed = files
        self._files: dict[str, Any] = {}
        self._keys: dict[str, frozenset[str]] = {}
        self._sources: dict[str, NDArray[np.float32]] = {}

    def arrays(self, reference: str) -> dict[str, Array]:
        """The arrays of one result, with row selections resolved.

        Raises:
            ValueError: the reference, a file, a key, a dtype, a shape or a row is not as `StatisticsWriter` writes it.
        """
        file, _, prefix = reference.partition("#")
        if not file.startswith("metric.") or not prefix:
            raise ValueError(f"{reference!r} is not a reference to statistics")
        tensors = self._open(file)
        arrays: dict[str, Array] = {}
        size = 0
        for key in sorted(self._keys[file]):
            head, _, name = key.rpartition("/")
            if head != prefix:
                continue
            name, marked, source = name.partition("@")
            if not NAME.fullmatch(name) or (marked and not NAME.fullmatch(source)) or name in arrays:
                raise ValueError(f"{file} holds an unknown key {key!r}")
            array = tensors.get_tensor(key)
            arrays[name] = self._resolve(key, array, source) if marked else array
            size += arrays[name].nbytes
            if size > MAX_ARRAYS_BYTES:
                raise ValueError(f"the arrays of {reference} exceed {MAX_ARRAYS_BYTES} bytes")
        if not arrays:
            raise ValueError(f"{file} holds no arrays of {prefix!r}")
        return arrays

    def _resolve(self, key: str, digest: Array, source: str) -> Array:
        if digest.dtype != np.uint8 or digest.shape != (32,):
            raise ValueError(f"{key!r} must name a row selection by 32 bytes, not {digest.dtype}{list(digest.shape)}")
        name = digest.tobytes().hex()
        selections = self._open(ROWS_FILE)
        if name not in self._keys[ROWS_FILE]:
            raise ValueError(f"{key!r} names a row selection that {ROWS_FILE} does not hold")
        rows = selections.get_tensor(name)
        if rows.dtype != np.int64 or rows.ndim != 1 or sha256_bytes(rows.tobytes()) != name:
            raise ValueError(f"row selection {name[:12]} of {ROWS_FILE} is not what its name says")
        features = self.source(source)
        if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < len(features):
            raise ValueError(f"{key!r} selects a row that source {source} does not have")
        if rows.size * features.shape[1] * features.itemsize > MAX_ARRAYS_BYTES:
            raise ValueError(f"{key!r} selects more than {MAX_ARRAYS_BYTES} bytes")
        return features[rows]

    def source(self, name: str) -> NDArray[np.float32]:
        """A stored feature array, float32[n, d], such as "lite0.generated".

        Raises:
            ValueError: there is none of this name, or it is not as `StatisticsWriter` writes it.
        """
        if name not in self._sources:
            file = f"features.{name}.safetensors"
            tensors = self._open(file)
            if self._keys[file] != {"features"}:
                raise ValueError(f"{file} must hold one tensor, 'features'")
            features = tensors.get_tensor("features")
            if features.dtype != np.float32 or features.ndim != 2:
                raise ValueError(f"{file} must hold float32[n, d], not {features.dtype}{list(features.shape)}")
            self._sources[name] = features
        return self._sources[name]

    def _open(self, file: str) -> Any:
        if file in self._files:
            return self._files[file]
        if not FILE_NAME.fullmatch(file):
            raise ValueError(f"{file!r} is not the name of a statistics file")
        if self._allowed is not None and file not in self._allowed:
            raise ValueError(f"statistics file {file} has no hash in the record")
        path = self._locate(file)
        if path.is_symlink() or not path.is_file():
            raise ValueError(f"statistics file {file} is missing")
        check_header(path, file)
        from safetensors import SafetensorError, safe_open

        try:
            tensors = safe_open(path, framework="numpy")
        except SafetensorError as error:
            raise ValueError(f"{file} is not a safetensors file ({error})") from error
        self._keys[file] = frozenset(tensors.keys())
        self._files[file] = tensors
        return tensors


def check_header(path: Path, name: str) -> None:
    """Refuse oversized files and headers, and dtypes that the writer never writes, before anything is allocated.

    Raises:
        ValueError: with the name of the file and what it declares.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ValueError(f"{name} has {size} bytes; at most {MAX_FILE_BYTES} are read")
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise ValueError(f"{name} declares a header of {length} bytes; at most {MAX_HEADER_BYTES} are read")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{name} has no readable header") from error
    allowed = {"F32", "F64", "I32", "I64", "U8", "U32", "BOOL"}
    if not isinstance(header, dict) or not all(
        isinstance(entry, dict) and entry.get("dtype") in allowed for entry in header.values()
    ):
        raise ValueError(f"{name} holds something other than arrays of {', '.join(sorted(allowed))}")


def _require_name(name: str, what: str) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{what} name {name!r} must consist of letters, digits, '_', '.' and '-'")


def _storable(label: str, array: Array) -> Array:
    """The array as safetensors needs it: little endian and contiguous (a transposed view would be stored wrong)."""
    if array.dtype.name not in DTYPES:
        raise ValueError(f"{label} has dtype {array.dtype}; store numbers as one of {', '.join(sorted(DTYPES))}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{label} holds NaN or infinity")
    return np.array(array, dtype=array.dtype.newbyteorder("<"), order="C", copy=True)
