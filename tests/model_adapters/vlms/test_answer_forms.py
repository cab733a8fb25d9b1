import pytest

from model_adapters.vlms.answer_forms import form_of, form_of_task


@pytest.mark.parametrize(
    ("answer", "form"),
    [("B", "letter"), ("b.", "letter"), ("Yes", "yes/no"), ("no", "yes/no"), ("-5", "number"), ("3.5", "number"),
     ("Second", "ordinal"), ("Paris", "text"), ("Attention is all you need", "text"), ("", "text"), ("I", "text")],
)  # fmt: skip
def test_forms(answer: str, form: str) -> None:
    assert form_of(answer) == form


def test_the_most_frequent_form_is_that_of_the_task() -> None:
    assert form_of_task(["Yes", "Rome", "No"]) == "yes/no"
    assert form_of_task([]) == "text"
