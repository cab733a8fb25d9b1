"""Condensed chest images beside their controls: shared NIH, phantom and Hannover, ten images of 32 px a class.

Every arm and seed: the split is made by the command's own code (`run_method`), in a process of its own for time and
memory, and scored by `benchmarks.satm_scores`. What is done is kept below --output: stopped, the same command goes on.
Run as `python -m benchmarks.satm_study`; `--studies DIR` writes a study a data set for `leaderboards publish-method`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from benchmarks import satm_scores as scores
from benchmarks.satm_paired import paired
from data_splits.case import Case
from data_splits.integrity import write_json
from data_splits.sources import load_split
from model_adapters.generators import GENERATORS
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.run import run_method
from model_adapters.methods.satm.method import build
from model_adapters.methods.satm.output import Result, write_split
from model_adapters.methods.satm.pictures import small
from model_adapters.methods.satm.selection import selected
from model_adapters.methods.satm.settings import Settings
from model_adapters.methods.satm.source import Source, open_source
from model_adapters.protocols import BuildContext, GenerationRequest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SIDE, EACH = 32, 10
SETTINGS: dict[str, Any] = {
    "network": "mlp:32", "expert_rate": 0.01, "expert_batch": 32, "inner_steps": 15, "kept_steps": 12, "rate": 10.0,
    "iterations": 100, "save_every": 50,
}  # fmt: skip


@dataclass(frozen=True)
class Data:
    """A data set: how it is loaded, what is told apart, how the task and its images are called, which arms it has."""

    spec: str
    classes: str
    task: str
    images: str
    arms: tuple[str, ...]
    options: tuple[tuple[str, Any], ...] = ()


AUGMENT = ",".join(scores.AUGMENTATION.kinds)
ARMS: dict[str, dict[str, Any]] = {
    "random": {"method": "random"},
    "herding": {"method": "herding"},
    "generated": {},
    "mtt": {"method": "mtt"},
    "truncated": {"method": "truncated"},
    "ftd": {"method": "ftd"},
    "satm": {"method": "satm"},
    "satm-rho-6": {"method": "satm", "rho": 6.0},
    "satm-rho-6-ftd": {"method": "satm", "rho": 6.0, "expert_kind": "gsam", "average": 0.99},
    "truncated-dsa": {"method": "truncated", "augment": AUGMENT},
    "satm-rho-6-dsa": {"method": "satm", "rho": 6.0, "augment": AUGMENT},
    "truncated-zca": {"method": "truncated", "whiten": "zca"},
}
"""A radius of 6 over 20 images of 32 px is as much a pixel as 1 over the ten digits of 8 px."""
CORE = ("random", "herding", "generated", "mtt", "truncated", "satm", "satm-rho-6")
DATA = {
    "nih": Data(
        f"folder:{SHARED / 'nih'}", "Pneumonia,No Finding", "NIH, pneumonia or no finding", "NIH radiographs",
        tuple(ARMS),
    ),
    "phantom": Data(
        "phantom", "Lung Opacity,No Finding", "phantom, opacity or no finding", "phantom radiographs", CORE,
        (("size", 64), ("train", 150), ("test", 100)),
    ),
    "hannover": Data(
        f"folder:{SHARED / 'hannover'}", "view", "Hannover, AP or PA", "Hannover radiographs", CORE
    ),
}  # fmt: skip
PAIRS = (
    ("satm", "truncated"), ("satm-rho-6", "truncated"), ("satm-rho-6", "mtt"), ("truncated", "mtt"),
    ("satm-rho-6-ftd", "ftd"), ("satm-rho-6-dsa", "truncated-dsa"), ("truncated-dsa", "truncated"),
    ("truncated-zca", "truncated"), ("satm-rho-6", "random"), ("satm-rho-6", "herding"), ("satm-rho-6", "generated"),
)  # fmt: skip
COSTS = ("seconds", "peak_memory_mb")


def open_data(data: Data, folder: Path) -> scores.Real:
    """Both subsets."""
    split = load_split(data.spec, **dict(data.options))
    inputs = {"split": split, "classes": data.classes}
    train, test = (open_source({**inputs, "subset": subset}, EACH) for subset in ("train", "test"))
    return scores.real_side(train, test, SIDE, folder)


def make(real: scores.Real, data: Data, arm: str, seed: int, folder: Path) -> dict[str, float]:
    """The split of an arm in `folder`/work/split; processor seconds and MiB at the peak."""
    started = time.process_time()
    if arm == "generated":
        _generate(real.train, seed, folder / "work" / "split")
    else:
        _decoded_before(folder)
        given = {"split": real.train.split, "classes": data.classes, "images_per_class": EACH, "side": SIDE}
        run_method(build(BuildContext()), {**given, **SETTINGS, **ARMS[arm]}, folder, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.process_time() - started, "peak_memory_mb": peak}


def measure(
    real: scores.Real, copies: scores.Copies, data: Data, arm: str, seed: int, folder: Path
) -> dict[str, float]:
    """All scores of a split that was made."""
    split = folder / "work" / "split"
    held = load_file(split / "condensed.safetensors")
    images, targets = held["images"].clamp(*real.scale.bounds), held["targets"]
    settings = Settings(**{**SETTINGS, "method": ARMS[arm].get("method", "random")})
    facts = json.loads((split / "condensed.json").read_text("utf-8"))
    found = scores.network_scores(real, images, targets, settings, changed="truncated-dsa" in data.arms)
    if real.bare is not None:
        found |= scores.utility_score(real, split, folder / "utility")
    else:
        found |= scores.view_score(real, split)
    if facts.get("whiten", "none") == "none":  # else the step size is of another space
        step = float(facts.get("step_size", settings.expert_rate))
        held_out = folder.parent / f"held-out-{seed}"
        found |= scores.flatness_scores(real, images, targets, step, settings, held_out, seed)
    return found | copies.share(real.scale.bytes_of(images.numpy()))


def _generate(source: Source, seed: int, folder: Path) -> None:
    """As many images of the embedded generator, drawn for training cases that were chosen at random."""
    rows = selected(np.zeros((len(source.cases), 1), np.float32), source.targets, 2, EACH, "random", seed)
    cases = [source.cases[int(row)] for row in rows]
    generator = GENERATORS.build("embedded", BuildContext(split=source.split, subset="train"))
    asked = [GenerationRequest(case.id, case.prompt or _prompt(case), derive_seed(seed, case.id)) for case in cases]
    drawn: list[Any] = []
    batch = getattr(generator, "compute_batch", 4)
    for start in range(0, len(asked), batch):
        part = asked[start : start + batch]
        drawn += generator.generate([*part, *[part[-1]] * (batch - len(part))])[: len(part)]
    grey = np.stack([small(image, SIDE) for image in drawn])
    scale = scores.Scale.of(grey)
    pixels = np.round(grey[:, 0] * 255).astype(np.uint8)
    facts = {"mean": scale.mean, "deviation": scale.deviation}
    result = Result(pixels, source.targets[rows], cases, True, grey, facts)
    write_split(folder, source.split, source.rule, result, "generated")


def _prompt(case: Case) -> str:
    """Of a case without a report, in the words that the embedded generator was trained on: view and sex."""
    person = {"M": "man", "F": "woman"}.get(case.sex or "", "patient")
    return f"{case.view} chest radiograph of a {person}."


def _decoded_before(folder: Path) -> None:
    """The training images that `open_data` decoded, so that no arm pays for them again."""
    target = folder / "work" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    for path in (folder.parent / "train").glob("*.safetensors"):
        if not (target / path.name).exists():
            os.link(path, target / path.name)


def study(names: Sequence[str], seeds: Sequence[int], arms: Sequence[str], output: Path) -> dict[str, Any]:
    """data/arm/seed -> scores and costs; what was measured before is read."""
    found: dict[str, Any] = {}
    for name in names:
        data = DATA[name]
        real = open_data(data, output / name)
        copies: scores.Copies | None = None
        for seed in seeds:
            for arm in [each for each in data.arms if each in arms]:
                folder, key = output / name / f"{arm}-{seed}", f"{name}/{arm}/{seed}"
                if not (folder / "scores.json").is_file():
                    copies = copies or scores.Copies(real)
                    cost = _alone(real, data, arm, seed, folder)
                    if arm == "generated":
                        _restandardise(folder / "work" / "split", real)
                    write_json(folder / "scores.json", {**measure(real, copies, data, arm, seed, folder), **cost})
                found[key] = json.loads((folder / "scores.json").read_text("utf-8"))
                print(key, {each: round(value, 3) for each, value in found[key].items()}, file=sys.stderr, flush=True)
    return found


def _alone(real: scores.Real, data: Data, arm: str, seed: int, folder: Path) -> dict[str, float]:
    """In a fork of this process: its peak is what lies here already and what the arm adds."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def work() -> None:
        send.send(make(real, data, arm, seed, folder))

    process = context.Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{arm}, seed {seed}: failed")
    cost: dict[str, float] = receive.recv()
    return cost


