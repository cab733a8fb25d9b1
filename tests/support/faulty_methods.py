"""Training methods with one fault each, for the conformance check: `build_NAME` makes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved
from model_adapters.scaffold.templates.method import MyAdapter


class Forgetful(MyAdapter):
    """Starts again after a kill."""

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        for path in output.glob("parts/*"):
            path.unlink()
        return super().fit(inputs, output, seed, saved)


class Wilful(MyAdapter):
    """Adds noise from numpy's global state to its record."""

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        artifact = super().fit(inputs, output, seed, saved)
        noise = float(np.random.random())  # noqa: NPY002
        return dataclasses.replace(artifact, record={**artifact.record, "noise": noise})


class Pickling(MyAdapter):
    """Leaves a pickle."""

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        artifact = super().fit(inputs, output, seed, saved)
        (artifact.folder / "optimizer.pt").write_bytes(b"anything")
        return artifact


class Overdrawn(MyAdapter):
    """Uses more than its budget, and says so."""

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        artifact = super().fit(inputs, output, seed, saved)
        return dataclasses.replace(artifact, record={**artifact.record, "budget": {"at_most": 101}})


class Silent(MyAdapter):
    """Tells of no step."""

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        return super().fit(inputs, output, seed, lambda done, total: None)


class Unexplained(MyAdapter):
    """An input that nobody explains."""

    inputs: Mapping[str, MethodInput] = {**MyAdapter.inputs, "alpha": MethodInput("", default=1.0)}


def build_forgetful(context: BuildContext) -> Forgetful:
    return Forgetful()


def build_wilful(context: BuildContext) -> Wilful:
    return Wilful()


def build_pickling(context: BuildContext) -> Pickling:
    return Pickling()


def build_overdrawn(context: BuildContext) -> Overdrawn:
    return Overdrawn()


def build_silent(context: BuildContext) -> Silent:
    return Silent()


def build_unexplained(context: BuildContext) -> Unexplained:
    return Unexplained()
