"""MobileQuant beside its controls on the character model, as a study for the methods board.

    python -m model_adapters.methods.mobilequant.validation --output runs/mq --seeds 3
    python -m benchmarks.mobilequant_study language runs/mq

`vlm` in the place of `language` is `benchmarks.mobilequant_vlm`. Writes FOLDER/study.json (`leaderboards
publish-method`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from benchmarks._timing import machine, revision
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.artifact import read_artifact

ARMS: dict[str, Literal["method", "control"]] = {
    "mobilequant": "method", "smoothquant-edge": "control", "omniquant-edge": "control", "omniquant-static": "control",
    "smoothquant-static": "control", "rtn": "control",
}  # fmt: skip
"""SmoothQuant-Edge first: most of the gain is the transform that it shares."""
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
    # the validation was asked for some arms: those that every scheme and seed has
    roles = {a: role for a, role in ARMS.items() if all(run.exists() for s in schemes for run in runs[a, s])}
    runs = {key: paths for key, paths in runs.items() if key[0] in roles}
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
            name=arm, role=role, settings=settings_of(facts[arm, schemes[0]][0]), seeds=list(range(len(seeds))),
            budget={"activation_bits": 8, "wide_bits": 16, "weight_bits": 8 if "W8A8" in schemes else 4},
            trainable=facts[arm, schemes[0]][0]["trainable"], scores=scores(arm),
            **costs_of([path for scheme in schemes for path in runs[arm, scheme]]),
        )
        for arm, role in roles.items()
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
        revision=revision(),
        machine=machine("torch")[:200],
    )


def settings_of(record: Any) -> dict[str, Any]:
    """Settings of a run, bits left out: they stand in the budget."""
    dropped = ("method", "weight_bits", "activation_bits", "wide_bits")
    return {name: value for name, value in record["settings"].items() if name not in dropped and value is not None}


def costs_of(paths: Sequence[Path]) -> dict[str, Any]:
    """Mean seconds and memory of runs."""
    told = [json.loads((path / "work" / "measured.json").read_text("utf-8")) for path in paths]
    return {name: round(fmean(each[name] for each in told), 1) for name in ("seconds", "peak_memory_mb")}


def main() -> None:
    """The study, or that of the vision-language model."""
    if sys.argv[1:2] == ["vlm"]:
        from benchmarks import mobilequant_vlm

        del sys.argv[1]
        mobilequant_vlm.main()
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("language", "vlm"))
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    record = language(given.folder)
    write_study(given.folder / "study.json", record)
    for arm in record.arms:
        print(arm.name, {f"{score.task}, {score.metric}": score.value for score in arm.scores})


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
