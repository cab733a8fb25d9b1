from toy_questions import requests_of, toy_questions

from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS

SPLIT = toy_questions(
    {"food": ["B", "C"], "analogy": ["Yes", "No"], "count": ["7", "12"], "plot_code": ["Second"], "arxiv": ["A title"]}
)


def test_each_form_has_its_answer() -> None:
    model = VLMS.build("constant", BuildContext(questions=SPLIT, options={"letter": "C", "number": 4}))
    answers = {
        request.task: response.text
        for request, response in zip(requests_of(SPLIT), model.answer(requests_of(SPLIT)), strict=True)
    }
    assert answers == {"food": "C", "analogy": "Yes", "count": "4", "plot_code": "First", "arxiv": "unknown"}
    assert model.card.settings["letter"] == "C"


def test_letters_prefer_the_constant_one() -> None:
    model = VLMS.build("constant", BuildContext(questions=SPLIT))
    (response,) = model.answer(requests_of(SPLIT, letters=("A", "B", "C"))[:1])
    assert response.text == "" and max(response.letter_logits, key=response.letter_logits.__getitem__) == "A"
    assert set(response.letter_logits) == {"A", "B", "C"}


def test_without_a_split_it_still_answers() -> None:
    assert VLMS.build("constant", BuildContext()).answer(requests_of(SPLIT)[:1])[0].text == "unknown"
