"""The examples in the docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import chexgenbench.torchmetrics as package

MODULES = [module.name for module in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"chexgenbench.torchmetrics.{name}")
    failed, tried = doctest.testmod(module, extraglobs={"torch": importlib.import_module("torch")})
    assert failed == 0
    assert tried or name == "feature_lists", "a class without an example"
