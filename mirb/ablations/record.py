"""The record of a run's ablations: RUN/ablations/record.json, checked by `leaderboards verify RUN/ablations`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from data_splits.integrity import content_hash
from leaderboards.records.io import STATISTICS_FOLDER, write_record
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from mirb.ablations import ABLATIONS
from mirb.ablations.asking import Answers
from mirb.ablations.judging import constants, judge_all
from mirb.ablations.lines import Lines
from mirb.ablations.measuring import results
from mirb.run_warnings import warnings_of
from mirb.scores import cluster_of
from model_adapters.inference.response_store import ResponseStore

VERSION = 1
"""Raised when an ablation or a measure changes, so that records before and after are not compared."""


def write_ablations(folder: Path, answers: Answers, store: ResponseStore) -> ResultRecord:
    """Judge all answers and write record.json and statistics/ into `folder`.

    Args:
        store: of the run; tells the model.
    """
    plan = answers.asked.plan
    judged = judge_all(answers)
    writer = StatisticsWriter(folder / STATISTICS_FOLDER)
    found = results(judged, constants(plan, plan.questions), Lines(plan.protocol.average, writer.add))
    files = writer.close()
    names = [name for name in ABLATIONS if any(case.ablation.name == name for case in answers.asked.cases)]
    split = plan.split
    record = ResultRecord(
        benchmark="mirb",
        protocol=f"{plan.protocol.name} ablations",
        protocol_hash=content_hash(["ablations", VERSION, plan.protocol.hash, names]),
        split={
            "name": split.name,
            "version": split.version,
            "subset": "",
            "hash": split.hash,
            "licence": split.licence,
            "credentialed": split.credentialed,
            "counts": {task.name: len(split.of(task.name)) for task in plan.tasks},
            "cases": len(plan.questions),
            "clusters": len({cluster_of(each) for each in plan.questions}),
            "stand_ins": list(split.stand_ins),
            "options": {name: value for name, value in split.options.items() if "path" not in name},
        },
        model=dict(store.model),
        run_seed=plan.config.seed,
        samples_hash=_hash(answers),
        encoders=[],
        results=found,
        warnings=_warnings(answers, store),
        statistics=files,
        not_applicable=_unfit(answers),
        n_unreadable=answers.failed,
    )
    write_record(folder, record)
    return record


def _hash(answers: Answers) -> str:
    """sha256 over all outcomes, whatever the order in which they came."""
    rows = [(case.ablation.name, case.question.id, case.variant.name, row) for case, row in answers.cases]
    rows += [("", name, "", row) for name, row in answers.rows.items()]
    rows += [("again", name, "", row) for name, row in answers.again.items()]
    plain = [
        [ablation, name, variant, row.key, row.status, row.text, row.letter, row.truncated]
        for ablation, name, variant, row in sorted(rows, key=lambda each: each[:3])
    ]
    return content_hash(plain)


def _unfit(answers: Answers) -> dict[str, str]:
    """ "image-order, arxiv" -> why, and of how many questions."""
    return {
        f"{ablation}, {task}": "; ".join(f"{reason} ({count} questions)" for reason, count in sorted(reasons.items()))
        for (ablation, task), reasons in answers.asked.unfit.items()
    }


def _warnings(answers: Answers, store: ResponseStore) -> list[str]:
    found = warnings_of(answers.asked.plan, store.model, [], {}, 0)
    if answers.failed:
        found.append(f"{answers.failed} variant(s) have no answer (unreadable images or errors) and enter no number.")
    refused = Counter(case.ablation.name for case, row in answers.cases if row.status == "refused")
    if refused:
        told = ", ".join(f"{count} of {name}" for name, count in refused.items())
        found.append(f"The model declined {told}; these count as not right.")
    return found
