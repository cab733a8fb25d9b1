"""What the stores of a run share: a lock that dies with its process, and a folder bound to what made its contents."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, write_json

OTHER_FOLDER = "Choose another --output, or remove the folder to start again."


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a store. The lock dies with its process, however that ends.

    Raises:
        UserError: another process is writing here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another process is writing to {folder}. Wait for it, or choose another folder with --output."
            ) from None
        yield


def bind_key(folder: Path, key: Mapping[str, Any], log: Path, what: str) -> None:
    """Write key.json into a new store, or check that the store was made under the same key.

    Args:
        key: plain JSON values. log: the store's index, which must not stand there without a key.
        what: what the store holds, for example "samples".

    Raises:
        UserError: the folder belongs to another key, or nobody knows to which.
    """
    path = folder / "key.json"
    wanted = json.loads(canonical_json(dict(key)))
    if not path.exists():
        if log.exists():
            raise UserError(f"{folder} has {what} but no key.json: nobody knows what made them. {OTHER_FOLDER}")
        write_json(path, wanted)
        return
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged. {OTHER_FOLDER}") from error
    if found != wanted:
        differing = ", ".join(sorted(differences(found, wanted)))
        raise UserError(f"{folder} holds {what} of another run (differing: {differing}). {OTHER_FOLDER}")


def differences(found: Any, wanted: Any, name: str = "") -> Iterator[str]:
    """Dotted names of the entries in which two JSON values differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in found.keys() | wanted.keys():
            yield from differences(found.get(key), wanted.get(key), f"{name}.{key}" if name else key)
    elif found != wanted:
        yield name
