"""Control: the same answer to every question of an answer form. Whoever does not beat it has not looked."""

from __future__ import annotations

from collections.abc import Sequence

from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Response
from model_adapters.vlms.answer_forms import Form, form_of_task

OPTIONS: dict[str, OptionValue] = {"letter": "A", "yes_no": "Yes", "number": "3", "ordinal": "First", "text": "unknown"}

CARD = ModelCard(
    name="constant",
    kind="vlm",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    settings=dict(OPTIONS),
    notes=(
        "A control, not a model. The form of a task's answers (letter, yes/no, number, First to Fourth, text) is read "
        "off the gold answers of the split; without a split every answer is the one for text.",
    ),
)


class Constant:
    """Answers `letter`, `yes_no`, `number`, `ordinal` or `text`, by the form of the task."""

    def __init__(self, context: BuildContext) -> None:
        self._answers: dict[str, str] = read_options(context.options, OPTIONS, CARD.name)
        self._forms: dict[str, Form] = {}
        if context.questions is not None:
            for task in context.questions.tasks:
                self._forms[task] = form_of_task(each.answer for each in context.questions.of(task))
        self.card = CARD.model_copy(update={"settings": dict(self._answers)})

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        if request.letters:
            return Response("", {each: float(each == self._answers["letter"]) for each in request.letters})
        return Response(self._answers[self._forms.get(request.task, "text").replace("/", "_")], tokens_out=1)


def build(context: BuildContext) -> Constant:
    """Options: the answer for each form (letter, yes_no, number, ordinal, text)."""
    return Constant(context)
