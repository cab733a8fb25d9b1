"""Models that know the gold answers and use them in a known way: what an ablation must reveal of each is planted.

oracle          right if every needed image is shown (plot, code, options and pictures in any order)
cheater         right whatever is shown: it knows the question by its words
first-image     right if the original first image is shown first; looks at nothing else
position        chooses the first option (a number: 1; else Yes)
order-bound     right if the images come in the original order and all are there, else another answer
moody           as oracle, but its answer depends on how often it was asked
thinker         right only in a second call that shows its reasoning and keeps the task's instruction
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from data_splits.question import Question, QuestionSplit
from mirb.scorers.options import options_of
from mirb.tasks import find
from model_adapters.card import ModelCard
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.prompts import instruction
from model_adapters.options import read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Response

OPTION = re.compile(r"^([A-H])\. (.*)$", re.M)
FILE = re.compile(r"^\w+\.py:$|^Page \d+:$|^Plot: ", re.M)


CARD = ModelCard(name="scripted", kind="vlm", source="computed in tests", licence="none")


class Scripted:
    """Behaves as its `way` says."""

    def __init__(self, questions: QuestionSplit, way: str) -> None:
        self.card = CARD.model_copy(update={"name": way})
        self.way: Callable[[Seen], bool] = WAYS[way]
        self.kind = way
        self._known = {each.id: each for each in questions.questions}
        self._hashes = {
            each.id: [image_hash(questions.read_image(key)) for key in each.images] for each in questions.questions
        }
        self._times: Counter[str] = Counter()

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        question = self._known[request.case_id]
        text = "".join(part for part in request.parts if isinstance(part, str))
        hashes = [image_hash(part) for part in request.parts if not isinstance(part, str)]
        own = self._hashes[question.id]
        places = placed(own, hashes)
        self._times[question.id] += 1
        if "Do not answer the question yet" in text:
            return Response("I look at everything.")
        if self.kind == "position":
            return Response(
                "A" if find(question.task).answer == "letter" else "1" if question.answer.isdigit() else "Yes"
            )
        seen = Seen(question, text, places, self._times[question.id])
        return Response(spoken(seen) if self.way(seen) else beside(seen))


def placed(own: list[str], shown: list[str]) -> list[int | None]:
    """Which original image stands at each place; of equal images each counts once, its own place first."""
    free = dict(enumerate(own))
    places: list[int | None] = []
    for place, one in enumerate(shown):
        near = sorted((each for each, known in free.items() if known == one), key=lambda each: (each != place, each))
        places.append(near[0] if near else None)
        if near:
            del free[near[0]]
    return places


class Seen:
    """A request as a scripted model understands it: the original image at each place (None: a strange one)."""

    def __init__(self, question: Question, text: str, places: list[int | None], times: int) -> None:
        self.question, self.text, self.places, self.times = question, text, places, times

    @property
    def enough(self) -> bool:
        """All needed images are there, or their text."""
        told = self.question.text_question is not None and FILE.search(self.text) is not None
        return told or set(self.question.evidence["needed"]) <= set(self.places)

    @property
    def whole(self) -> bool:
        """All images, in the original order."""
        return self.places == list(range(len(self.question.images)))


def spoken(seen: Seen) -> str:
    """The right answer to what is shown: named images, pieces of code and options wherever they stand now."""
    question, task = seen.question, find(seen.question.task)
    if task.answer not in ("letter", "ordinal"):
        return question.answer
    options = options_of(question, task)
    content = question.answer if task.answer == "ordinal" else options["ABCDEFGH".index(question.answer)]
    if (named := re.fullmatch(r"Food (\d)", content)) and int(named[1]) - 1 in seen.places:
        content = f"Food {seen.places.index(int(named[1]) - 1) + 1}"
    if task.answer == "ordinal":
        code = 1 + list(options).index(content)
        return options[seen.places.index(code) - 1] if code in seen.places else content
    printed = {text.strip(): letter for letter, text in OPTION.findall(seen.text)}
    return printed[content]


def beside(seen: Seen) -> str:
    """A wrong answer."""
    right = spoken(seen)
    if right in ("Yes", "No"):
        return "No" if right == "Yes" else "Yes"
    if right.isdigit():
        return str(int(right) + 1)
    if find(seen.question.task).answer == "ordinal":
        return "Second" if right == "First" else "First"
    return ("B" if right == "A" else "A") if len(right) == 1 else "Atlantis"


WAYS: dict[str, Callable[[Seen], bool]] = {
    "oracle": lambda seen: seen.enough,
    "cheater": lambda seen: True,
    "first-image": lambda seen: seen.places[:1] == [0],
    "position": lambda seen: True,
    "order-bound": lambda seen: seen.whole,
    "moody": lambda seen: seen.enough and seen.times % 2 == 1,
    "thinker": lambda seen: "I look at everything." in seen.text and instruction(seen.question.task) in seen.text,
}


def build(context: BuildContext) -> Scripted:
    """A scripted model; the option `way` chooses which."""
    options = read_options(context.options, {"way": "oracle"}, "scripted")
    assert context.questions is not None
    return Scripted(context.questions, str(options["way"]))