def _restandardise(split: Path, real: scores.Real) -> None:
    """Generated images in the units of the real training images."""
    from safetensors.torch import save_file

    held = load_file(split / "condensed.safetensors")
    images = torch.from_numpy(real.scale.standardised(held["images"].numpy()))
    save_file({**held, "images": images}, split / "condensed.safetensors")


def runs_of(found: dict[str, Any], name: str) -> list[dict[str, dict[str, float]]]:
    """Of every seed of a data set that has all of its arms: arm -> scores."""
    by_seed: dict[str, dict[str, dict[str, float]]] = {}
    for key, row in found.items():
        data, arm, seed = key.split("/")
        if data == name:
            by_seed.setdefault(seed, {})[arm] = row
    most = max(len(run) for run in by_seed.values())
    return [run for run in by_seed.values() if len(run) == most]


def tables(found: dict[str, Any], name: str) -> list[str]:
    """A row an arm, the mean over seeds of every score; then differences of the same seed, with intervals."""
    runs = runs_of(found, name)
    columns = list(runs[0]["random"])
    lines = [f"{DATA[name].task}, {len(runs)} seeds", "", "| arm | " + " | ".join(columns) + " |"]
    lines.append("|---|" + "---|" * len(columns))
    for arm in runs[0]:
        means = [np.mean([run[arm].get(column, np.nan) for run in runs]) for column in columns]
        lines.append(f"| {arm} | " + " | ".join("-" if np.isnan(mean) else f"{mean:.4f}" for mean in means) + " |")
    scored = {each: (1.0, 4) for each in columns if each not in COSTS}
    shared = {each: scale for each, scale in scored.items() if all(each in run[arm] for run in runs for arm in run)}
    for measures in (shared, {each: scale for each, scale in scored.items() if each not in shared}):
        known = [pair for pair in PAIRS if all(arm in runs[0] and set(measures) <= set(runs[0][arm]) for arm in pair)]
        lines += ["", *(paired(runs, known, measures) if measures else [])]
    return lines


def main() -> None:
    """Measure what is missing, print tables a data set, write a study a data set where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=",".join(DATA))
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--first", type=int, default=10, help="first seed; settings were chosen on lower ones")
    parser.add_argument("--output", type=Path, default=Path("runs/satm-study"))
    parser.add_argument("--studies", type=Path, help="write a study of each data set to this folder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    found = study(arguments.data.split(","), seeds, arguments.arms.split(","), arguments.output)
    for name in arguments.data.split(","):
        print("\n".join(["", *tables(found, name)]))
        if arguments.studies is not None:
            from benchmarks.satm_record import study_record
            from leaderboards.records.method_io import write_study

            arguments.studies.mkdir(parents=True, exist_ok=True)
            write_study(arguments.studies / f"{name}.json", study_record(found, name, arguments.output))


if __name__ == "__main__":
    main()
