"""The embedded VLM's language model quantised by every arm, and scored by `mirb eval` beside the float model.

    python -m benchmarks.mobilequant_vlm runs/mq-vlm

What the float model gives is computed once for all arms. Stops and resumes at any time, prints `mirb compare` of every
arm with the float model, and writes FOLDER/study.json (`leaderboards publish-method`): right or wrong of every
question, and how surprised each arm is by right answers of other questions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._timing import machine, revision
from benchmarks.mobilequant_study import FLOAT, costs_of, settings_of
from data_splits.errors import UserError
from leaderboards.records.io import read_record
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.artifact import read_artifact

ARMS = {"smoothquant-edge": "control", "rtn": "control", "mobilequant": "method"}
"""SmoothQuant-Edge first: most of the gain is the transform that it shares."""
LEARNS = "mobilequant"
TASKS = "3d_scene,analogy,attribute,count,image_jigsaw"
"""What the embedded VLM has learnt."""
SHARED = ("before.json", "targets.safetensors", "aims.safetensors")
"""What a run computes from the float model and the questions alone."""


def quantised(folder: Path, scheme: tuple[int, int], arm: str, given: dict[str, Any], seed: int) -> Path:
    """The folder of an arm's run."""
    output = folder / "quantised" / f"{_label(scheme)}-{arm}"
    kept = folder / "quantised" / "float"
    if not (output / "artifact.json").exists():
        (output / "work").mkdir(parents=True, exist_ok=True)
        for name in SHARED:
            if (kept / name).exists() and not (output / "work" / name).exists():
                shutil.copyfile(kept / name, output / "work" / name)
    inputs = {
        "model": "embedded", "method": arm, "weight_bits": scheme[0], "activation_bits": scheme[1], "save_every": 5,
        **{name: value for name, value in given.items() if arm == LEARNS or not name.endswith("rate")},
    }  # fmt: skip
    settings = [part for key, value in inputs.items() for part in ("--input", f"{key}={value}")]
    _run("model_adapters", "train", "mobilequant", "--output", str(output), "--seed", str(seed), *settings)
    kept.mkdir(exist_ok=True)
    for name in SHARED:
        if not (kept / name).exists():
            shutil.copyfile(output / "work" / name, kept / name)
    return output


def evaluated(folder: Path, name: str, vlm: str, limit: int) -> Path:
    """The run of a `mirb eval`; a finished one is not answered again."""
    output = folder / "eval" / name
    _run(
        "mirb", "eval", "--vlm", vlm, "--split", "mirb-procedural", "--tasks", TASKS, "--limit", str(limit),
        "--output", str(output),
    )  # fmt: skip
    return output


def outcomes(run: Path) -> list[float]:
    """1 for each question that was answered rightly by protocol v2, in the order of ids."""
    lines = [json.loads(line) for line in (run / "outcomes.jsonl").read_text("utf-8").splitlines()]
    return [float(each["scorers"]["v2"]["outcome"] == "correct") for each in sorted(lines, key=lambda one: one["id"])]


