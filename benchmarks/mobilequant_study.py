"""MobileQuant beside its controls, as studies for the methods board.

`language`: perplexity of the character model over seeds, from the folder that the validation left:
    python -m model_adapters.methods.mobilequant.validation --output runs/mq --seeds 3
    python -m benchmarks.mobilequant_study language runs/mq
`vlm`: quantises the embedded VLM's language model by every arm, lets `mirb eval` score each beside the float model:
    python -m benchmarks.mobilequant_study vlm runs/mq-vlm --samples 20 --epochs 3
Both stop and resume at any time, and write STUDY/study.json (`leaderboards publish-method`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks._timing import machine
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from leaderboards.records.io import read_record, record_hash
from leaderboards.records.method_check import benchmark_score
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.artifact import read_artifact

ARMS = {"mobilequant": "method", "smoothquant-edge": "control", "smoothquant-static": "control", "rtn": "control"}
"""SmoothQuant-Edge first: most of the gain is the transform that it shares."""
TASKS = "3d_scene,analogy,attribute,count,image_jigsaw"
FLOAT = "float"


def language(folder: Path) -> MethodRecord:
    """The study of finished validation runs.

    Raises:
        UserError: nothing finished lies there.
    """
    seeds = sorted(folder.glob("seed-*"))
    schemes = sorted({path.name.split("-")[0] for seed in seeds for path in seed.glob("*-rtn")})
    if not seeds or not schemes:
        raise UserError(f"{folder} holds no finished validation. Run model_adapters.methods.mobilequant.validation.")
    runs = {(arm, scheme): [seed / f"{scheme}-{arm}" for seed in seeds] for arm in ARMS for scheme in schemes}
    facts = {key: [read_artifact(path).record for path in paths] for key, paths in runs.items()}
    told = facts["rtn", schemes[0]][0]["data"][0]
    data = DataUsed(
        name="standard library source, character model",
        version=sys.version.split()[0],
        subset="windows of 96 characters",
        hash=content_hash([record["data"][0]["hash"] for record in facts["rtn", schemes[0]]]),
        licence="PSF-2.0",
        credentialed=bool(told["credentialed"]),
    )

    def scores(arm: str) -> list[Score]:
        key, name = ("perplexity_float", "rtn") if arm == FLOAT else ("perplexity", arm)
        return [
            own_score(
                f"Python source, character model, {scheme}", "perplexity", "lower", "seed",
                [record["measured"][key] for record in facts[name, scheme]],
            )
            for scheme in schemes
        ]  # fmt: skip

    arms = [
        Arm(
            name=arm, role=role, settings=_settings(facts[arm, schemes[0]][0]), seeds=list(range(len(seeds))),
            budget={"activation_bits": 8, "wide_bits": 16, "weight_bits": 8 if "W8A8" in schemes else 4},
            trainable=facts[arm, schemes[0]][0]["trainable"], scores=scores(arm),
            **_costs([path for scheme in schemes for path in runs[arm, scheme]]),
        )
        for arm, role in ARMS.items()
    ]  # fmt: skip
    arms.append(Arm(name=FLOAT, role="control", seeds=list(range(len(seeds))), scores=scores(FLOAT)))
    return MethodRecord(
        method="mobilequant",
        title="MobileQuant on a character model",
        question="Does learning transforms, clipping and ranges together beat SmoothQuant with the same transforms?",
        base="a Llama model of 0.3 M parameters trained on the standard library's source, a seed each",
        data=[data],
        arms=arms,
        notes=[
            "Outliers were put into the weights without changing the function: small models have none of their own."
        ],
        command="python -m benchmarks.mobilequant_study language runs/mq",
        revision=_revision(),
        machine=machine("torch")[:200],
    )


def vlm(folder: Path, samples: int, epochs: int, bits: tuple[int, int], limit: int, seed: int) -> MethodRecord:
    """Quantise, let the benchmark score, put together."""
    found: dict[str, Any] = {FLOAT: _evaluated(folder / "eval" / FLOAT, "embedded", limit)}
    records: dict[str, Any] = {}
    for arm in ARMS:
        output = folder / "quantised" / arm
        given = {
            "model": "embedded", "method": arm, "weight_bits": bits[0], "activation_bits": bits[1], "samples": samples,
            "held_out": 20, "epochs": epochs, "transform_rate": 3e-3, "save_every": 5,
        }  # fmt: skip
        settings = [part for key, value in given.items() for part in ("--input", f"{key}={value}")]
        _run("model_adapters", "train", "mobilequant", "--output", str(output), "--seed", str(seed), *settings)
        records[arm] = read_artifact(output)
        name = f"embedded-quantised:{records[arm].folder}"
        found[arm] = _evaluated(folder / "eval" / arm, name, limit)
    label = f"W{bits[0]}A{bits[1]}"
    task = f"MIRB procedural, five learnt tasks, {label}"

    def scores(arm: str) -> list[Score]:
        key, name = ("surprise_float", "rtn") if arm == FLOAT else ("surprise", arm)
        return [
            benchmark_score(task, [(record_hash(found[arm]), found[arm])], "accuracy"),
            own_score(
                f"right answers of held-out questions, {label}", "surprise", "lower", "case",
                records[name].record["measured"][key], unit="nats/token",
            ),
        ]  # fmt: skip

    arms = [
        Arm(
            name=arm, role=role, settings=_settings(records[arm].record), seeds=[seed],
            budget=records[arm].record["budget"], trainable=records[arm].record["trainable"], scores=scores(arm),
            **_costs([folder / "quantised" / arm]),
        )
        for arm, role in ARMS.items()
    ]  # fmt: skip
    arms.append(Arm(name=FLOAT, role="control", seeds=[seed], scores=scores(FLOAT)))
    told = records["rtn"].record["data"]
    split = found[FLOAT].split
    evaluated = {
        "name": str(split["name"]), "version": str(split["version"]), "subset": "test", "hash": str(split["hash"]),
        "licence": str(split["licence"]), "credentialed": False,
    }  # fmt: skip
    return MethodRecord(
        method="mobilequant",
        title=f"The embedded VLM's language model at {label}",
        question="What does integer arithmetic cost a vision-language model, and does joint learning win it back?",
        base="the embedded vision-language model",
        data=[DataUsed(**each) for each in [*told, evaluated]],
        arms=arms,
        notes=["Eye, projector and second look stay in float, and do most of the work; see docs/mobilequant.md."],
        command=f"python -m benchmarks.mobilequant_study vlm runs/mq-vlm --samples {samples} --epochs {epochs}",
        revision=_revision(),
        machine=machine("torch")[:200],
    )


def _evaluated(output: Path, name: str, limit: int) -> Any:
    """The record of a `mirb eval`; a finished run is read back."""
    _run(
        "mirb", "eval", "--vlm", name, "--split", "mirb-procedural", "--tasks", TASKS, "--limit", str(limit),
        "--output", str(output),
    )  # fmt: skip
    return read_record(output)


def _run(package: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-c", f"from {package}.cli import main; main()", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _settings(record: Any) -> dict[str, Any]:
    dropped = ("method", "weight_bits", "activation_bits", "wide_bits")
    return {name: value for name, value in record["settings"].items() if name not in dropped and value is not None}


def _costs(paths: Sequence[Path]) -> dict[str, float]:
    told = [json.loads((path / "work" / "measured.json").read_text("utf-8")) for path in paths]
    return {name: round(fmean(each[name] for each in told), 1) for name in ("seconds", "peak_memory_mb")}


def _revision() -> str:
    root = Path(__file__).resolve().parents[1]
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    """One study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("language", "vlm"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--bits", default="4,8", help="of weights and activations")
    parser.add_argument("--limit", type=int, default=40, help="questions a task")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.study == "language":
        record = language(given.folder)
    else:
        weights, activations = map(int, given.bits.split(","))
        record = vlm(given.folder, given.samples, given.epochs, (weights, activations), given.limit, given.seed)
    write_study(given.folder / "study.json", record)
    for arm in record.arms:
        print(arm.name, {f"{score.task}, {score.metric}": score.value for score in arm.scores})


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
