"""A trained predictor on disk: predictor.json (which adapter, which labels, how) and weights.safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, sha256_file, write_json
from model_adapters.predictors import PREDICTORS
from model_adapters.protocols import BuildContext, Predictor

HEADER_FILE, WEIGHTS_FILE = "predictor.json", "weights.safetensors"


@dataclass(frozen=True)
class Trained:
    """What a folder holds.

    Attributes:
        predictor: registry name. labels: of its outputs. settings: plain values that the adapter needs to rebuild it.
        arrays: name -> array. sha256: of the weights file.
    """

    predictor: str
    labels: tuple[str, ...]
    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    sha256: str


def write_predictor(
    folder: Path, predictor: str, labels: tuple[str, ...], settings: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write a trained predictor; the header comes last, so a folder with one is whole."""
    from safetensors.numpy import save

    data = save({name: np.array(array, order="C") for name, array in sorted(arrays.items())})
    with atomic_write(folder / WEIGHTS_FILE) as stream:
        stream.write(data)
    write_json(
        folder / HEADER_FILE,
        {
            "predictor_version": 1,
            "predictor": predictor,
            "labels": list(labels),
            "settings": dict(settings),
            "weights_sha256": sha256_file(folder / WEIGHTS_FILE),
        },
    )


def read_predictor(folder: Path, predictor: str | None = None) -> Trained:
    """Read a folder and check the hash of its weights.

    Args:
        predictor: the registry name that it must be of; None for any.

    Raises:
        UserError: no such folder, a damaged one, or another predictor's.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / HEADER_FILE
    if not path.is_file():
        raise UserError(f"{folder} holds no trained predictor (no {HEADER_FILE}).")
    try:
        header = json.loads(path.read_text("utf-8"))
        name, labels = str(header["predictor"]), tuple(str(each) for each in header["labels"])
        settings, promised = dict(header["settings"]), header["weights_sha256"]
        version = header["predictor_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not the header of a trained predictor ({error}).") from error
    if version != 1:
        raise UserError(f"{path} has version {version}; this program reads 1. Train the predictor again.")
    if predictor is not None and name != predictor:
        raise UserError(f"{folder} holds a predictor {name!r}, not {predictor!r}.")
    weights = folder / WEIGHTS_FILE
    if not weights.is_file() or sha256_file(weights) != promised:
        raise UserError(f"{weights} is missing or not the file that {HEADER_FILE} names. Train the predictor again.")
    try:
        return Trained(name, labels, settings, load_file(weights), str(promised))
    except SafetensorError as error:
        raise UserError(f"{weights} is not a readable safetensors file ({error}).") from error


def load_predictor(folder: Path, context: BuildContext | None = None) -> Predictor:
    """The trained predictor of a folder, whichever adapter wrote it.

    Raises:
        UserError: as for `read_predictor`; or its adapter is not installed, or lacks something.
    """
    context = replace(context or BuildContext(), target=str(folder))
    return PREDICTORS.build(read_predictor(folder).predictor, context)
