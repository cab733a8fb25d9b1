"""The one door to torchvision and to what imports it (timm, open_clip, torchxrayvision): repaired, or explained.

A torchvision built for CUDA dies beside a CPU build of torch with "operator torchvision::nms does not exist", because
its compiled operators do not load. Transforms and models do not need them: declaring the two operators lets the import
go through. Detection operators and torchvision's own image decoding stay dead.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Literal

from data_splits.errors import UserError

Name = Literal["torchvision", "timm", "open_clip", "torchxrayvision"]

EXTRA = 'pip install "chexgenbench-suite[vision]"'

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[Any] = []
"""A torch library unregisters its operators when it is collected: it must outlive the process's use of them."""


def require(name: Name) -> ModuleType:
    """Import one of the packages of the `vision` extra, with a torchvision that works.

    Raises:
        UserError: the extra is not installed, or its torchvision does not fit the installed torch in a way that
            cannot be repaired.
    """
    torchvision = _torchvision()
    if name == "torchvision":
        return torchvision
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UserError(f"This needs {name}. Install the extra: {EXTRA}") from error


def repaired() -> bool:
    """Whether torchvision works only because its missing operators were declared here."""
    return bool(_kept)


def _torchvision() -> ModuleType:
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        raise UserError(
            f"This needs torchvision. Install the extra: {EXTRA} (choose the torchvision built for your torch)."
        ) from error
    except RuntimeError as error:
        # a healthy build registers these names itself, so they may be declared only after it has failed
        if "torchvision::nms" not in str(error):
            raise UserError(f"The installed torchvision cannot be imported ({error}). {_FIT}") from error
    _forget()
    _declare()
    try:
        return importlib.import_module("torchvision")
    except (RuntimeError, ImportError) as error:
        _forget()
        raise UserError(f"The installed torchvision does not fit the installed torch ({error}). {_FIT}") from error


def _forget() -> None:
    for name in [each for each in sys.modules if each == "torchvision" or each.startswith("torchvision.")]:
        del sys.modules[name]


def _declare() -> None:
    if _kept:
        return
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    _kept.append(library)


_FIT = "Install the torchvision that belongs to your torch version, or uninstall it: only the vision extra needs it."
