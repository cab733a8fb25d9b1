"""Which training images should a generator trust? BADS on the embedded generator, prompts swapped; then fine-tuning.

    python -m benchmarks.bads_generator --output runs/bads-generator
    python -m benchmarks.bads_generator --output runs/bads-generator --study study.json     # only the study

A seed is a phantom cohort that the base has not seen, with the prompts (and labels) of 45 % of the training images
dealt out anew among them, which makes four in ten wrong. Rules give weights by `model-adapters train bads` with
`generator=embedded`; `capacity-control` fine-tunes the embedded generator on the weighted splits; `label_consistency`,
`prompt_choice` and `kid` of the benchmark score what it then draws for the prompts of other patients. About 5 minutes
of CPU a seed; stops and goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bads_planted import Planted, auroc, plant
from chexgenbench.tune.objective import Objective, Sizes, results_of
from data_splits.integrity import atomic_write, write_json
from data_splits.materialise import materialise
from model_adapters.methods import METHODS
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

SEEDS = (0, 1, 2)
COHORT = 21
"""Phantom seed of the first; settings were tried on cohort 5."""

OPTIONS = {"size": "128", "train": "100", "test": "70"}
TRUSTED, SHARE = 30, 0.45
WEIGHING: dict[str, Any] = {
    "generator": "embedded", "meta_at_most": TRUSTED, "steps": 48, "batch": 16, "thin": 2, "draws": 6, "rate": 0.01,
    "weight_rate": 2.0,
}  # fmt: skip
TUNING: dict[str, Any] = {
    "base": "embedded", "peft": "attention", "learning_rate": 2e-3, "steps": 200, "batch": 8, "save_every": 200,
}  # fmt: skip
METRICS = ("label_consistency_lite0", "prompt_choice_lite0", "kid_lite0")
SAMPLER = {"steps": "6"}
TESTED = 60
"""Test images that are noised and denoised."""


class Scores(Objective):
    """What a generator draws for prompts of test patients; memorisation is not asked for."""

    def _require_training_cases(self, plan: Any) -> None:
        pass


MOVING: dict[str, Any] = {"rate": 1.0, "decay": 0.0, "temperature": 1e-5}
"""With the default prior the network stays where the base is; found after the other arms had run."""


@dataclass(frozen=True)
class Arm:
    """A row. rule: none for a generator that is fine-tuned on everything, on the right prompts, or not at all.

    tuned: whether a generator is fine-tuned with its weights.
    """

    name: str
    rule: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    tuned: bool = True


ARMS = (
    Arm("mixing"),
    Arm("bads", "bads"),
    Arm("ask the base", "ask", {"scorer": "base", "steps": 1}),
    Arm("without the wrong ones"),
    Arm("no fine-tuning"),
    Arm("bads, raw loss", "bads", {"reference": "none"}, tuned=False),
    Arm("ask the base, raw loss", "ask", {"scorer": "base", "steps": 1, "reference": "none"}, tuned=False),
    Arm("bads, rate 1", "bads", {"rate": 1.0}, tuned=False),
    Arm("bads, moving", "bads", MOVING, tuned=False),
    Arm("cds, moving", "cds", MOVING, tuned=False),
    Arm("small-loss, moving", "small-loss", MOVING, tuned=False),
)


def folder_of(output: Path, seed: int, arm: Arm) -> Path:
    """Of a run."""
    return output / f"seed-{seed}" / arm.name.replace(", ", "-").replace(" ", "-")


def planted_of(output: Path, seed: int) -> tuple[Planted, Scores]:
    """The swapped split of a seed, and what scores a generator on its clean cohort."""
    options = {**OPTIONS, "seed": str(COHORT + seed)}
    objective = Scores("phantom", options, METRICS, Sizes(cases=80, controls=0, probes=0, draws=1), 42, SAMPLER)
    images = output / f"seed-{seed}" / "images" / "cases.csv"
    if not images.is_file():
        materialise(objective.loaded, images.parent)
    folder = output / f"seed-{seed}" / "planted"
    return plant(images, "swapped", "phantom", seed, folder, TRUSTED, SHARE), objective


def given(planted: Planted, arm: Arm, folder: Path) -> Path:
    """A split of all that an arm without a rule trains on: everything, or what has the right prompt."""
    source = planted.path.parent / "clean" / "cases.csv" if arm.name.startswith("without") else planted.path
    with source.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] in ("train", "meta")]
    with atomic_write(folder / "cases.csv", "w") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "split": "train"} for row in rows)
    return folder


def weigh(planted: Planted, arm: Arm, folder: Path, seed: int) -> tuple[Path, dict[str, Any]]:
    """The weighted split of a rule and what it says of itself."""
    started, cpu = time.monotonic(), time.process_time()
    inputs = {"train": f"folder:{planted.path}", "meta": f"folder:{planted.path}", "meta_subset": "meta",
              "rule": arm.rule, **WEIGHING, **arm.settings}  # fmt: skip
    artifact = run_method(METHODS.build("bads", BuildContext()), inputs, folder / "fit", seed)
    with (artifact.folder / "weights.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == "train"]
    told = np.array([float(row["score"] or row["weight"]) for row in rows])
    weight = np.array([float(row["weight"]) for row in rows])
    wrong = np.array([planted.flags[row["id"]] for row in rows])
    record = artifact.record
    return artifact.folder, {
        "weight_auroc": auroc(-told, wrong), "wrong_mass": float(weight[wrong].sum() / weight.sum()),
        "wrong": float(wrong.mean()), "right_weight": float(weight[~wrong].mean()),
        "wrong_weight": float(weight[wrong].mean()), "passes": record["passes"], "labelled": record["labelled"],
        "trainable": record["trainable"], "meta": record["budget"]["meta_at_most"], "data": record["data"][0]["hash"],
        "weighing_seconds": round(time.monotonic() - started, 1), "weighing_cpu": round(time.process_time() - cpu, 1),
    }  # fmt: skip


def denoising(model: str, objective: Scores) -> dict[str, float]:
    """How well a generator denoises clean test images told their prompt, and what share of the error the prompt saves.

    Far less noisy than a score of drawn images: noise and times are the same for every generator.
    """
    import torch

    from model_adapters.methods.bads.base_losses import base_losses
    from model_adapters.methods.bads.denoiser import Denoiser, Draws
    from model_adapters.methods.bads.latents import LatentEncoder
    from model_adapters.methods.bads.split_source import Part, features_of
    from model_adapters.methods.capacity_control.base import Base, locate_base
    from model_adapters.methods.capacity_control.cases import Texts

    base = Base(locate_base(model), "cpu")
    encoder: Any = LatentEncoder(base)
    part = Part(objective.loaded, "test", objective.loaded.cases("test")[:TESTED])
    clean = torch.from_numpy(features_of(part, encoder)).reshape(-1, *encoder.shape)
    denoiser = Denoiser(base, "bias", 0)
    draws = Draws(denoiser.process, encoder.shape, WEIGHING["draws"], 42)
    prompts, ids = [case.prompt or "" for case in part.cases], [case.id for case in part.cases]
    told, plain = base_losses(denoiser, draws, Texts(base), clean, prompts, ids, part.name).mean(dim=(1, 2)).tolist()
    return {"denoising_error": told, "prompt_gain": 1.0 - told / plain}


def run(planted: Planted, objective: Scores, arm: Arm, folder: Path, seed: int) -> dict[str, Any]:
    """Weights, fine-tuning, images and their scores."""
    started, cpu = time.monotonic(), time.process_time()
    found: dict[str, Any] = {}
    trained = "embedded"
    if arm.rule:
        split, found = weigh(planted, arm, folder, seed)
    elif arm.name != "no fine-tuning":
        split = given(planted, arm, folder / "split")
    if arm.tuned:
        if arm.name != "no fine-tuning":
            method = METHODS.build("capacity-control", BuildContext())
            artifact = run_method(method, {"split": f"folder:{split}", **TUNING}, folder / "tuning", seed)
            trained = str(artifact.folder)
            found |= {key: artifact.record[key] for key in ("images", "effective_images", "loss", "steps")}
            found["tuned"] = artifact.record["trainable"]
        record = objective(trained, folder / "scores")
        found["scores"] = {name: each.value for name, each in results_of(record).items() if each.value is not None}
        found["scores"] |= denoising(trained, objective)
    found["seconds"], found["cpu"] = round(time.monotonic() - started, 1), round(time.process_time() - cpu, 1)
    found["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def results(output: Path, arm: Arm) -> list[dict[str, Any]]:
    """What the seeds of an arm gave; seeds that are missing are left out."""
    paths = [folder_of(output, seed, arm) / "result.json" for seed in SEEDS]
    return [json.loads(path.read_text("utf-8")) for path in paths if path.is_file()]


def main() -> int:
    """Run what is not done, print the table, write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--arms", nargs="+", default=[arm.name for arm in ARMS])
    parser.add_argument("--study", type=Path, help="only write a method record of what is there")
    asked = parser.parse_args()
    if asked.study is None:
        import torch

        torch.set_num_threads(1)
        for seed in asked.seeds:
            planted, objective = planted_of(asked.output, seed)
            for arm in ARMS:
                folder = folder_of(asked.output, seed, arm)
                if arm.name not in asked.arms or (folder / "result.json").is_file():
                    continue
                found = run(planted, objective, arm, folder, seed)
                write_json(folder / "result.json", found)
                shown = {key: found[key] for key in ("weight_auroc", "scores", "cpu", "seconds") if key in found}
                sys.stderr.write(f"seed {seed} {arm.name}: {json.dumps(shown)}\n")
    from benchmarks.bads_generator_study import table, write

    sys.stdout.write(table(asked.output) + "\n")
    if asked.study is not None:
        write(asked.output, asked.study)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
