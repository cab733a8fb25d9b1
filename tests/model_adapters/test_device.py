"""A device that is not there is told in a line, whatever adapter was to be built on it."""

from __future__ import annotations

import pytest
import torch

from data_splits.errors import UserError
from model_adapters.device import require_device
from model_adapters.methods import METHODS
from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cuda:x", ""])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be used here") as told:
        require_device(name)
    assert len(str(told.value).splitlines()) == 1


def test_the_processor_is_always_there() -> None:
    require_device("cpu")
    require_device("cpu:0")


def test_all_gpus_are_looked_for_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(torch, "empty", lambda *_, device: asked.append(device))
    require_device("auto")
    assert asked == ["cuda"]


def test_no_adapter_is_built_on_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(*_: object, **__: object) -> None:
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(torch, "empty", lazy)
    for registry, name in ((METHODS, "bads"), (VLMS, "constant")):
        registry.build(name, BuildContext())
        with pytest.raises(UserError, match=r"'cuda' cannot be used here .*CUDA"):
            registry.build(name, BuildContext(device="cuda"))
