"""Prompted images weighed by a diffusion generator: which training images it is to trust. Out comes a weighted split.

The generator is fine-tuned (a family of capacity control's, `peft`) on both sets while the weights are learnt, on the
CPU. See `denoising_problem` for the loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_bytes, sha256_file, write_json
from model_adapters.card import ModelCard
from model_adapters.methods.bads.base_losses import base_losses
from model_adapters.methods.bads.denoiser import Denoiser, Draws
from model_adapters.methods.bads.denoising_problem import DenoisingProblem, Prompted
from model_adapters.methods.bads.latents import LatentEncoder
from model_adapters.methods.bads.meta_set import choose_meta
from model_adapters.methods.bads.problem import Problem
from model_adapters.methods.bads.source import Source
from model_adapters.methods.bads.split_source import (
    Part,
    Request,
    entries,
    features_of,
    load_parts,
    refuse_credentialed,
    unique,
    write_parts,
)

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.settings import Settings
    from model_adapters.protocols import Encoder

REFERENCES = ("empty", "none")


@dataclass(frozen=True)
class Generating:
    """How a generator weighs; the method's inputs of these names."""

    generator: str
    peft: str = "attention"
    draws: int = 8
    reference: str = "empty"

    def __post_init__(self) -> None:
        if self.reference not in REFERENCES:
            raise UserError(f"reference is {self.reference!r}; it is {' or '.join(REFERENCES)}.")
        if not 1 <= self.draws <= 1000:
            raise UserError(f"draws is {self.draws}; it lies between 1 and 1000.")


@dataclass(frozen=True, kw_only=True)
class GeneratorSource(Source):
    """Prompted images. made: the problem, whatever the settings."""

    made: DenoisingProblem

    def problem(self, settings: Settings) -> Problem:
        """Fine-tuning."""
        if settings.hidden:
            raise UserError("hidden belongs to a classifier; a generator learns what peft names.")
        if settings.weights == "network" and settings.weight_sees != "example":
            raise UserError("With a generator a weight network sees examples alone: set weight_sees=example.")
        return self.made


def from_prompts(request: Request, how: Generating, seed: int) -> GeneratorSource:
    """Read two splits of prompted images, encode them, and ask the base what it thinks of them.

    Raises:
        UserError: no such base or split, no prompts, shared patients, a credentialed split without consent, an image
            that cannot be read, or a budget that cannot be met.
    """
    import torch

    from model_adapters.methods.capacity_control.base import Base, locate_base
    from model_adapters.methods.capacity_control.cases import Texts

    located = locate_base(how.generator)
    train, meta = load_parts(request, prompts=True)
    refuse_credentialed(request, train, meta)
    ids = [case.id for case in meta.cases]
    rows = choose_meta(np.zeros((len(ids), 1), np.int64), ids, request.meta_at_most, seed, ())
    if len(rows) < 2:
        raise UserError("A generator needs two trusted images at least: their spread is the unit of its losses.")
    meta = replace(meta, cases=tuple(meta.cases[row] for row in rows))
    base = Base(located, "cpu")
    encoder = LatentEncoder(base)
    texts = Texts(base)
    denoiser = Denoiser(base, how.peft, seed)
    draws = Draws(denoiser.process, encoder.shape, how.draws, seed)
    known = unique(train, meta)
    parts, own = [], []
    for part, names in zip((train, meta), known, strict=True):
        features = features_of(part, cast("Encoder", encoder))
        clean = torch.from_numpy(features).reshape(-1, *encoder.shape)
        prompts = [case.prompt or "" for case in part.cases]
        errors = base_losses(denoiser, draws, texts, clean, prompts, names, part.name)
        reference = errors[1] if how.reference == "empty" else torch.zeros_like(errors[1])
        parts.append(Prompted(clean, prompts, names, reference))
        own.append(errors[0] - reference)
    spread = own[1].std(dim=0).clamp(min=1e-8)
    scores = -(own[0] / spread).mean(dim=1)
    facts = {
        "train": _counted(train), "meta": _counted(meta), "generator": located.weights_hash(), "peft": how.peft,
        "draws": how.draws, "reference": how.reference,
    }  # fmt: skip
    return GeneratorSource(
        train_ids=known[0], meta_ids=known[1], facts=facts, data=entries(train, meta),
        base=f"{located.source} ({located.weights_hash()[:12]})", write=partial(write_parts, train, meta, known),
        write_model=partial(_write_model, denoiser, train, meta), scores=scores.numpy().astype(np.float32),
        made=DenoisingProblem(denoiser, draws, texts, parts[0], parts[1], spread),
    )  # fmt: skip


def _counted(part: Part) -> dict[str, Any]:
    return {
        "manifest": part.split.manifest.hash, "subset": part.subset, "images": len(part.cases),
        "patients": len({case.patient for case in part.cases}),
        "prompts": content_hash([[case.id, case.prompt] for case in part.cases]),
    }  # fmt: skip


def _write_model(denoiser: Denoiser, train: Part, meta: Part, theta: Parameters, folder: Path) -> None:
    """An ordinary generator folder, which `--model` draws with; it knows which training cases it has seen."""
    from model_adapters.generators import embedded
    from model_adapters.generators.fine_tuned import CARD_FILE, CASES_FILE
    from model_adapters.methods.capacity_control import checkpoint
    from model_adapters.methods.capacity_control.base import EMBEDDED

    located = denoiser.base.located
    checkpoint.copy_base(located, folder)
    denoiser.settle(theta)
    weights = checkpoint.write_denoiser(denoiser.base.network, folder / located.part, "float32")
    before = embedded.card() if located.source == EMBEDDED else None
    seen = [f"{part.split.name}/{part.subset}" for part in (train, meta)]
    licence = before.licence if before else "that of the base"
    card = ModelCard(
        name=f"{located.source.rpartition('/')[2].removeprefix('local:')}-bads",
        kind="generator",
        source=f"fine-tuned by bads from {located.source}",
        licence=f"{licence}; trained on {train.split.name}: {train.split.licence}",
        training_data=tuple(dict.fromkeys((*(before.training_data if before else ()), *seen))),
        weight_hashes={f"{located.part}/{weights.name}": sha256_file(weights)},
        notes=(f"Fine-tuned by bads on {len(train.cases)} weighted and {len(meta.cases)} trusted images.",),
    )
    write_json(folder / CARD_FILE, card.model_dump(mode="json"))
    told = {case.id: sha256_bytes((case.prompt or "").encode()) for case in train.cases}
    write_json(folder / CASES_FILE, {
        "split": train.split.name, "split_hash": train.split.manifest.hash, "subset": train.subset, "cases": told,
        "adapter": "embedded" if located.embedded else "diffusers",
    })  # fmt: skip
