"""Runs of FedP2EFT's arms and the study file of them: what benchmarks of federations share."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._timing import machine, revision
from data_splits.cli_support import meter
from data_splits.integrity import write_json
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.fedp2eft.method import CONTROLS, FedP2eft
from model_adapters.methods.run import run_method

Found = dict[str, list[tuple[Path, Mapping[str, Any]]]]
"""Arm -> (folder of the run, its record), one a seed."""

BASE_FILE, ROUNDS_FILE = "base-rounds.safetensors", "rounds.safetensors"
SAME_ROUNDS = ("fedp2eft", "fedp2eft-learning", "rank-only")
SHARED = "Arms that learn the same rounds read those of the first; its seconds for them are counted in each."
FROM_NOTES = "fedl2p is read from notes on the method, not run against the original."


def run_arms(
    arms: Sequence[str], inputs: Mapping[str, Any], here: Path, seed: int, found: Found,
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:  # fmt: skip
    """Run every arm of one seed and add it to `found`.

    The rounds of the base, and those of the strategy, follow from inputs and seed and not from the arm: they are run
    once and copied, as if the arm's own run had been stopped after them.

    Args:
        inputs: of all arms. here: folder of the seed. own: arm -> inputs in place of those.
    """
    ledger = here / "rounds.json"
    for arm in arms:
        given = {**inputs, **(own or {}).get(arm, {}), "arm": arm}
        folder, work = here / arm, here / arm / "work"
        spared = work / "spared.json"
        seconds: dict[str, Any] = json.loads(ledger.read_text("utf-8")) if ledger.is_file() else {}
        if not work.exists():
            for file in (BASE_FILE, ROUNDS_FILE):
                if file in seconds and (file == BASE_FILE or arm in SAME_ROUNDS):
                    work.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(here / seconds[file][0] / "work" / file, work / file)
                    write_json(spared, {"seconds": seconds[file][1]})
        before = float(json.loads(spared.read_text("utf-8"))["seconds"]) if spared.is_file() else 0.0
        started, at = time.monotonic(), dict[int, float]()
        with meter(f"seed {seed}, {arm}") as show:

            def saved(
                done: int, total: int, started: float = started, at: dict[int, float] = at, show: Any = show
            ) -> None:
                at[done] = time.monotonic() - started
                show(done, total)

            record = run_method(FedP2eft(), given, folder, seed, saved).record
        base_rounds = int(given.get("base_rounds", 0))
        ends = {BASE_FILE: base_rounds, ROUNDS_FILE: base_rounds + int(given["rounds"])}
        for file, end in ends.items():
            if (work / file).is_file() and end in at and (file == BASE_FILE or arm in SAME_ROUNDS):
                seconds.setdefault(file, [arm, round(before + at[end], 3)])
        write_json(ledger, seconds)
        found[arm].append((folder, record))
        means = ", ".join(f"{statistics.mean(score['values']):.4f}" for score in record["scores"])
        print(f"seed {seed}: {arm}: {means}", flush=True)


def write_study_of(
    path: Path, found: Found, title: str, question: str, base: str, data: list[DataUsed], command: str,
    notes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write it, and print the table: one score an arm and group of clients, over clients, each its mean over seeds."""
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
                seconds=statistics.mean(each["seconds"] for each in measured) + _spared(runs),
                peak_memory_mb=statistics.mean(each["peak_memory_mb"] for each in measured), scores=scores,
            )
        )  # fmt: skip
        print(f"{name:18}" + "   ".join(_told(score) for score in scores))
    write_study(
        path,
        MethodRecord(
            method="fedp2eft", title=title, question=question, base=base, data=data, arms=arms, command=command,
            notes=[*notes, SHARED], reconstructed=[FROM_NOTES] * ("fedl2p" in found), revision=revision(),
            machine=machine(),
        ),
    )  # fmt: skip


def _told(score: Score) -> str:
    interval = "" if score.low is None or score.high is None else f" [{score.low:.4f}, {score.high:.4f}]"
    return f"{score.task}: {score.value:.4f}{interval}"


def _spared(runs: Sequence[tuple[Path, Mapping[str, Any]]]) -> float:
    """Seconds of a run that it did not spend, because it read another's rounds; the mean over runs."""
    files = [folder / "work" / "spared.json" for folder, _ in runs]
    each = [float(json.loads(file.read_text("utf-8"))["seconds"]) if file.is_file() else 0.0 for file in files]
    return statistics.mean(each)
