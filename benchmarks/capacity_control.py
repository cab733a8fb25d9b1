"""Does fine-tuning with fewer parameters memorise less? The embedded generator on eight training images.

Two data sets: phantom patients that the base has not seen (its own domain), and training images of the shared NIH
selection (another domain). On each, full fine-tuning against four families of fewer parameters and no fine-tuning, over
seeds; a seed is other patients, another order and other noise. Then the two mitigations. Every arm is scored by
`chexgenbench.tune.objective`: fidelity is KID to held-out real images, memorisation four of the benchmark's metrics.

    python -m benchmarks.capacity_control --output DIR [--seeds 3] [--data nih phantom] [--nih FOLDER]

An arm that is done is read back, one that was killed goes on. `--report` makes table, plots and study of what is there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chexgenbench.tune.objective import Objective, Sizes, results_of
from data_splits.integrity import write_json
from model_adapters.inference.seeds import derive_seed

FAMILIES = ("full", "attention", "lora", "difffit", "svdiff")
MITIGATIONS: dict[str, dict[str, Any]] = {
    "": {},
    "tokens": {"insert_tokens": 4},
    "threshold": {"noise_threshold": "p75"},
    "stopped": {"steps": 30},
}
"""stopped: full fine-tuning again, ended while its training loss is about that of the other families."""

RATES = {"full": 5e-4, "attention": 1e-3, "lora": 5e-3, "difffit": 5e-3, "svdiff": 2e-2, "freeze": 0.0}
"""Ours: ten times the published ones for full and attention (the model is a hundred times smaller, and 100 steps are
few), more for families whose published rates hardly move a weight in 100 steps (svdiff: 1e-4)."""

IMAGES, STEPS, BATCH = 8, 100, 4
METRICS = ("kid_lite0", "mia_auroc_grey64", "nn_ratio_grey64", "extraction_grey64", "noise_norm")
SIZES = Sizes(cases=32, controls=20, probes=IMAGES, draws=3)
SAMPLER = {"steps": "6"}


@dataclass(frozen=True)
class Arm:
    """One fine-tuning: data set, family of parameters, mitigation ("" for none), seed."""

    data: str
    family: str
    mitigation: str
    seed: int

    @property
    def name(self) -> str:
        """As in folders: nih-full-tokens-0."""
        return "-".join(filter(None, (self.data, self.family, self.mitigation, str(self.seed))))


def arms(data: list[str], seeds: int, mitigated: int) -> list[Arm]:
    """What matters most first, so that an early end leaves whole comparisons: the first data set over all seeds, its
    full fine-tuning with each mitigation, one seed of the others, the first one's other mitigations, the rest."""
    plain = [Arm(name, family, "", seed) for seed in range(seeds) for name in data for family in (*FAMILIES, "freeze")]
    treated = [
        Arm(name, family, mitigation, seed)
        for seed in range(mitigated)
        for name in data
        for family in FAMILIES
        for mitigation in ("tokens", "threshold")
    ]
    stopped = [Arm(name, "full", "stopped", seed) for seed in range(seeds) for name in data]

    def turn(arm: Arm) -> int:
        first, full = arm.data == data[0], arm.family == "full"
        if not arm.mitigation:
            return 0 if first else 2 if arm.seed == 0 else 4
        return (1 if full else 3) if first else 5

    return sorted([*plain, *stopped, *treated], key=turn)


def source(data: str, nih: Path) -> tuple[str, dict[str, str]]:
    """Split and its options: phantom patients of a seed that the base was not trained on, or the NIH images."""
    if data == "phantom":
        return "phantom", {"seed": "5", "train": "60", "test": "60", "size": "128"}
    return f"folder:{nih}", {}


def chosen(objective: Objective, seed: int) -> list[str]:
    """Ids of the training images of a seed: one a patient, drawn by hash."""
    first: dict[str, str] = {}
    for case in sorted(objective.loaded.cases("train"), key=lambda case: case.id):
        first.setdefault(case.patient, case.id)
    ranked = sorted(first, key=lambda patient: derive_seed(seed, patient, purpose="benchmark/capacity-control"))
    return [first[patient] for patient in ranked[:IMAGES]]


