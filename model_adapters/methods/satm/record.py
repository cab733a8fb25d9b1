"""What a condensation says of itself: card and record, and which of it is a reconstruction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.methods.satm.output import Result
from model_adapters.methods.satm.settings import CONTROLS, Settings
from model_adapters.methods.satm.source import Source

RECONSTRUCTED = (
    "SATM (arXiv 2502.01865): its text and code could not be had; how ascent, truncated hypergradient, reused "
    "trajectory and step size go together is our reconstruction from abstract and reviews.",
    "Whether its step size follows the closed form or the gradient is unknown; step_rule offers both.",
    "FTD's experts by its published settings (GSAM, rho 0.01, share 0.3, adaptive) on networks of our own.",
    "No augmentation (DSA) and no whitening (ZCA) unless augment and whiten say so; images are cut to black and white "
    "in every iteration, whitened ones when they are written.",
)
"""[recon] and [U] of the references, for card, record and page."""


def card_of(settings: Settings, source: Source, each: int, folder: Path) -> ModelCard:
    """Of the condensed split in `folder`."""
    return ModelCard(
        name=f"{settings.method}-{each}-of-{source.split.name}",
        kind="method",
        source=f"condensed by satm ({settings.method})",
        licence=source.split.licence,
        verified=settings.way.selects,
        training_data=(source.split.name,),
        weight_hashes={"cases.csv": sha256_file(folder / "cases.csv")},
        notes=() if settings.way.selects else RECONSTRUCTED,
    )


def record_of(settings: Settings, source: Source, result: Result, seed: int) -> dict[str, Any]:
    """Plain values: counts, settings, losses; no case, no patient, no time."""
    learnt = not settings.way.selects
    losses = result.facts.get("losses", [])
    tenth = max(1, len(losses) // 10)
    return {
        "method": settings.method,
        "control": settings.method in CONTROLS,
        "controls": [] if settings.method in CONTROLS else list(CONTROLS),
        "base": f"{settings.network}, fresh weights" if learnt else "none",
        "settings": settings.facts(),
        "seed": seed,
        "budget": {"images_per_class": int(np.bincount(result.targets).max())},
        "labelled": len(source.cases),
        "trainable": result.exact.size + 1 if learnt else 0,
        "data": [source.facts],
        "scores": [],
        "certificate": None,
        "reconstructed": list(RECONSTRUCTED) if learnt else [],
        "class_rule": source.rule.sentence,
        "cases": source.counts,
        "side": int(result.pixels.shape[1]),
        "matching_loss": {"first": _mean(losses[:tenth]), "last": _mean(losses[-tenth:])} if learnt else None,
        "step_size": result.facts.get("step_size"),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
