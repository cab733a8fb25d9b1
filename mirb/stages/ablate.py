"""After the stages of `eval`: ask the run's questions again, changed, and write RUN/ablations."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from leaderboards.records.schema import ResultRecord
from mirb.ablations import Ablation
from mirb.ablations.asking import again_folder, answer_all, prepare
from mirb.ablations.page import write_page
from mirb.ablations.record import write_ablations
from mirb.asking import tells_letters
from mirb.plan import Plan
from mirb.run_folder import RunFolder
from mirb.stages.answer import build, open_store
from model_adapters.inference.answer import Progress
from model_adapters.protocols import VisionLanguageModel


def run(
    folder: RunFolder,
    plan: Plan,
    whole: Plan,
    ablations: Sequence[Ablation],
    *,
    command: Sequence[str],
    model: VisionLanguageModel | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> tuple[ResultRecord, Path]:
    """Ask what is not answered yet, judge, and write record, page and CSV.

    Args:
        plan: the questions to ask about. whole: the run they belong to.
        command: what repeats this. model: loaded here unless it is there already.

    Returns:
        The record and the path of its page.

    Raises:
        UserError: more than `max_bad` questions of one round have no outcome.
    """
    with folder.stage("ablate") as facts:
        model = model or build(whole)
        store = open_store(folder, model, whole)
        again = open_store(folder, model, whole, again_folder(folder.root))
        asked = prepare(plan, whole, ablations, whole.config.letters and tells_letters(model))
        config = whole.config
        new = sum(store.get(case.ask) is None for case in asked.cases)
        say(f"ablate: {len(asked.cases)} changed questions, {new} of them new, and {len(asked.again)} asked once more")
        answers = answer_all(
            asked,
            store,
            again,
            model,
            batch_size=config.batch_size,
            max_bad=config.max_bad,
            progress=progress,
            say=say,
        )
        record = write_ablations(folder.root / "ablations", answers, store)
        page = write_page(folder.root / "ablations", shlex.join(command))
        facts.update(ablations=[each.name for each in ablations], variants=len(answers.cases), failed=answers.failed)
    return record, page
