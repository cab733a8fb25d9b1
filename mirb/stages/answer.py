"""Stage 1: put every question of the plan and store what the model answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from data_splits.errors import UserError
from mirb.asking import Asked, answer_into, asks_of, tells_letters
from mirb.plan import Plan
from mirb.readiness import context_of
from mirb.run_folder import RunFolder
from model_adapters.inference.answer import AnswerReport, Progress
from model_adapters.inference.response_store import ResponseStore, model_identity
from model_adapters.protocols import VisionLanguageModel
from model_adapters.vlms import VLMS


def build(plan: Plan) -> VisionLanguageModel:
    """Load the model.

    Raises:
        UserError: it must not be asked these questions (a hosted service and a credentialed split), or cannot be built.
    """
    name, context = context_of(plan.config, plan.split)
    model = VLMS.build(name, context)
    check = getattr(model, "check_questions", None)
    if check is not None:
        check(plan.split)
    return model


def open_store(folder: RunFolder, model: VisionLanguageModel, plan: Plan, at: Path | None = None) -> ResponseStore:
    """The run's store (or another one of it, at `at`), bound to the model and to what its answers depend on."""
    card = model.card
    options = dict(plan.config.model_options)
    identity = model_identity(card, options=options, dtype=plan.config.dtype)
    return ResponseStore(at or folder.responses, card.model_dump(mode="json"), identity)


def run(
    folder: RunFolder,
    plan: Plan,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
    model: VisionLanguageModel | None = None,
) -> AnswerReport:
    """Ask what is not answered yet; nothing of a question that fails is stored.

    Args:
        model: loaded here unless it is there already.

    Raises:
        UserError: more than `max_bad` questions have no outcome.
    """
    with folder.stage("answer") as facts:
        model = model or build(plan)
        store = open_store(folder, model, plan)
        letters = plan.config.letters and tells_letters(model)
        asks = asks_of(plan.protocol, plan.split, plan.questions, letters)
        report = answer_into(
            store,
            model,
            asks,
            batch_size=plan.config.batch_size,
            max_bad=plan.config.max_bad,
            progress=progress,
            say=say,
        )
        Asked.of(plan.split, asks, store).write(folder.asked)
        facts.update(requested=report.requested, answered=report.answered, counts=dict(report.counts))
        facts.update(batch_size=report.batch_size, failed=dict(report.failed))
        if report.check is not None:
            check = asdict(report.check)
            facts["batch_check"] = {name: value for name, value in check.items() if name != "keys"}
            facts["batch_check"]["agree"] = report.check.agree
        if (stats := getattr(model, "stats", None)) is not None:
            facts["usage"] = stats()
    if not report.counts:
        raise UserError("No question was answered.")
    return report
