"""Crash safety and canonical bytes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from data_splits.errors import UserError
from data_splits.integrity import (
    append_lines,
    atomic_write,
    canonical_json,
    clear_debris,
    content_hash,
    require_finite,
    sha256_file,
    write_json,
)


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical_json({"b": 1, "a": [1.5, None, "ä"]}) == '{"a":[1.5,null,"ä"],"b":1}'
    assert content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    assert content_hash([1]) == hashlib.sha256(b"[1]").hexdigest()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("inf"))


def test_finite() -> None:
    require_finite({"a": 1.0, "b": None})
    with pytest.raises(ValueError, match="fid is nan"):
        require_finite({"fid": float("nan")})


def test_a_failed_write_leaves_the_old_file_and_no_debris(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    write_json(path, {"n": 1})
    with pytest.raises(RuntimeError), atomic_write(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert json.loads(path.read_text()) == {"n": 1}
    assert os.listdir(path.parent) == ["record.json"]  # noqa: PTH208
    assert sha256_file(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is full"), atomic_write(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not any(tmp_path.iterdir())


def test_what_a_killed_writer_leaves_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    writer = atomic_write(deep / "weights.safetensors")
    writer.__enter__().write(b"half")
    left = {path.name for path in deep.iterdir()}
    assert len(left) == 1
    for name in (".hidden", "notes.tmp", ".mine.tmp", ".x.0123456789zz.tmp"):
        (deep / name).write_bytes(b"")
    clear_debris(tmp_path)
    assert {path.name for path in deep.iterdir()} == {".hidden", "notes.tmp", ".mine.tmp", ".x.0123456789zz.tmp"}
    assert not writer.__exit__(RuntimeError, RuntimeError("killed"), None)


def test_a_torn_line_is_cut_off_before_the_next(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append_lines(log, ["one", "two"])
    with log.open("ab") as stream:
        stream.write(b"thr")
    append_lines(log, ["four"])
    assert log.read_text() == "one\ntwo\nfour\n"
