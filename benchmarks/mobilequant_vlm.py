"""The embedded VLM's language model quantised by every arm, and scored by `mirb eval` beside the float model.

    python -m benchmarks.mobilequant_vlm runs/mq-vlm

What the float model gives is computed once for all arms. Stops and resumes at any time, prints `mirb compare` of every
arm with the float model, and writes FOLDER/study.json (`leaderboards publish-method`): right or wrong of every question
(the mean over seeds, where there are several), and how surprised each arm is by right answers of other questions, a
draw a seed. A seed is another draw of calibration questions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from benchmarks._timing import machine, revision
from benchmarks.mobilequant_study import FLOAT, costs_of, settings_of
from data_splits.errors import UserError
from leaderboards.records.io import read_record
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.artifact import read_artifact

ARMS: dict[str, Literal["method", "control"]] = {
    "smoothquant-edge": "control", "omniquant-edge": "control", "omniquant-edge-own": "control", "rtn": "control",
    "mobilequant": "method",
}  # fmt: skip
"""SmoothQuant-Edge first: most of the gain is the transform that it shares."""
RATES: dict[str, dict[str, float | None]] = {
    "mobilequant": {"transform_rate": None, "clip_rate": None, "range_rate": None},
    "omniquant-edge": {"transform_rate": None, "clip_rate": None},
    "omniquant-edge-own": {"transform_rate": 5e-3, "clip_rate": 1e-2},
}
"""Learning rates that an arm uses; None for that of the command line. OmniQuant has MobileQuant's and its published."""
LEARNS = "mobilequant"
TASKS = "3d_scene,analogy,attribute,count,image_jigsaw"
"""What the embedded VLM has learnt."""
SHARED = ("before.json", "targets.safetensors", "aims.safetensors")
"""What a run computes from the float model and the questions alone."""


@dataclass(frozen=True)
class Scheme:
    """Bits of weights and activations, and how many questions a task are asked of it."""

    weights: int
    activations: int
    per_task: int

    @property
    def label(self) -> str:
        """For example "W4A8"."""
        return f"W{self.weights}A{self.activations}"

    @property
    def task(self) -> str:
        """What its accuracy is called on the board."""
        return f"MIRB procedural, five learnt tasks, {self.label}"


def quantised(folder: Path, scheme: Scheme, arm: str, given: dict[str, Any], seed: int) -> Path:
    """The folder of an arm's run."""
    output = folder / f"seed-{seed}" / f"{scheme.label}-{arm}"
    kept = folder / f"seed-{seed}" / FLOAT
    if not (output / "artifact.json").exists():
        (output / "work").mkdir(parents=True, exist_ok=True)
        for name in SHARED:
            if (kept / name).exists() and not (output / "work" / name).exists():
                shutil.copyfile(kept / name, output / "work" / name)
    rates = {name: given[name] if own is None else own for name, own in RATES.get(arm, {}).items()}
    inputs = {
        "model": "embedded", "method": arm.removesuffix("-own"), "weight_bits": scheme.weights,
        "activation_bits": scheme.activations, "save_every": 5, **rates,
        **{name: value for name, value in given.items() if not name.endswith("rate")},
    }  # fmt: skip
    settings = [part for key, value in inputs.items() for part in ("--input", f"{key}={value}")]
    _run("model_adapters", "train", "mobilequant", "--output", str(output), "--seed", str(seed), *settings)
    kept.mkdir(exist_ok=True)
    for name in SHARED:
        if not (kept / name).exists():
            shutil.copyfile(output / "work" / name, kept / name)
    return output


def evaluated(output: Path, vlm: str, per_task: int) -> Path:
    """The run of a `mirb eval`; a finished one is not answered again."""
    if not (output / "record.json").exists():
        _run(
            "mirb", "eval", "--vlm", vlm, "--split", "mirb-procedural", "--split-option", f"per_task={per_task}",
            "--split-option", f"tasks={TASKS}", "--output", str(output),
        )  # fmt: skip
    return output


