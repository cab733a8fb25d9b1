from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fake_vlms import CARD, Echo
from toy_split import toy

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.grades import Graded
from chexgenbench.curation.vlm_grader import VlmGrader, question, read
from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response


def candidate(number: int, prompt: str | None = "Mild edema.") -> Candidate:
    return Candidate(
        f"c{number}", Case(f"c{number}", f"p{number}", prompt=prompt), lambda: np.full((8, 8), number, np.uint8)
    )


class Honest:
    """Says High where caption and grey level agree; refuses image 9."""

    card = CARD

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        found = []
        for request in requests:
            image, text = request.parts
            assert isinstance(image, np.ndarray) and isinstance(text, str)
            if image[0, 0] == 9:
                raise AnswerRefused("too long")
            found.append(Response("High." if f"level {image[0, 0]} " in text else "Low"))
        return found


def test_the_caption_is_in_the_question() -> None:
    """The published script first forgot it: then any prompt would get the same grade."""
    assert "Mild edema." in str(question(candidate(1)).parts[1])
    grader = VlmGrader(Honest(), "honest", toy().split)
    found = grader.grade([candidate(3, "Grey level 3 here."), candidate(3, "Grey level 4 here.")])
    assert [each.grade for each in found] == ["high", "low"]
    with pytest.raises(ValueError, match="no prompt"):
        question(candidate(1, None))


def test_an_image_is_graded_by_itself() -> None:
    echo = Echo()
    asked = [candidate(number) for number in range(3)]
    VlmGrader(echo, "echo", toy().split).grade(asked)
    assert [each.parts[1] for each in map(question, asked)] == [question(asked[0]).parts[1]] * 3


def test_a_refusal_takes_no_other_grade_with_it() -> None:
    grader = VlmGrader(Honest(), "honest", toy().split)
    found = grader.grade([candidate(1, "level 1 x"), candidate(9), candidate(2, "level 2 x")])
    assert found == [Graded("high"), Graded(None, reason="refused"), Graded("high")]


@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        ("High", "high"),
        ("**medium** quality", "medium"),
        ("Low.", "low"),
        ("", None),
        ("High or Low", None),
        ("highly", None),
    ],
)
def test_answers(answer: str, grade: str | None) -> None:
    found = read(answer)
    assert found.grade == grade and (grade is not None or found.reason in ("unparsed", "ambiguous"))


def test_a_credentialed_split_is_never_shown_to_a_service() -> None:
    class Service(Honest):
        def check_questions(self, questions: object) -> None: ...

    closed = replace(toy().split, credentialed=True)
    with pytest.raises(UserError, match="credentialed"):
        VlmGrader(Service(), "openai", closed)
    assert VlmGrader(Honest(), "honest", closed).name == "honest"
    assert VlmGrader(Service(), "openai", toy().split).fingerprint
