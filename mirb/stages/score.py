"""Stage 2: read the stored answers by the protocol's scorer, and write the record with what recomputes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, write_text
from data_splits.question import Question
from leaderboards.records.io import write_record
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from mirb import chance
from mirb.asking import Asked
from mirb.certifying import certificates_of
from mirb.plan import Plan
from mirb.protocols import PROTOCOLS
from mirb.rescoring import judged
from mirb.run_folder import RunFolder
from mirb.run_warnings import warnings_of
from mirb.scorers import Given
from mirb.scores import Scored, cluster_of, question_number, results
from mirb.tasks import find
from model_adapters.inference.response_store import ResponseRow, ResponseStore


def run(folder: RunFolder, plan: Plan) -> ResultRecord:
    """Score the run and write `statistics/`, `outcomes.jsonl` and `record.json`.

    Raises:
        UserError: nothing was asked, the questions have changed since, or too many have no answer.
    """
    with folder.stage("score") as facts:
        store = ResponseStore.reopen(folder.responses)
        asked = Asked.read(folder.asked, plan.split)
        rows = asked.rows(store)
        absent = [each.id for each in plan.questions if each.id not in rows]
        if len(absent) > plan.config.max_bad:
            raise UserError(
                f"{len(absent)} question(s) have no answer, such as {', '.join(absent[:3])}. Run `mirb answer` again, "
                f"or leave them out with --max-bad {len(absent)}."
            )
        scored = score(plan, rows)
        writer = StatisticsWriter(folder.statistics)
        found = results(scored, plan.protocol.average, plan.protocol.scorer.three_outcomes, writer.add)
        files = writer.close()
        split = plan.split
        record = ResultRecord(
            benchmark="mirb",
            protocol=plan.protocol.name,
            protocol_hash=plan.protocol.hash,
            split={
                "name": split.name,
                "version": split.version,
                "subset": "",
                "hash": asked.hash,
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
            samples_hash=responses_hash(rows),
            encoders=[],
            results=found,
            warnings=warnings_of(plan, store.model, scored, rows, len(absent)),
            statistics=files,
            n_unreadable=len(absent),
            certificates=certificates_of(plan.config, scored, str(store.model.get("name"))),
        )
        write_record(folder.root, record)
        write_text(folder.outcomes, outcomes(plan, rows))
        facts["results"] = len(found)
    return record


def score(plan: Plan, rows: dict[str, ResponseRow]) -> list[Scored]:
    """Verdict, chance and best constant of every question that has an outcome, in the order of the split."""
    protocol = plan.protocol
    verdicts = judged(plan.questions, rows, protocol.scorer)
    unread = [each.id for each in plan.questions if each.id in rows and each.id not in verdicts]
    if unread:
        raise UserError(f"{protocol.name} cannot read {len(unread)} answer(s) that are letters by probability.")
    constants: dict[str, bool] = {}
    for task in plan.tasks:
        members = [each for each in plan.split.of(task.name) if each.id in verdicts]
        letters = tuple(dict.fromkeys(letter for each in members for letter in rows[each.id].letters))
        constants |= chance.best_constant(members, task, protocol.scorer, letters)
    return [_scored(each, rows[each.id], verdicts, constants) for each in plan.questions if each.id in verdicts]


def _scored(question: Question, row: ResponseRow, verdicts: Any, constants: dict[str, bool]) -> Scored:
    task = find(question.task)
    return Scored(
        question=question,
        task=task,
        verdict=verdicts[question.id],
        chance=chance.expected_score(question, task),
        constant=constants[question.id],
        text=not row.letters or Given.of(row).letter is None,
        truncated=row.truncated,
    )


def responses_hash(rows: dict[str, ResponseRow]) -> str:
    """sha256 over the outcomes, whatever the order in which they came."""
    from data_splits.integrity import content_hash

    return content_hash(
        [[name, row.key, row.status, row.text, row.letter, row.truncated] for name, row in sorted(rows.items())]
    )


def outcomes(plan: Plan, rows: dict[str, ResponseRow]) -> str:
    """One line a question: what every scorer that can read its answer says of it. Holds ids and rules, no text."""
    verdicts = {name: judged(plan.questions, rows, protocol.scorer) for name, protocol in PROTOCOLS.items()}
    lines: Sequence[dict[str, Any]] = [
        {
            "id": each.id,
            "task": each.task,
            "question": question_number(each.id),
            "status": rows[each.id].status,
            "scorers": {
                name: {"outcome": found[each.id].outcome, "rule": _rule(found[each.id].rule)}
                for name, found in verdicts.items()
                if each.id in found
            },
        }
        for each in plan.questions
        if each.id in rows
    ]
    return "".join(canonical_json(line) + "\n" for line in lines)


def _rule(rule: str) -> str:
    """The rule without what it measured."""
    return rule.partition(":")[0] if rule.startswith("title") else rule
