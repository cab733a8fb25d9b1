"""What a machine, a split and a model lack for each metric, and how to get it. Nothing is loaded, drawn or scored."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chexgenbench import protocols
from chexgenbench.protocols import Protocol
from chexgenbench.readiness import download
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.encoders import ENCODERS
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.predictors import PREDICTORS
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing

OF_TRAINING = frozenset({"train", "projection", "corpus", "probes", "synthetic", "noise"})
"""Needs that a split without a "train" subset cannot meet."""


@dataclass(frozen=True)
class Lack:
    """One thing that is missing. where: "machine", "split" or "model"; what it is; how to get it."""

    where: str
    what: str
    how: str


@dataclass(frozen=True)
class Diagnosis:
    """A metric through one encoder, in one protocol and preset, and what it lacks (nothing: it can be computed)."""

    metric: str
    encoder: str
    family: str
    protocol: str
    preset: str
    lacks: tuple[Lack, ...]


@dataclass(frozen=True)
class Patient:
    """What is examined.

    Attributes:
        model, split: as on the command line. encoder_weights: local copies by encoder.
    """

    model: str = "embedded"
    split: str = "phantom"
    split_options: Mapping[str, str] | None = None
    encoder_weights: Mapping[str, str] | None = None

    @cached_property
    def loaded(self) -> Split | UserError:
        """The split, or why it cannot be loaded."""
        try:
            return load_split(self.split, **dict(self.split_options or {}))
        except UserError as error:
            return error

    def diagnoses(self) -> Iterator[Diagnosis]:
        """Every metric of every protocol and preset, in the order of the reports."""
        for name in protocols.PROTOCOLS:
            for preset in ("quick", "full"):
                protocol = protocols.load(name, preset)
                for use in protocol.uses:
                    metric = protocol.metric(use.metric)
                    needs = metric.needs
                    lacks = (
                        *self._model(needs),
                        *self._split(needs),
                        *self._encoder(use.encoder, protocol, metric.family),
                        *_text_score(metric.name),
                    )
                    yield Diagnosis(metric.name, use.encoder, metric.family, name, preset, lacks)

    def _encoder(self, name: str, protocol: Protocol, family: str) -> Iterator[Lack]:
        if not name:
            if family == "utility":
                from chexgenbench.utility.measure import END_TO_END

                for missing in PREDICTORS.requirements(END_TO_END, BuildContext(protocol=protocol.settings)):
                    yield _of(missing, "machine")
            return
        weights = (self.encoder_weights or {}).get(name)
        context = BuildContext(weights=Path(weights) if weights else None, protocol=protocol.settings)
        for missing in ENCODERS.requirements(name, context):
            yield _of(missing, "machine")

    def _split(self, needs: frozenset[str]) -> Iterator[Lack]:
        if isinstance(self.loaded, UserError):
            first, *more = str(self.loaded).splitlines()
            yield Lack("split", first, "; ".join(line.strip() for line in more if "works right now" not in line))
            return
        split = self.loaded
        train = split.subsets.get("train", ())
        cases = split.cases(split.evaluation)
        if needs & OF_TRAINING and not train:
            yield Lack("split", "training images", "name a split with a 'train' subset (folder: a column `split`)")
        if "texts" in needs and any(case.prompt is None for case in (*cases, *train)):
            yield Lack("split", "a prompt for every case", "name a split with prompts (folder: a column `prompt`)")
        if "synthetic" in needs and not any(case.labels for case in cases):
            yield Lack("split", "labels", "name a split with labels (folder: CheXpert label columns)")
        if "masks" in needs and getattr(split, "read_masks", None) is None:
            yield Lack("split", "anatomical masks", "the phantom has them; for others give a labelled mask per image")

    def _model(self, needs: frozenset[str]) -> Iterator[Lack]:
        name, target = parse_model(self.model)
        split = None if isinstance(self.loaded, UserError) else self.loaded
        for missing in GENERATORS.requirements(name, BuildContext(target=target, split=split)):
            yield _of(missing, "model")
        if "noise" in needs and not _has(name, "noise_norm"):
            yield Lack("model", f"a look inside {name}", "only diffusion adapters with `noise_norm` allow it")
        if "lengths" in needs and not _has(name, "annotate"):
            yield Lack("model", f"how much of a prompt {name} reads", "only adapters with `annotate` tell")


def _text_score(metric: str) -> Iterator[Lack]:
    """The package or the weights that the score of written reports lacks."""
    from chexgenbench.text_scores.base import Where
    from chexgenbench.text_scores.registry import text_score

    kind, _, name = metric.partition("_")
    lacking = text_score(name).lacks(Where()) if kind == "report" else None
    if lacking is not None:
        what, _, how = lacking.partition(": ")
        yield Lack("machine", what.removesuffix(" is missing"), how)


def machine() -> dict[str, str | int | float | bool]:
    """Cores, memory, accelerator, free disk and the cache."""
    import psutil
    import torch

    from model_adapters.inference.feature_store import cache_folder

    cache = cache_folder()
    held = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) if cache.exists() else 0
    return {
        "cores": os.cpu_count() or 1,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "torch": torch.__version__,
        "free_disk_gb": round(shutil.disk_usage(Path.cwd()).free / 1e9, 1),
        "cache": str(cache),
        "cache_gb": round(held / 1e9, 2),
        "hub_offline": os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"),
    }


def _of(missing: Missing, where: str) -> Lack:
    size = "" if missing.size_gb is None else f" ({download(missing.size_gb)})"
    return Lack(where, missing.what + size, missing.how)


def _has(name: str, method: str) -> bool:
    """Whether the adapter's class, or one of its module, has a method; read without building anything."""
    where, _, entry = GENERATORS.targets[name].partition(":")
    module = importlib.import_module(where)
    drawer = getattr(getattr(module, entry), "generator", None)
    classes = [drawer] if isinstance(drawer, type) else vars(module).values()
    return any(isinstance(each, type) and hasattr(each, method) for each in classes)
