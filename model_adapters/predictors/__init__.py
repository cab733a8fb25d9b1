"""Predictors by name: classifiers that utility metrics train and score. Importing this imports no adapter."""

from __future__ import annotations

from model_adapters.protocols import Predictor
from model_adapters.registry import Registry

_HERE = "model_adapters.predictors"

PREDICTORS: Registry[Predictor] = Registry(
    kind="predictor",
    group="model_adapters.predictors",
    entries={
        "lite0-probe": f"{_HERE}.lite0_probe:build",
        "resnet50": f"{_HERE}.resnet50:build",
    },
    aliases={"resnet-50": "resnet50", "probe": "lite0-probe"},
)
