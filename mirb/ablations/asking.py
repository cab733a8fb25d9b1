"""From the questions of a run to the asks of its ablations, and back to the answers in its store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from data_splits.question import Question
from mirb.ablations.base import Ablation, Images, Material, Unfit, Variant
from mirb.ablations.chain_of_thought import first_call, second_call
from mirb.asking import answer_into, ask_of, asks_of, image_refs
from mirb.plan import Plan
from mirb.tasks import find
from model_adapters.inference.answer import Progress
from model_adapters.inference.ask import Ask
from model_adapters.inference.response_store import ResponseRow, ResponseStore
from model_adapters.protocols import VisionLanguageModel


@dataclass(frozen=True)
class Case:
    """A variant of a question and how it is put (of an ablation that thinks: its first call)."""

    ablation: Ablation
    question: Question
    variant: Variant
    ask: Ask


@dataclass(frozen=True)
class Asked:
    """Everything that the ablations of a run ask.

    Attributes:
        plan: the questions. base: question id -> the original ask. cases: all variants.
        unfit: (ablation, task) -> reason -> questions that it does not apply to.
    """

    plan: Plan
    base: dict[str, Ask]
    cases: tuple[Case, ...]
    unfit: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    @property
    def again(self) -> list[Ask]:
        """The original asks of all questions of which something changes places: asked twice, for the floor."""
        ids = {case.question.id for case in self.cases if case.ablation.kind == "order"}
        return [ask for name, ask in self.base.items() if name in ids]


def prepare(plan: Plan, whole: Plan, ablations: Sequence[Ablation], letters: bool) -> Asked:
    """All asks of some ablations.

    Args:
        plan: the questions to ask about. whole: the run that they are part of, whose images may be borrowed.
        letters: whether the model is asked for letters where the protocol does.
    """
    known: dict[str, Images] = {}

    def refs(question: Question) -> Images:
        if question.id not in known:
            known[question.id] = tuple(image_refs(whole.split, question))
        return known[question.id]

    others: dict[str, list[Question]] = defaultdict(list)
    for each in whole.questions:
        others[each.task].append(each)
    asks = asks_of(plan.protocol, plan.split, plan.questions, letters)
    base = {ask.case_id: ask for ask in asks}
    cases: list[Case] = []
    unfit: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for ablation in ablations:
        for question in plan.questions:
            material = Material(question, find(question.task), refs(question), others[question.task], refs)
            try:
                variants = ablation.make(material)
            except Unfit as reason:
                unfit[ablation.name, question.task][str(reason)] += 1
                continue
            for variant in variants:
                ask = ask_of(plan.protocol, variant.question, variant.images, letters)
                cases.append(Case(ablation, question, variant, first_call(ask) if ablation.thinks else ask))
    return Asked(plan, base, tuple(cases), dict(unfit))


def second_calls(asked: Asked, rows: Callable[[Ask], ResponseRow | None]) -> Asked:
    """The same with the second call in place of the first, for those whose first call was answered.

    A refusal to reason leaves the question out, as unfit.
    """
    cases: list[Case] = []
    unfit = {key: Counter(reasons) for key, reasons in asked.unfit.items()}
    for case in asked.cases:
        if not case.ablation.thinks:
            cases.append(case)
            continue
        row = rows(case.ask)
        if row is None or row.status != "ok":
            key = (case.ablation.name, case.question.task)
            unfit.setdefault(key, Counter())["the model gave no reasoning"] += 1
            continue
        cases.append(replace(case, ask=second_call(asked.base[case.question.id], row.text)))
    return Asked(asked.plan, asked.base, tuple(cases), unfit)


@dataclass(frozen=True)
class Answers:
    """What the store holds of it.

    Attributes:
        asked: with the second calls. rows: of the original questions, by id. again: the same, asked once more.
        cases: every variant with its outcome; those without one are left out and counted in `failed`.
    """

    asked: Asked
    rows: Mapping[str, ResponseRow]
    again: Mapping[str, ResponseRow]
    cases: tuple[tuple[Case, ResponseRow], ...]
    failed: int


def answer_all(
    asked: Asked,
    store: ResponseStore,
    again: ResponseStore,
    model: VisionLanguageModel,
    *,
    batch_size: int,
    max_bad: int = 0,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Answers:
    """Answer what the stores lack: the originals and all first calls, then the second calls, then the originals again.

    Args:
        store: of the run. again: another one of the same model, so that a question can be asked a second time.

    Raises:
        UserError: more than `max_bad` questions of one of these rounds end without an outcome.
    """

    def put(asks: Sequence[Ask], into: ResponseStore) -> None:
        if asks:
            answer_into(into, model, asks, batch_size=batch_size, max_bad=max_bad, progress=progress, say=say)

    put([*asked.base.values(), *(case.ask for case in asked.cases)], store)
    whole = second_calls(asked, store.get)
    put([case.ask for case in whole.cases if case.ablation.thinks], store)
    put(whole.again, again)
    return gather(whole, store, again)


def gather(asked: Asked, store: ResponseStore, again: ResponseStore) -> Answers:
    """The outcomes in both stores of asks whose second calls are known."""

    def of(asks: Mapping[str, Ask], held: ResponseStore) -> Iterator[tuple[str, ResponseRow]]:
        for name, ask in asks.items():
            if (row := held.get(ask)) is not None:
                yield name, row

    cases = tuple((case, row) for case in asked.cases if (row := store.get(case.ask)) is not None)
    return Answers(
        asked=asked,
        rows=dict(of(asked.base, store)),
        again=dict(of({ask.case_id: ask for ask in asked.again}, again)),
        cases=cases,
        failed=len(asked.cases) - len(cases),
    )


def again_folder(run: Path) -> Path:
    """Where the answers to questions asked a second time lie."""
    return run / "ablations" / "responses"
