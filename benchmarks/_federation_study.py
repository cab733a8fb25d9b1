"""A study file from finished runs of FedP2EFT's arms: what benchmarks of federations share."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._timing import machine
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, own_score
from model_adapters.methods.fedp2eft.method import CONTROLS


def write_study_of(
    path: Path, found: Mapping[str, Sequence[tuple[Path, Mapping[str, Any]]]], title: str, question: str, base: str,
    data: list[DataUsed], command: str, notes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write it, and print the table: one score an arm and group of clients, over clients, each its mean over seeds.

    Args:
        found: arm -> (folder of the run, its record), one a seed.
    """
    arms = []
    for name, runs in found.items():
        records = [record for _, record in runs]
        measured = [json.loads((folder / "work" / "measured.json").read_text("utf-8")) for folder, _ in runs]
        scores = []
        for index, score in enumerate(records[0]["scores"]):
            each = [record["scores"][index]["values"] for record in records]
            values = [statistics.mean(seeds) for seeds in zip(*each, strict=True)]
            scores.append(own_score(score["task"], score["metric"], score["direction"], score["per"], values))
        arms.append(
            Arm(
                name=name, role="control" if name in CONTROLS else "method",
                settings=dict(records[0]["settings"]),
                seeds=[record["seed"] for record in records],
                budget={key: float(value) for key, value in records[0]["budget"].items()},
                labelled=records[0]["labelled"], trainable=records[0]["trainable"],
                seconds=statistics.mean(each["seconds"] for each in measured),
                peak_memory_mb=statistics.mean(each["peak_memory_mb"] for each in measured), scores=scores,
            )
        )  # fmt: skip
        print(f"{name:18}" + "   ".join(f"{s.task}: {s.value:.4f} [{s.low:.4f}, {s.high:.4f}]" for s in scores))
    here = Path(__file__).parent
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
    ).stdout.strip()
    write_study(
        path,
        MethodRecord(
            method="fedp2eft", title=title, question=question, base=base, data=data, arms=arms, command=command,
            notes=list(notes), revision=revision,
            machine=machine(),
        ),
    )  # fmt: skip
