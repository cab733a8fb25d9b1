"""What `benchmarks.merging_vlm` leaves for the board: certificates of the merged model, and the study of its arms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import machine, revision
from benchmarks.vlm_pool import CHUNK, OTHERS, SEEDS, TARGETS
from data_splits.integrity import sha256_file
from data_splits.sources import load_questions
from leaderboards.records.io import read_record, record_hash
from leaderboards.records.method_check import benchmark_score
from leaderboards.records.method_io import write_study
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Claim, Commitment, Source, fingerprint
from leaderboards.statistics.certificates.files import read_certificate, write_certificate
from mirb.plan import limited
from model_adapters.vlms.embedded import FILE, FOLDER

SHOWN = {
    "certified-fw": "method", "fw-hard": "method", "fw-soft": "method", "supervised": "control", "base": "control",
    "average": "control", "task-arithmetic": "control", "ties": "control",
}  # fmt: skip
"""Arm -> role. Supervised coefficients use the same labels, so they are what differences are taken against."""
TASK = "MIRB procedural, 3d_scene + attribute + count"
HEADS = f"{TASK}: answer heads, seeds {SEEDS['test']} on"


def certificates(
    folder: Path, models: Sequence[str], shares: Mapping[str, int], asked: Mapping[str, Sequence[int]],
    iterations: int, chunks: int,
) -> tuple[Certificate, Certificate]:  # fmt: skip
    """Exact-Occam certificate of the merge made on the sample, and the test-set bound of the merge made on its half.

    The error is that of the whole model, read by the v2 scorer from what it said.
    """
    per_task = max(shares.values())
    plan = {
        "base": sha256_file(FOLDER / FILE), "pool": [sha256_file(Path(each)) for each in models],
        "iterations": iterations, "granularity": "task", "step": "open-loop", "start": "base",
    }  # fmt: skip
    promise = fingerprint(plan)
    pool = Source("pool", "eight experts", _cases("train", (*TARGETS, *OTHERS), CHUNK, chunks))
    shipped = Source(
        "pool", "the base, as it ships",
        statement="trained on generator seeds 100000 to 101999 and on radiographs; the sample is of seed 500000",
    )  # fmt: skip
    nothing = Source("hypotheses", f"walks of {iterations} steps over base and pool", CaseSet((), ()))
    wrong = _wrong(folder / "answers" / "certified-fw", per_task)
    rows = {task: range(count) for task, count in shares.items()}
    sample, losses = _sample(rows, wrong, per_task)
    occam = certify(
        Claim(
            subject="embedded-certified-fw, the mix of its three tasks", family="exact-occam",
            predictor="deterministic", loss="zero-one", sample=sample, losses=losses, looked_at=1, code="iterates",
            code_parameters={"steps": iterations, "vertices": len(models) + 1}, sources=(nothing, pool, shipped),
            commitment=Commitment(promise, promise),
        )
    )  # fmt: skip
    first = {task: sorted(set(range(count)) - set(asked[task])) for task, count in shares.items()}
    half, half_losses = _sample(asked, _wrong(folder / "answers" / "certified-fw-half", per_task), per_task)
    seen, _ = _sample(first, wrong, per_task)
    held_out = certify(
        Claim(
            subject="the same merge learnt on the other half", family="held-out", predictor="deterministic",
            loss="zero-one", sample=half, losses=half_losses, looked_at=1,
            sources=(Source("training", "half of the sample", seen), Source("pool", pool.name, pool.data),
                     shipped),
        )
    )  # fmt: skip
    write_certificate(folder / "certified-fw.json", occam)
    write_certificate(folder / "test-set.json", held_out)
    return occam, held_out


def halves(shares: Mapping[str, int]) -> dict[str, list[int]]:
    """Task -> rows of the half that `mirb --limit` asks: by hash. The merge that it tests learns from the rest."""
    per_task = max(shares.values())
    found = {}
    for task, count in shares.items():
        split = load_questions("mirb-procedural", seed=SEEDS["certify"], per_task=per_task, tasks=task)
        kept = {each.id for each in limited(list(split.questions), per_task // 2)}
        found[task] = [row for row, each in enumerate(split.questions[:count]) if each.id in kept]
    return found


def _cases(part: str, tasks: Sequence[str], per_task: int, chunks: int) -> CaseSet:
    ids = []
    for seed in range(SEEDS[part], SEEDS[part] + chunks):
        for task in tasks:
            split = load_questions("mirb-procedural", seed=seed, per_task=per_task, tasks=task)
            ids += [f"{seed}/{each.id}" for each in split.questions]
    return CaseSet(tuple(ids), tuple(ids))


def _wrong(run: Path, per_task: int) -> dict[str, list[float]]:
    """Task -> whether each answer of a run is not right, in the order of the questions."""
    lines = [json.loads(text) for text in (run / "outcomes.jsonl").read_text("utf-8").splitlines()]
    found = {each["id"]: float(each["scorers"]["v2"]["outcome"] != "correct") for each in lines}
    return {task: [found.get(name, float("nan")) for name in _ids(task, per_task)] for task in TARGETS}


def _ids(task: str, per_task: int) -> list[str]:
    split = load_questions("mirb-procedural", seed=SEEDS["certify"], per_task=per_task, tasks=task)
    return [each.id for each in split.questions]


def _sample(
    rows: Mapping[str, Sequence[int]], wrong: Mapping[str, Sequence[float]], per_task: int
) -> tuple[CaseSet, np.ndarray]:
    ids, losses = [], []
    for task, chosen in rows.items():
        names = _ids(task, per_task)
        ids += [f"{SEEDS['certify']}/{names[row]}" for row in chosen]
        losses += [wrong[task][row] for row in chosen]
    return CaseSet(tuple(ids), tuple(ids)), np.array(losses)


def study(folder: Path, runs: Mapping[str, Path], shares: Mapping[str, int]) -> Path:
    """Write the method record.

    Args:
        runs: arm -> its run of `mirb eval`; an arm without one says so.
    """
    heads = json.loads((folder / "heads.json").read_text("utf-8"))
    records = {arm: read_record(run) for arm, run in runs.items()}
    bounds = {"certificate": read_certificate(folder / "certified-fw.json"),
              "test_set": read_certificate(folder / "test-set.json")}  # fmt: skip
    arms = [
        _arm(folder, name, role, heads, records, bounds, sum(shares.values()))
        for name, role in SHOWN.items()
        if _key(name) in heads
    ]
    shown = next(iter(records.values())).split
    made = MethodRecord(
        method="merging",
        title="Merged vision-language models, certified",
        question="Does Frank-Wolfe leave experts of other tasks out of a merge, and what can be proved of the result?",
        base=f"the embedded vision-language model, weights {sha256_file(FOLDER / FILE)[:12]}",
        data=[
            DataUsed(name=str(shown["name"]), version=str(shown["version"]), hash=str(shown["hash"]),
                     licence=str(shown["licence"]), credentialed=False)
        ],
        arms=arms,
        notes=[
            "Eight experts: projector and answer head fine-tuned on one task each, 60 steps of 16 questions; three are "
            "of the target tasks, five of tasks that the model does not learn. SmolLM2, LoRA and pixel networks stay.",
            "Labels: 100 questions learn the coefficients; the certified merge learns from the 100 that certify it and "
            "pays for it. Seconds are of the processor; the machine was shared.",
            "One pool, one seed: intervals are over questions, not over pools.",
        ],
        command="python -m benchmarks.merging_vlm merge --output runs/merging-vlm",
        revision=revision(),
        machine=machine("torch"),
    )  # fmt: skip
    write_study(folder / "study.json", made)
    return folder / "study.json"


def _arm(
    folder: Path, name: str, role: Any, heads: Mapping[str, Any], records: Mapping[str, Any],
    bounds: Mapping[str, Certificate], labels: int,
) -> Arm:  # fmt: skip
    key = _key(name)
    cost = folder / "merged" / f"{'certified-fw' if name == 'certified-fw' else key}.json"
    told = json.loads(cost.read_text("utf-8")) if cost.is_file() else {}
    values = [value for task in TARGETS for value in heads[key][task]]
    scores = [own_score(HEADS, "accuracy", "higher", "case", values, indicator=True)]
    if name in records:
        held = [(record_hash(records[name]), records[name])]
        scores.append(benchmark_score("MIRB procedural, seed 7: all eleven tasks", held, "accuracy"))
    else:
        scores.append(
            Score(task="MIRB procedural, seed 7: all eleven tasks", metric="accuracy", direction="higher",
                  reason="not run through mirb eval: minutes of processor an arm")
        )  # fmt: skip
    scores.append(
        _certified(bounds)
        if name == "certified-fw"
        else Score(task=f"{TASK}: true error", metric="error", direction="lower", reason="no certificate was asked for")
    )
    learns = name in ("certified-fw", "fw-hard", "fw-soft", "supervised")
    settings: dict[str, str | int | float | bool] = {
        "pool": 0 if name == "base" else len(TARGETS) + len(OTHERS),
        "targets": len(TARGETS),
    }
    record = folder / "merged" / cost.stem / "artifact.json"
    tensors = json.loads(record.read_text("utf-8"))["record"]["merged_tensors"] if record.is_file() else 0
    models = len(TARGETS) + len(OTHERS)
    learnt = models * tensors if name == "supervised" else models + 1 if learns else 0
    return Arm(
        name=name, role=role, settings=settings, labelled=labels if learns else 0,
        trainable=learnt, seconds=told.get("seconds"),
        peak_memory_mb=told.get("peak_memory_mb"), scores=scores,
        budget={"labelled_at_most": labels} if learns else {},
    )  # fmt: skip


def _key(name: str) -> str:
    """Name of an arm among the measured ones; base and merges of the whole pool."""
    return "base" if name == "base" else f"{name}-{len(TARGETS) + len(OTHERS)}"


def _certified(bounds: Mapping[str, Certificate]) -> Score:
    """The seen error on the certified sample, with what is proved of the true one."""
    certificate = bounds["certificate"]
    wrong = round(certificate.loss_sum)
    values = [1.0] * wrong + [0.0] * (certificate.n - wrong)
    return own_score(
        f"{TASK}: true error", "error", "lower", "case", values, indicator=True,
        certificate=certificate, test_set=bounds["test_set"],
    )  # fmt: skip