def run_arm(arm: Arm, objective: Objective, output: Path) -> dict[str, Any]:
    """Train and score an arm; one that is done is read back."""
    from model_adapters.methods import METHODS
    from model_adapters.methods.run import run_method
    from model_adapters.protocols import BuildContext

    path = output / arm.name / "arm.json"
    if path.exists():
        done: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return done
    began, cpu = time.time(), time.process_time()
    inputs = {
        "base": "embedded", "split": objective.split, "peft": arm.family,
        "split_options": ",".join(f"{key}={value}" for key, value in objective.split_options.items()),
        "cases": ",".join(chosen(objective, arm.seed)), "batch": BATCH, "save_every": STEPS,
        "learning_rate": RATES[arm.family], "steps": STEPS, **MITIGATIONS[arm.mitigation],
    }  # fmt: skip
    method = METHODS.build("capacity-control", BuildContext())
    artifact = run_method(method, inputs, output / arm.name / "training", arm.seed)
    trained, trained_cpu = time.time(), time.process_time()
    record = objective(str(artifact.folder), output / arm.name / "run")
    kept = {
        name: {
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "reason": each.reason,
            "extra": dict(each.extra),
        }
        for name, each in results_of(record).items()
    }
    answer = {
        "data": arm.data, "family": arm.family, "mitigation": arm.mitigation, "seed": arm.seed,
        "trainable": artifact.record["trainable"], "share": artifact.record["trainable_share"],
        "learning_rate": artifact.record["settings"]["learning_rate"], "loss": artifact.record["loss"],
        "samples_dropped": artifact.record["samples_dropped"], "steps": artifact.record["steps"],
        "images": artifact.record["images"], "results": kept,
        "seconds": {
            "training": round(trained - began, 1), "training_cpu": round(trained_cpu - cpu, 1),
            "scoring": round(time.time() - trained, 1), "scoring_cpu": round(time.process_time() - trained_cpu, 1),
        },
    }  # fmt: skip
    write_json(path, answer)
    for heavy in (output / arm.name / "training/work/state.safetensors", output / arm.name / "training/work/latents"):
        shutil.rmtree(heavy) if heavy.is_dir() else heavy.unlink(missing_ok=True)
    return answer


def report(asked: argparse.Namespace) -> None:
    """Print the tables, write the plots and, where a file is named for it, the study."""
    from benchmarks import capacity_control_report as made
    from benchmarks._timing import revision

    print(made.write(asked.output, asked.data, asked.images))
    if asked.study is None:
        return

    from data_splits.sources import load_split
    from leaderboards.records.method_io import write_study
    from leaderboards.records.method_record import DataUsed

    used = []
    for data in asked.data:
        split = load_split(source(data, asked.nih)[0], **source(data, asked.nih)[1])
        used.append(
            DataUsed(
                name=made.DATA[data], version=split.version, subset="train", hash=split.manifest.hash,
                licence=split.licence.partition(" The selection of")[0][:600], credentialed=split.credentialed,
            )
        )  # fmt: skip
    write_study(asked.study, made.study(made.arms_of(asked.output), asked.data, revision(), used))


def main() -> None:
    """Run the arms that are missing, or report on those that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--mitigated", type=int, default=1, help="seeds whose arms are repeated with each mitigation")
    parser.add_argument("--data", nargs="+", default=["nih", "phantom"])
    parser.add_argument("--nih", type=Path, default=Path("../shared/data/nih/cases.csv"), help="cases.csv")
    parser.add_argument("--only", help="family, to try one")
    parser.add_argument("--report", action="store_true", help="tables and plots of the arms that are done, no others")
    parser.add_argument("--images", type=Path, default=Path("docs/images"), help="where the plots go")
    parser.add_argument("--study", type=Path, help="also write the study here, for `leaderboards publish-method`")
    asked = parser.parse_args()
    if asked.report:
        report(asked)
        return
    import torch

    torch.set_num_threads(1)
    objectives: dict[str, Objective] = {}
    for arm in arms(asked.data, asked.seeds, asked.mitigated):
        if asked.only and arm.family != asked.only:
            continue
        if arm.data not in objectives:
            split, options = source(arm.data, asked.nih)
            objectives[arm.data] = Objective(split, options, METRICS, SIZES, 42, SAMPLER, str(asked.output / "cache"))
        answer = run_arm(arm, objectives[arm.data], asked.output)
        values = {name: each["value"] for name, each in answer["results"].items()}
        print(arm.name, answer["trainable"], json.dumps(values), json.dumps(answer["seconds"]), flush=True)


if __name__ == "__main__":
    main()