def outcomes(run: Path) -> list[float]:
    """1 for each question that was answered rightly by protocol v2, in the order of ids."""
    lines = [json.loads(line) for line in (run / "outcomes.jsonl").read_text("utf-8").splitlines()]
    return [float(each["scorers"]["v2"]["outcome"] == "correct") for each in sorted(lines, key=lambda one: one["id"])]


@dataclass(frozen=True)
class Cells:
    """Runs in a folder: those of an arm that are there, seed by seed.

    Attributes:
        left_out: cells such as "W4A8-rtn" that are not asked the benchmark's questions, and why.
    """

    folder: Path
    seeds: Sequence[int]
    left_out: Mapping[str, str]

    def why(self, scheme: Scheme, arm: str) -> str | None:
        """Why a cell is left out, or None."""
        return self.left_out.get(f"{scheme.label}-{arm}")

    def fit(self, scheme: Scheme, arm: str, seed: int) -> Path:
        """The folder of a run of the method."""
        return self.folder / f"seed-{seed}" / f"{scheme.label}-{arm}"

    def run(self, scheme: Scheme, arm: str, seed: int) -> Path:
        """The folder of a run of the benchmark."""
        if arm == FLOAT:
            return self.folder / "eval" / f"{FLOAT}-{scheme.per_task}"
        return self.folder / "eval" / f"seed-{seed}-{scheme.label}-{arm}"

    def fitted(self, scheme: Scheme, arm: str) -> list[Path]:
        """Runs of the method that are there."""
        paths = [self.fit(scheme, arm, seed) for seed in self.seeds]
        return [path for path in paths if (path / "artifact.json").exists()]

    def scores(self, scheme: Scheme, arm: str) -> list[Score]:
        """Accuracy and surprise of an arm."""
        other, why = f"right answers, other questions, {scheme.label}", self.why(scheme, arm)
        # the float model's surprise was measured beside every arm's
        fits = self.fitted(scheme, "smoothquant-edge" if arm == FLOAT else arm)
        key = "surprise_float" if arm == FLOAT else "surprise"
        surprise = [each for path in fits for each in read_artifact(path).record["measured"][key]]
        found = []
        if why is not None:
            found.append(Score(task=scheme.task, metric="accuracy", direction="higher", reason=why))
        else:
            runs = {self.run(scheme, arm, seed): None for seed in self.seeds}  # one of the float model
            right = [fmean(each) for each in zip(*map(outcomes, runs), strict=True)]
            sure = set(right) <= {0.0, 1.0}
            found.append(own_score(scheme.task, "accuracy", "higher", "case", right, indicator=sure))
        if surprise:
            found.append(own_score(other, "surprise", "lower", "case", surprise, unit="nats/token"))
        else:
            found.append(Score(task=other, metric="surprise", direction="lower", unit="nats/token", reason=why))
        return found