def study(
    folder: Path, schemes: Sequence[tuple[int, int]], given: dict[str, Any], limit: int, seed: int,
    unasked: Sequence[str] = (),
) -> MethodRecord:  # fmt: skip
    """Quantise, let the benchmark score, put together.

    Args:
        unasked: cells such as W4A8-rtn that are not asked the benchmark's questions.
    """
    float_run = evaluated(folder, FLOAT, "embedded", limit)
    cells: dict[tuple[str, str], tuple[Path, Path]] = {}
    for scheme in schemes:
        for arm in ARMS:
            output = quantised(folder, scheme, arm, given, seed)
            name = f"{_label(scheme)}-{arm}"
            run = folder / "eval" / name
            if name not in unasked:
                run = evaluated(folder, name, f"embedded-quantised:{output / 'work' / 'model'}", limit)
            cells[_label(scheme), arm] = (output, run)

    def scores(arm: str) -> list[Score]:
        found = []
        for scheme in schemes:
            label = _label(scheme)
            output, run = cells[label, "rtn" if arm == FLOAT else arm]
            measured = read_artifact(output).record["measured"]
            surprise = measured["surprise_float" if arm == FLOAT else "surprise"]
            task = f"MIRB procedural, five learnt tasks, {label}"
            if f"{label}-{arm}" in unasked:
                why = "not finished: its answers run to the limit of tokens and take many times longer"
                found.append(Score(task=task, metric="accuracy", direction="higher", reason=why))
            else:
                right = outcomes(float_run if arm == FLOAT else run)
                found.append(own_score(task, "accuracy", "higher", "case", right, indicator=True))
            other = f"right answers, other questions, {label}"
            found.append(own_score(other, "surprise", "lower", "case", surprise, unit="nats/token"))
        return found

    arms = []
    for arm, role in ARMS.items():
        first = read_artifact(cells[_label(schemes[0]), arm][0]).record
        arms.append(
            Arm(
                name=arm, role=role, settings=settings_of(first), seeds=[seed],
                budget={"weight_bits": schemes[0][0], "activation_bits": schemes[0][1], "wide_bits": 16},
                trainable=first["trainable"], scores=scores(arm),
                **costs_of([cells[_label(scheme), arm][0] for scheme in schemes]),
            )
        )  # fmt: skip
    arms.append(Arm(name=FLOAT, role="control", seeds=[seed], scores=scores(FLOAT)))
    told = read_artifact(cells[_label(schemes[0]), "rtn"][0]).record["data"]
    split = read_record(float_run).split
    asked = {
        "name": str(split["name"]), "version": str(split["version"]), "subset": "questions of seed 7",
        "hash": str(split["hash"]), "licence": str(split["licence"]), "credentialed": False,
    }  # fmt: skip
    return MethodRecord(
        method="mobilequant",
        title="The embedded VLM with its language model in integers",
        question="What does integer arithmetic cost a vision-language model, and does joint learning win it back?",
        base="the embedded vision-language model; the language part is SmolLM2-135M with its LoRA",
        data=[DataUsed(**each) for each in [*told, asked]],
        arms=arms,
        notes=[
            "Eye, projector and second look stay in float, and do most of the work; see docs/mobilequant.md.",
            "Accuracy is the plain share of right answers, as mirb eval with protocol v2 reads them; an unreadable one "
            "is wrong. Its headline is a mean of categories instead.",
            "One run an arm: intervals are over questions, not over calibration samples.",
            "The float model is the same in both schemes. Seconds are by the clock of a busy machine.",
        ],
        command="python -m benchmarks.mobilequant_vlm runs/mq-vlm"
        + (f" --unasked {','.join(unasked)}" if unasked else ""),
        revision=revision(),
        machine=machine("torch")[:200],
    )


def _label(scheme: tuple[int, int]) -> str:
    return f"W{scheme[0]}A{scheme[1]}"


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
    parser.add_argument("--schemes", default="8,8;4,8", help="bits of weights and activations")
    parser.add_argument("--limit", type=int, default=40, help="questions a task, of the 20 that the split has")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unasked", default="", help="cells not asked the benchmark's questions, such as W4A8-rtn")
    given = parser.parse_args()
    schemes = [(int(each.split(",")[0]), int(each.split(",")[1])) for each in given.schemes.split(";")]
    unasked = [each for each in given.unasked.split(",") if each]
    names = ("samples", "held_out", "epochs", "transform_rate", "clip_rate", "range_rate")
    record = study(
        given.folder, schemes, {name: getattr(given, name) for name in names}, given.limit, given.seed, unasked
    )
    write_study(given.folder / "study.json", record)
    for scheme in schemes:
        for arm in (each for each in ARMS if f"{_label(scheme)}-{each}" not in unasked):
            runs = [str(given.folder / "eval" / name) for name in (FLOAT, f"{_label(scheme)}-{arm}")]
            _run("mirb", "compare", *runs, show=True)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
