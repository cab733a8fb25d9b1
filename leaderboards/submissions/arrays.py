"""The stored arrays of a new record: admissible files, finite numbers, every array used, sides as large as they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import sha256_file
from leaderboards.records.statistics_store import ROWS_FILE, check_header
from leaderboards.records.strict_json import loads
from leaderboards.submissions import limits
from leaderboards.submissions.findings import Finding, error, shown
from leaderboards.submissions.form import Submitted

WIDTH = {"F32": 4, "F64": 8, "I32": 4, "I64": 8, "U8": 1, "U32": 4, "BOOL": 1}


def check_files(submitted: Submitted) -> list[Finding]:
    """Every statistics file is there, is what its hash says, and is a plain table of arrays; nothing is loaded yet."""
    found = []
    for name, digest in sorted(submitted.record.statistics.items()):
        path = submitted.locate(name)
        if path.is_symlink() or not path.is_file():
            problem: str | None = "is not part of the submission, and not among the results yet"
        elif path.stat().st_size > limits.MAX_STATISTICS_BYTES:
            problem = f"has {path.stat().st_size} bytes; at most {limits.MAX_STATISTICS_BYTES}"
        elif (actual := sha256_file(path)) != digest:
            problem = f"has the hash {actual[:12]}..., not {digest[:12]}... as the record says"
        else:
            problem = header_problem(path, name)
        if problem is not None:
            found.append(error("statistics", f"{submitted.where} {name}", problem))
    return found


def header_problem(path: Path, name: str) -> str | None:
    """Why a file is no plain table of arrays: those that its header names must fill it exactly, without gaps."""
    try:
        check_header(path, name)
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = loads(stream.read(length).decode("utf-8"))
    except ValueError as problem:
        return shown(problem, 200)
    if len(header) > limits.MAX_TENSORS:
        return f"holds {len(header)} arrays; at most {limits.MAX_TENSORS}"
    spans = []
    for key, entry in header.items():
        if set(entry) != {"dtype", "shape", "data_offsets"}:
            return f"describes the array {shown(key, 60)} by other fields than dtype, shape and data_offsets"
        shape, span = entry["shape"], entry["data_offsets"]
        if not _naturals(shape) or len(shape) > 4 or not _naturals(span) or len(span) != 2:
            return f"gives the array {shown(key, 60)} no shape and place"
        size = WIDTH[entry["dtype"]]
        for side in shape:
            size *= side
        if span[1] - span[0] != size:
            return f"gives the array {shown(key, 60)} {span[1] - span[0]} bytes where its shape needs {size}"
        spans.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            return "holds arrays that overlap or leave gaps"
        end = stop
    return None if 8 + length + end == path.stat().st_size else "is longer or shorter than its arrays"


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is int and each >= 0 for each in value)


def check_arrays(submitted: Submitted) -> list[Finding]:
    """Every array is finite, is used by a result, and has as many rows as the result counts. Call after `check_files`.

    Arrays that no result refers to are refused: nothing comes along that recomputation does not look at.
    """
    where = submitted.where
    found = [error("arrays", where, message) for message in _unused(submitted)]
    if found:
        return found
    problems: list[str] = []
    for result in submitted.record.results:
        if result.statistics is None:
            continue
        label = f"{result.metric}, {result.group}, {result.variant}"
        try:
            arrays = submitted.reader.arrays(result.statistics)
        except ValueError as problem:
            problems.append(f"{label}: {shown(problem, 200)}")
            continue
        problems += [f"{label}: {message}" for message in array_problems(arrays)]
        problems += [f"{label}: {message}" for message in _sizes(arrays, result.n_generated, result.n_reference)]
    found += [error("arrays", where, message) for message in problems[: limits.MAX_NUMBERS_SHOWN]]
    if len(problems) > limits.MAX_NUMBERS_SHOWN:
        found.append(error("arrays", where, f"and {len(problems) - limits.MAX_NUMBERS_SHOWN} more of this kind"))
    return found


def array_problems(arrays: dict[str, Any]) -> Iterator[str]:
    """Arrays that cannot be statistics of anything: NaN, negative counts, moments that no images have."""
    for name, array in sorted(arrays.items()):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            yield f"array {name} holds NaN or infinity"
        elif array.dtype.kind in "if" and array.size and _is_count(name) and float(array.min()) < 0:
            yield f"array {name} holds a negative count"
    for name in sorted(each.removesuffix("_outer") for each in arrays if each.endswith("_outer")):
        yield from _moment_problems(name, arrays)


def _is_count(name: str) -> bool:
    return name in ("count", "size", "counts", "options") or name.endswith(("_count", "_size"))


def _moment_problems(name: str, arrays: dict[str, Any]) -> Iterator[str]:
    """Block moments are those of some images: symmetric, and no negative variance in any direction."""
    if any(f"{name}_{part}" not in arrays for part in ("count", "sum")):
        yield f"the moments of {name} lack counts or sums"
        return
    count, total, outer = (arrays[f"{name}_{part}"] for part in ("count", "sum", "outer"))
    if outer.ndim != 3 or total.shape != outer.shape[:2] or len(count) != len(total):
        yield f"the moments of {name} have no common shape"
        return
    if outer.shape[1] != outer.shape[2] or not np.isfinite(outer).all() or float(np.sum(count)) < 1:
        yield f"the moments of {name} are no square tables of some images"
        return
    images = float(np.sum(count))
    mean = np.sum(total, axis=0) / images
    covariance = np.sum(outer, axis=0) / images - np.outer(mean, mean)
    scale = float(np.abs(np.sum(outer, axis=0)).max()) / images
    if np.abs(covariance - covariance.T).max() > 1e-6 * max(scale, 1e-300):
        yield f"the covariance of {name} is not symmetric"
    elif float(np.linalg.eigvalsh((covariance + covariance.T) / 2)[0]) < -1e-6 * max(scale, 1e-300) * len(covariance):
        yield f"the covariance of {name} has a negative variance"


def _sizes(arrays: dict[str, Any], generated: int, reference: int) -> Iterator[str]:
    for name, count in (("generated", generated), ("reference", reference)):
        if name in arrays and f"{name}_block" in arrays and len(arrays[name]) != count:
            yield f"array {name} has {len(arrays[name])} rows, the result counts {count}"
    for name, array in sorted(arrays.items()):
        if name.endswith(("cluster", "_block")) and array.ndim == 1 and array.size:
            others = {"cluster": ("values", "scores", "score")}.get(name, (name.rsplit("_", 1)[0],))
            for other in others:
                if other in arrays and arrays[other].ndim and len(arrays[other]) != len(array):
                    yield f"array {other} has {len(arrays[other])} rows, its {name} has {len(array)}"


def _unused(submitted: Submitted) -> Iterator[str]:
    """Arrays of metric files and row selections to which no result leads."""
    from safetensors import safe_open

    record = submitted.record
    wanted: dict[str, set[str]] = {}
    for result in record.results:
        if result.statistics:
            file, _, prefix = result.statistics.partition("#")
            wanted.setdefault(file, set()).add(prefix)
    rows_used: set[str] = set()
    for name in sorted(record.statistics):
        if not name.startswith("metric."):
            continue
        with safe_open(submitted.locate(name), framework="numpy") as tensors:
            for key in tensors.keys():  # noqa: SIM118
                if key.rpartition("/")[0] not in wanted.get(name, set()):
                    yield f"{name} holds {shown(key, 80)}, which no result uses"
                elif "@" in key:
                    rows_used.add(tensors.get_tensor(key).tobytes().hex())
    if ROWS_FILE in record.statistics:
        with safe_open(submitted.locate(ROWS_FILE), framework="numpy") as tensors:
            for key in sorted(tensors.keys()):
                if key not in rows_used:
                    yield f"{ROWS_FILE} holds {shown(key, 80)}, which no result uses"
                elif (rows := max(tensors.get_slice(key).get_shape(), default=0)) > limits.MAX_SELECTED:
                    yield f"{ROWS_FILE} selects {rows} rows at once; at most {limits.MAX_SELECTED}"