def study(
    cells: Cells, schemes: Sequence[Scheme], given: dict[str, Any], command: str, notes: Sequence[str] = ()
) -> MethodRecord:
    """Quantise, let the benchmark score, put together."""
    for scheme in schemes:
        evaluated(cells.run(scheme, FLOAT, 0), "embedded", scheme.per_task)
        for seed in cells.seeds:
            for arm in ARMS:
                why = cells.why(scheme, arm)
                if why is None or (cells.fit(scheme, arm, seed) / "artifact.json").exists():
                    output = quantised(cells.folder, scheme, arm, given, seed)
                if why is None:
                    vlm = f"embedded-quantised:{output / 'work' / 'model'}"
                    evaluated(cells.run(scheme, arm, seed), vlm, scheme.per_task)
    last = schemes[-1]
    arms = []
    for arm, role in ARMS.items():
        told = read_artifact(cells.fitted(last, arm)[0]).record
        arms.append(
            Arm(
                name=arm, role=role, settings=settings_of(told), seeds=list(cells.seeds),
                budget={"weight_bits": last.weights, "activation_bits": last.activations, "wide_bits": 16},
                trainable=told["trainable"], scores=[one for scheme in schemes for one in cells.scores(scheme, arm)],
                **costs_of([path for scheme in schemes for path in cells.fitted(scheme, arm)]),
            )
        )  # fmt: skip
    floats = [one for scheme in schemes for one in cells.scores(scheme, FLOAT)]
    arms.append(Arm(name=FLOAT, role="control", seeds=list(cells.seeds), scores=floats))
    data = [DataUsed(**each) for path in cells.fitted(last, "rtn") for each in read_artifact(path).record["data"]]
    for per_task in sorted({scheme.per_task for scheme in schemes}):
        split = read_record(cells.folder / "eval" / f"{FLOAT}-{per_task}").split
        data.append(
            DataUsed(
                name=str(split["name"]), version=str(split["version"]), subset=f"seed 7, {per_task} questions a task",
                hash=str(split["hash"]), licence=str(split["licence"]), credentialed=False,
            )
        )  # fmt: skip
    asked = "; ".join(f"{len(TASKS.split(',')) * each.per_task} questions at {each.label}" for each in schemes)
    over = (
        "Accuracy is the mean over seeds of each question, and surprise has other questions for each seed."
        if len(cells.seeds) > 1
        else "One run an arm: intervals are over questions, not over calibration samples."
    )
    return MethodRecord(
        method="mobilequant",
        title="The embedded VLM with its language model in integers",
        question="What does integer arithmetic cost a vision-language model, and does joint learning win it back?",
        base="the embedded vision-language model; the language part is SmolLM2-135M with its LoRA",
        data=data,
        arms=arms,
        notes=[
            "Eye, projector and second look stay in float, and do most of the work; see docs/mobilequant.md.",
            "Accuracy is the plain share of right answers, as mirb eval with protocol v2 reads them; an unreadable one "
            "is wrong. Its headline is a mean of categories instead.",
            f"{asked}. {over}",
            "OmniQuant learns with MobileQuant's rates, and, as omniquant-edge-own, with those published for it. The "
            "float model is the same in both schemes. Seconds are by the clock of a busy machine.",
            *notes,
        ],
        command=command,
        revision=revision(),
        machine=machine("torch")[:200],
    )


def _run(package: str, *arguments: str, show: bool = False) -> None:
    subprocess.run(
        [sys.executable, "-c", f"from {package}.cli import main; main()", *arguments],
        check=True,
        stdout=None if show else subprocess.DEVNULL,
    )


def main() -> None:
    """Run what is missing, compare, write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=20, help="calibration questions")
    parser.add_argument("--held-out", type=int, default=40, help="questions whose right answers are weighed")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--transform-rate", type=float, default=1e-2)
    parser.add_argument("--clip-rate", type=float, default=3e-2)
    parser.add_argument("--range-rate", type=float, default=3e-3)
    parser.add_argument("--schemes", default="8,8,20;4,8,40", help="bits of weights and activations, questions a task")
    parser.add_argument("--seeds", type=int, default=1, help="draws of calibration questions, from 0")
    parser.add_argument("--leave-out", action="append", default=[], help="CELL=WHY, not asked: W4A8-rtn=...")
    parser.add_argument("--note", action="append", default=[], help="a sentence that the study shall tell")
    given = parser.parse_args()
    schemes = [Scheme(*map(int, each.split(","))) for each in given.schemes.split(";")]
    left_out = dict(each.split("=", 1) for each in given.leave_out)
    names = ("samples", "held_out", "epochs", "transform_rate", "clip_rate", "range_rate")
    cells = Cells(given.folder, range(given.seeds), left_out)
    command = f"python -m benchmarks.mobilequant_vlm runs/mq-vlm --schemes '{given.schemes}' --seeds {given.seeds}"
    command += "".join(f" --leave-out '{name}=...'" for name in left_out)
    record = study(cells, schemes, {name: getattr(given, name) for name in names}, command, given.note)
    write_study(given.folder / "study.json", record)
    for scheme in schemes:
        asked = [each for each in ARMS if cells.why(scheme, each) is None]
        for first, second in [(FLOAT, each) for each in asked] + [(each, LEARNS) for each in asked if each != LEARNS]:
            _run("mirb", "compare", *(str(cells.run(scheme, each, 0)) for each in (first, second)), show=True)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
