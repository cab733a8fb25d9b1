"""Stage 1: draw every image of the plan into the run's sample store."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from chexgenbench.plan import Plan
from chexgenbench.run_folder import RunFolder
from chexgenbench.stages import white_box
from data_splits.errors import UserError
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.inference.distributed import generate_shared, this_share
from model_adapters.inference.generate import GenerationReport, Progress
from model_adapters.inference.prompt_lengths import prompt_lengths
from model_adapters.inference.sample_store import SampleStore
from model_adapters.protocols import BuildContext


def context_of(plan: Plan) -> tuple[str, BuildContext]:
    """The generator's registry name and what it may use."""
    config = plan.config
    name, target = parse_model(config.model)
    options: dict[str, Any] = dict(config.model_options)
    if config.allow_missing:
        if "allow_missing" not in GENERATORS.options(name):
            raise UserError(f"--allow-missing is for --model images; {name} draws every case.")
        options["allow_missing"] = True
    return name, BuildContext(
        target=target,
        split=plan.split,
        subset=plan.subset,
        device=config.device,
        dtype=config.dtype,
        weights=Path(config.weights) if config.weights else None,
        protocol=plan.protocol.settings,
        options=options,
    )


def run(folder: RunFolder, plan: Plan, progress: Progress | None = None) -> GenerationReport:
    """Draw what is missing and commit each batch; a sample that cannot be drawn is listed, never replaced.

    Started by `accelerate launch`, every process draws its share, and the first one does the rest.
    """
    share = this_share()
    name, context = context_of(plan)
    context = replace(context, device=share.device(context.device))
    stage: AbstractContextManager[dict[str, Any]] = folder.stage("generate") if share.main else nullcontext({})
    with stage as facts:
        generator = GENERATORS.build(name, context)
        if getattr(generator, "needs_prompt", True):
            _require_prompts(plan)
        covered = getattr(generator, "covers", None)
        requests = [request for request in plan.requests if covered is None or covered(request)]
        key = {
            "model": generator.card.model_dump(mode="json"),
            "split": plan.split.manifest.hash,
            "subset": plan.subset,
            "seed": plan.config.seed,
            "settings": plan.protocol.settings,
            "options": dict(plan.config.model_options),
            "dtype": plan.config.dtype,
        }
        report = generate_shared(
            generator,
            requests,
            folder.samples,
            key,
            share,
            batch_size=plan.config.batch_size,
            max_failed=plan.config.max_bad,
            progress=progress,
        )
        if not share.main:
            return report
        report.require(plan.config.max_bad)
        facts["white_box"] = white_box.run(folder, plan, generator, progress)
        facts["prompts"] = prompt_lengths(row for row in open_samples(folder).rows.values() if row.draw == 0)
        facts.update(requested=report.requested, drawn=report.drawn, counts=dict(report.counts))
    return report


def open_samples(folder: RunFolder) -> SampleStore:
    """The sample store of a run whose images were drawn.

    Raises:
        UserError: nothing was drawn yet.
    """
    path = folder.samples / "key.json"
    if not path.exists():
        raise UserError(f"{folder.root} has no images yet. Run `chexgenbench generate` (or `eval`) first.")
    return SampleStore(folder.samples, json.loads(path.read_text("utf-8")))


def _require_prompts(plan: Plan) -> None:
    silent = [case.id for case in plan.cases if case.prompt is None]
    if silent:
        raise UserError(
            f"{len(silent)} case(s) of {plan.split.name} have no prompt, such as {', '.join(silent[:3])}: "
            "a text-to-image model cannot draw them. Score existing images with --model images:FILE.csv."
        )
