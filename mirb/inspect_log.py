"""A run as an Inspect log (`.eval`), for its viewer and its data frames. Needs the package inspect-ai.

Built from the public classes of `inspect_ai.log` and written by `write_eval_log`; nothing of Inspect runs. A sample is
a question with its prompt, images as thumbnails, the answer, and the verdict of every scorer that can read it: value
"C" correct, "I" wrong, "N" unparsed (Inspect's "no answer"). The results are the record's own numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data_splits.errors import ImageUnreadable, UserError
from data_splits.question import Question
from leaderboards.records.io import read_record
from leaderboards.records.schema import ResultRecord
from mirb.asking import Asked, ask_of, image_refs
from mirb.plan import Plan
from mirb.protocols import PROTOCOLS
from mirb.report.thumbnails import thumbnail, uri
from mirb.rescoring import Verdicts, judged
from mirb.run_folder import RunFolder
from model_adapters.inference.response_store import ResponseRow, ResponseStore

VALUES = {"correct": "C", "wrong": "I", "unparsed": "N"}


def export(folder: RunFolder, plan: Plan, target: Path, *, show_credentialed: bool = False) -> int:
    """Write a finished run as an Inspect log and return the number of samples.

    Raises:
        UserError: inspect-ai is not installed, the run is not finished, or the split is credentialed and its questions
            were not asked for by name.
    """
    if plan.split.credentialed and not show_credentialed:
        raise UserError(
            f"{plan.split.name} is credentialed: an Inspect log would hold its questions and images. "
            "If your data use agreement allows that on this machine, add --show-credentialed."
        )
    try:
        from inspect_ai.log import EvalLog, write_eval_log
    except ModuleNotFoundError as error:
        raise UserError("The package inspect-ai is missing: pip install inspect-ai") from error
    record = read_record(folder.root)
    store = ResponseStore.reopen(folder.responses)
    rows = Asked.read(folder.asked, plan.split).rows(store)
    verdicts = {name: judged(plan.questions, rows, protocol.scorer) for name, protocol in PROTOCOLS.items()}
    samples = [
        _sample(plan, each, rows[each.id], verdicts, str(record.model.get("name")))
        for each in plan.questions
        if each.id in rows
    ]
    log = EvalLog(
        status="success",
        eval=_spec(folder, plan, record, len(samples)),
        results=_results(record, len(samples)),
        samples=samples,
    )
    write_eval_log(log, str(target), format="eval" if target.suffix == ".eval" else "json")
    return len(samples)


def _spec(folder: RunFolder, plan: Plan, record: ResultRecord, count: int) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalSpec

    written = datetime.fromtimestamp(folder.record.stat().st_mtime, UTC).isoformat(timespec="seconds")
    model = record.model
    return EvalSpec(
        created=written,
        task=f"mirb_{record.protocol.replace('-', '_')}",
        task_version=record.protocol_hash[:12],
        dataset=EvalDataset(name=plan.split.name, samples=count, sample_ids=[each.id for each in plan.questions]),
        model=f"{model.get('name')}/{model.get('source')}",
        config=EvalConfig(),
        metadata={
            "suite": "mirb",
            "protocol": record.protocol,
            "protocol_hash": record.protocol_hash,
            "samples_hash": record.samples_hash,
            "split": json.loads(json.dumps(record.split)),
            "warnings": list(record.warnings),
        },
    )


def _results(record: ResultRecord, count: int) -> Any:
    """The record's accuracies, one score for each group."""
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    scores = []
    for each in record.results:
        if each.metric != "accuracy" or each.variant != "raw" or each.value is None:
            continue
        metrics = {"accuracy": EvalMetric(name="accuracy", value=each.value)}
        for name, value in (("low", each.low), ("high", each.high)):
            if value is not None:
                metrics[name] = EvalMetric(name=name, value=value)
        scores.append(EvalScore(name=each.group, scorer=f"mirb_{record.protocol}", metrics=metrics))
    return EvalResults(total_samples=count, completed_samples=count, scores=scores)


def _sample(plan: Plan, question: Question, row: ResponseRow, verdicts: Mapping[str, Verdicts], model: str) -> Any:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ContentImage, ContentText, ModelOutput
    from inspect_ai.scorer import Score

    content: list[Any] = []
    ask = ask_of(plan.protocol, question, image_refs(plan.split, question), bool(row.letters))
    for part in ask.parts:
        if isinstance(part, str):
            content.append(ContentText(text=part))
        else:
            try:
                content.append(ContentImage(image=uri(thumbnail(part.load()))))
            except (ImageUnreadable, FileNotFoundError):
                content.append(ContentText(text="(an image that cannot be read)"))
    text = row.text if not row.letter_logits else str(row.letter)
    prompt = ChatMessageUser(content=content)
    scores = {
        f"mirb_{name}": Score(
            value=VALUES[found[question.id].outcome],
            answer=found[question.id].answer,
            explanation="; ".join((*found[question.id].trace, found[question.id].rule)),
        )
        for name, found in verdicts.items()
        if question.id in found
    }
    return EvalSample(
        id=question.id,
        epoch=1,
        input=[prompt],
        choices=list(question.choices) or None,
        target=question.answer,
        messages=[prompt, ChatMessageAssistant(content=text)],
        output=ModelOutput.from_content(
            model,
            text,
            stop_reason="content_filter" if row.status == "refused" else "max_tokens" if row.truncated else "stop",
        ),
        scores=scores,
        metadata={"task": question.task, "letter_logits": dict(row.letter_logits)},
    )
