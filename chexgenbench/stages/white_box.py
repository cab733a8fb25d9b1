"""What only the model itself can tell: the text-conditional noise norm of a diffusion generator, request by request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chexgenbench.plan import Plan
from chexgenbench.run_folder import RunFolder
from data_splits.integrity import append_lines, canonical_json
from model_adapters.inference.generate import requests_for
from model_adapters.protocols import GenerationRequest, ImageGenerator

Progress = Callable[[int, int], None]
Noise = dict[tuple[str, int], float]
"""(case id, draw) -> noise norm."""


def requests_of(plan: Plan) -> list[GenerationRequest]:
    """The first draw of every probe and every held-out control."""
    return requests_for((*plan.probes, *plan.drawn), plan.config.seed, needs_prompt=False)


def run(folder: RunFolder, plan: Plan, generator: ImageGenerator, progress: Progress | None = None) -> int:
    """Look into the generator where a metric needs it and it allows it; each batch is kept. Returns what was added.

    Raises:
        ValueError: the generator gave another number of norms than requests, or one that is not finite.
    """
    measure = getattr(generator, "noise_norm", None)
    if measure is None or "noise" not in plan.protocol.needs:
        return 0
    known = read_noise(folder)
    wanted = [each for each in requests_of(plan) if (each.case_id, each.draw) not in known]
    size = max(1, getattr(generator, "compute_batch", None) or plan.config.batch_size)
    for start in range(0, len(wanted), size):
        batch = wanted[start : start + size]
        padded = batch + [batch[-1]] * (size - len(batch)) if hasattr(generator, "compute_batch") else batch
        norms = np.asarray(measure(padded), np.float64)
        if norms.shape != (len(padded),) or not np.isfinite(norms).all():
            raise ValueError(f"noise_norm of {type(generator).__name__} gave {norms.shape}, or a number that is none")
        rows = [[each.case_id, each.draw, float(norm)] for each, norm in zip(batch, norms, strict=False)]
        append_lines(_path(folder), [canonical_json(row) for row in rows])
        if progress is not None:
            progress(start + len(batch), len(wanted))
    return len(wanted)


def read_noise(folder: RunFolder) -> Noise:
    """What was measured so far; a line torn by a crash is measured again."""
    found: Noise = {}
    path = _path(folder)
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            try:
                case_id, draw, norm = json.loads(line)
            except ValueError:
                continue
            found[case_id, draw] = norm
    return found


def _path(folder: RunFolder) -> Path:
    return folder.root / "white_box.jsonl"
