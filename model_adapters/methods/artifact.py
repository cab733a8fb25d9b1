"""An artifact on disk: artifact.json beside the files that a training method left, and what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, sha256_file, write_json
from model_adapters.card import ModelCard
from model_adapters.protocols import Artifact

ARTIFACT_FILE = "artifact.json"

UNSAFE = (".bin", ".ckpt", ".joblib", ".npz", ".pickle", ".pkl", ".pt", ".pth")
"""Endings of formats that can run code when they are read (an .npz may hold pickled objects)."""


def write_artifact(artifact: Artifact, output: Path) -> None:
    """Describe a sound artifact in `output`/artifact.json; written last, so that a folder with one is finished.

    Raises:
        UserError: the artifact is unsound, with every fault.
    """
    faults = artifact_faults(artifact, output)
    if faults:
        raise UserError(f"The artifact of {artifact.card.name} is unsound: {'; '.join(faults)}.")
    write_json(
        output / ARTIFACT_FILE,
        {
            "artifact_version": 1,
            "folder": artifact.folder.resolve().relative_to(output.resolve()).as_posix(),
            "kind": artifact.kind,
            "card": artifact.card.model_dump(mode="json"),
            "record": dict(artifact.record),
            "files": file_hashes(artifact.folder),
        },
    )


def read_artifact(output: Path) -> Artifact:
    """The finished artifact of a folder, its files checked against their hashes.

    Raises:
        UserError: none is there, it is damaged, or a file is not the one that was written.
    """
    path = output / ARTIFACT_FILE
    if not path.is_file():
        raise UserError(f"{output} holds no finished artifact (no {ARTIFACT_FILE}). Run the method to its end.")
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if data["artifact_version"] != 1:
            raise UserError(f"{path} has version {data['artifact_version']}; this program reads 1.")
        artifact = Artifact(output / data["folder"], data["kind"], ModelCard(**data["card"]), data["record"])
        promised = dict(data["files"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        what = type(error).__name__
        raise UserError(f"{path} does not describe an artifact ({what}). Run the method again.") from error
    faults = artifact_faults(artifact, output)
    if faults:
        raise UserError(f"The artifact in {output} is unsound: {'; '.join(faults)}. Run the method again.")
    found = file_hashes(artifact.folder)
    changed = sorted(name for name in promised.keys() | found.keys() if promised.get(name) != found.get(name))
    if changed:
        raise UserError(f"{output}: {', '.join(changed[:3])} changed after the method wrote it. Run the method again.")
    return artifact


def artifact_faults(artifact: Artifact, output: Path) -> list[str]:
    """Every reason not to accept an artifact; empty if it is sound."""
    folder, faults = artifact.folder, []
    if output.resolve() not in folder.resolve().parents:
        return [f"{folder} is not a folder inside {output}"]
    found = list(folder.rglob("*"))
    if not any(path.is_file() for path in found):
        faults.append(f"{folder} holds no file")
    unsafe = sorted(path.name for path in found if path.is_symlink() or path.suffix.lower() in UNSAFE)
    if unsafe:
        faults.append(f"{', '.join(unsafe[:3])}: only plain files, weights as .safetensors")
    if artifact.kind not in get_args(get_type_hints(Artifact)["kind"]):
        faults.append(f"there is no kind of artifact called {artifact.kind!r}")
    if artifact.kind == "checkpoint" and artifact.card.kind == "method":
        faults.append("a checkpoint's card is of the model's kind, not of kind method")
    try:
        canonical_json(dict(artifact.record))
    except (TypeError, ValueError) as error:
        faults.append(f"the record is not plain finite JSON ({error})")
    return faults


def file_hashes(folder: Path) -> dict[str, str]:
    """File name below a folder -> sha256."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}
