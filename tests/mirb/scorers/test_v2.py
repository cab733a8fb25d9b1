"""v2 on answers that other scorers get wrong: 1 correct, 0 wrong, None unparsed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mirb_questions import question

from mirb.scorers import SCORERS, Given
from mirb.scorers.v2.titles import edit_distance, most_similar, similarity
from mirb.tasks import find
from tests.mirb.scorers.golden import GOLDEN

TITLE = "Attention is All you Need"
GOLDS = {"food": "B", "plot_code": "First", "count": "3", "analogy": "No", "sightseeing": "Rome", "arxiv": TITLE}
THINK = "<think>Food 1 has milk, so A is out. Maybe B?</think>"

CASES = (
    # option letters
    ("food", "B", "B", 1),
    ("food", " b ", "B", 1),
    ("food", "(B)", "B", 1),
    ("food", "[B].", "B", 1),
    ("food", "**B**", "B", 1),
    ("food", "`B`", "B", 1),
    ("food", "B) Food 2", "B", 1),
    ("food", "(B) Food 2", "B", 1),
    ("food", "B: Food 2", "B", 1),
    ("food", "B - Food 2", "B", 1),
    ("food", "B. Food 2", "B", 1),
    ("food", "B Food 2", "B", 1),
    ("food", "Option B", "B", 1),
    ("food", "The answer is B", "B", 1),
    ("food", "The correct answer is (B).", "B", 1),
    ("food", "**Answer:** B", "B", 1),
    ("food", "Final answer: **B. Food 2**", "B", 1),
    ("food", "The correct option is B because Food 2 holds no milk.", "B", 1),
    ("food", "Food 2", "B", 1),
    ("food", "It is food 2.", "B", 1),
    ("food", "None of the above", "D", 1),
    ("food", "$\\boxed{B}$", "B", 1),
    ("food", "\\boxed{\\text{B}}", "B", 1),
    ("food", "<answer>B</answer>", "B", 1),
    ("food", THINK + "\n\nB", "B", 1),
    ("food", "Food 1 has milk, so A is out.</think>B", "B", 1),
    ("food", "B<|im_end|>", "B", 1),
    ("food", "B</s>", "B", 1),
    ("food", "ASSISTANT: B", "B", 1),
    ("food", "\uff22", "B", 1),
    ("food", "B\n\nExplanation: Food 2 holds no milk, Food 1 does.", "B", 1),
    ("food", "Food 1 holds milk. Food 3 holds egg.\nB", "B", 1),
    ("food", "The answer is A. Wait, Food 1 has milk. The answer is B.", "B", 1),
    ("food", "I would go for B here", "B", 1),
    ("food", "The answer is not A. The answer is B.", "B", 1),
    ("food", "A", "B", 0),
    ("food", "The answer is C", "B", 0),
    ("food", "E", "B", 0),
    ("food", "Food 3", "B", 0),
    ("food", "", "B", None),
    ("food", "   \n", "B", None),
    ("food", "A or B", "B", None),
    ("food", "A and B", "B", None),
    ("food", "A, B", "B", None),
    ("food", "Food 1 and Food 2", "B", None),
    ("food", "Both A and B", "B", None),
    ("food", "The answer is both A and B.", "B", None),
    ("food", "The answer is either A or B", "B", None),
    ("food", "Options A and B", "B", None),
    ("food", "It could be A or B", "B", None),
    ("food", "I pick A or B", "B", None),
    ("food", "Between A and B, I choose B.", "B", 1),
    ("food", "Of B and C I would go with C, not B.", "C", 1),
    ("food", "I would not choose A. B", "B", 1),
    ("food", "A, a dish without milk", "A", 1),
    ("food", "B. Food 1", "B", None),
    ("food", "I cannot tell from the images.", "B", None),
    ("food", "A nice photo of a meal", "A", None),
    ("food", "I think it is good", "A", None),
    ("food", THINK, "B", None),
    ("food", "<think>A has milk. B", "B", None),
    ("codeu", "hello world", "A", 1),
    ("codeu", "It prints hello.", "B", 1),
    ("codeu", "12", "C", 1),
    ("codeu", "The program prints 12 lines", "C", None),
    ("image_jigsaw", "[3, 0, 2, 1]", "A", 1),
    ("image_jigsaw", "The right order is [1, 2, 3, 0].", "C", 1),
    ("image_jigsaw", "D. [2, 3, 0, 1]", "D", 1),
    # First to Fourth
    ("plot_code", "First", "First", 1),
    ("plot_code", "The first", "First", 1),
    ("plot_code", "A", "First", 1),
    ("plot_code", "A. First", "First", 1),
    ("plot_code", "1st", "First", 1),
    ("plot_code", "code 2", "Second", 1),
    ("plot_code", "The plot was made by the third code snippet.", "Third", 1),
    ("plot_code", "B", "First", 0),
    ("plot_code", "Either the first or the second", "First", None),
    ("plot_code", "I am not sure.", "First", None),
    # numbers
    ("count", "3", "3", 1),
    ("count", "three", "3", 1),
    ("count", "Three cats", "3", 1),
    ("count", "There are 3 cats in these two images.", "3", 1),
    ("count", "There are 3 cats in the 2 images.", "3", 1),
    ("count", "2 in the first and 1 in the second, total 3", "3", 1),
    ("count", "1 + 2 = 3", "3", 1),
    ("count", "Image 1: 1 cat, Image 2: 2 cats. In total, there are 3 cats.", "3", 1),
    ("count", "Image 1 shows 1 cat and image 2 shows 2 cats, so 3 in all", "3", 1),
    ("count", "**3**", "3", 1),
    ("count", "The answer is: 3.", "3", 1),
    ("count", "twenty-one", "21", 1),
    ("count", "1,234", "1234", 1),
    ("count", "None", "0", 1),
    ("count", "-3", "3", 0),
    ("count", "4", "3", 0),
    ("count", "Image 1 shows 1 cat and image 2 shows 2 cats.", "3", None),
    ("count", "3 or 4", "3", None),
    ("count", "3-4", "3", None),
    ("count", "more than 3", "3", None),
    ("count", "several", "3", None),
    ("count", "Image 3", "3", None),
    ("count", "There are 3 cats in image 1 and 2 cats in image 2, 5 in total.", "5", 1),
    ("count", "There are 3 cats in image 1 and 2 cats in image 2.", "3", None),
    ("count", "Images 1 and 2, 5 in total", "5", 1),
    ("count", "Images 1, 2, and 3 show 4 cats.", "4", 1),
    ("count", "Image 1 and 2 show 4 cats in total.", "4", 1),
    ("count", "From image 1 to 4, 7 cats", "7", 1),
    ("count", "one hundred images show 3 cats", "3", 1),
    ("count", "hundreds of cats", "100", None),
    ("3d_scene", "View 1 shows 4, total 7", "7", 1),
    ("3d_scene", "seven objects", "7", 1),
    ("3d_scene", "7.5", "7", 0),
    ("visual_chain", "c = 21 + 8 = 29", "29", 1),
    ("visual_chain", "The value of c is 29.", "29", 1),
    ("visual_chain", "29.0", "29", 1),
    ("visual_chain", "one hundred", "100", 1),
    ("visual_chain", "a hundred", "100", 1),
    ("visual_chain", "nineteen hundred", "1900", 1),
    ("visual_chain", "two hundred and five", "205", 1),
    ("visual_chain", "One thousand two hundred thirty-four.", "1234", 1),
    ("visual_chain", "three million and one", "3000001", 1),
    ("visual_chain", "one thousand million", "1000", None),
    ("visual_chain", "-5", "-5", 1),
    ("visual_chain", "\u22125", "-5", 1),
    ("visual_chain", "c = 3 - 8 = -5", "-5", 1),
    ("visual_chain", "a = 21, b = 8, so c = 21 + 8 = 29.", "29", 1),
    ("visual_chain", "5", "-5", 0),
    ("visual_chain", "21", "29", 0),
    # yes and no
    ("analogy", "Yes", "Yes", 1),
    ("analogy", "yes.", "Yes", 1),
    ("analogy", "No, they do not.", "No", 1),
    ("analogy", "**No**", "No", 1),
    ("analogy", "The answer is no.", "No", 1),
    ("analogy", "The change is the same in both, so yes.", "Yes", 1),
    ("analogy", "Yes, there is no difference between the two changes.", "Yes", 1),
    ("analogy", "Yes", "No", 0),
    ("analogy", "", "No", None),
    ("analogy", "I cannot tell", "No", None),
    ("analogy", "Cannot know", "No", None),
    ("analogy", "Not sure, maybe yes", "No", None),
    ("analogy", "The eyes match", "Yes", None),
    ("analogy", "Yes and no", "Yes", None),
    ("analogy", "yes or no", "Yes", None),
    ("analogy", "No doubt, yes", "Yes", 1),
    ("attribute", "They are all cartoons.", "Yes", None),
    # places
    ("sightseeing", "Rome", "Rome", 1),
    ("sightseeing", "It is Rome.", "Rome", 1),
    ("sightseeing", "The images are both in Rome, Italy.", "Rome", 1),
    ("sightseeing", "Not Paris but Rome", "Rome", 1),
    ("sightseeing", "Not Paris but Rome", "Paris", 0),
    ("sightseeing", "St. Petersburg", "St. Petersburg", 1),
    ("sightseeing", "Saint Petersburg", "St. Petersburg", 1),
    ("sightseeing", "S\u00e3o Paulo", "Sao Paulo", 1),
    ("sightseeing", "London", "Rome", 0),
    ("sightseeing", "Paris or Rome", "Rome", None),
    ("sightseeing", "Paris and Rome", "Rome", None),
    ("sightseeing", "Rome & Paris", "Rome", None),
    ("sightseeing", "London, Rome, Paris, New York, Tokyo", "Rome", None),
    ("sightseeing", "The Colosseum and the Pantheon, Rome, Italy", "Rome", 1),
    ("sightseeing", "Colosseum, Celio, Rome, Lazio", "Rome", 1),
    ("sightseeing", "Romeo's house", "Rome", 0),
    ("sightseeing", "I'm not sure which city this is.", "Rome", None),
    ("sightseeing", "", "No", None),
    ("sightseeing", "No", "No", 1),
    # titles
    ("arxiv", TITLE, TITLE, 1),
    ("arxiv", "attention is all you need.", TITLE, 1),
    ("arxiv", f'"{TITLE}"', TITLE, 1),
    ("arxiv", f'The paper title of citation [38] on page 11 is "{TITLE}" by Vaswani et al.', TITLE, 1),
    ("arxiv", f"The title is {TITLE}.", TITLE, 1),
    ("arxiv", f"Vaswani et al. {TITLE}. NeurIPS 2017.", TITLE, 1),
    ("arxiv", "Attention is All you Ned", TITLE, 1),
    ("arxiv", "Yolo9000. Better, faster, stronger", "YOLO9000: Better, Faster, Stronger", 1),
    ("arxiv", "Attention is not explanation", TITLE, 0),
    ("arxiv", "Deep residual learning", TITLE, 0),
    ("arxiv", "[36] Deep residual learning for image recognition. [37] Very deep convolutional networks. [38] " + TITLE
     + " [39] Going deeper with convolutions", TITLE, None),
    ("arxiv", "I cannot read the page.", TITLE, None),
    ("arxiv", "", TITLE, None),
)  # fmt: skip


@pytest.mark.parametrize(("task", "answer", "gold", "expected"), CASES)
def test_hard_cases(task: str, answer: str, gold: str, expected: int | None) -> None:
    verdict = SCORERS["v2"].judge(question(task, gold), find(task), Given(answer))
    wanted = {1: "correct", 0: "wrong", None: "unparsed"}[expected]
    assert verdict.outcome == wanted, verdict
    assert verdict.rule
    assert (verdict.answer is None) == (expected is None)


def test_what_is_right_for_a_person_is_right_for_v2_in_every_golden_vector() -> None:
    misread = {("count", "-3"), ("analogy", ""), ("analogy", "I cannot tell"), ("analogy", "Cannot know")}
    misread |= {
        ("analogy", "The eyes match"),
        ("sightseeing", "Not Paris but Rome"),
        ("analogy", "Not sure, maybe yes"),
    }
    for task, answer, gold, official, lmms in GOLDEN:
        correct = SCORERS["v2"].judge(question(task, gold), find(task), Given(answer)).correct
        assert correct == ((task, answer) not in misread), (task, answer)
        assert not correct or (official in (0, 1) and lmms in (0, 1))


def test_options_come_from_the_split_where_it_tells_them() -> None:
    asked = question("food", "B", question="Which?", choices=("oat milk", "rye bread"))
    assert SCORERS["v2"].judge(asked, find("food"), Given("rye bread")).correct


def test_numbered_gold_and_gold_with_its_option() -> None:
    assert SCORERS["v2"].judge(question("food", "B. Food 2"), find("food"), Given("B")).correct


def test_letters_by_probability_and_refusals() -> None:
    judge = SCORERS["v2"].judge
    assert judge(question("food", "B"), find("food"), Given("", letter="B")).correct
    assert judge(question("plot_code", "Second"), find("plot_code"), Given("", letter="B")).correct
    assert judge(question("analogy", "No"), find("analogy"), Given("", refused=True)).outcome == "unparsed"


def test_an_answer_cut_off_says_so() -> None:
    verdict = SCORERS["v2"].judge(question("arxiv", TITLE), find("arxiv"), Given("Let me look at page", truncated=True))
    assert verdict.outcome == "unparsed" and "cut off at the token cap" in verdict.trace


def test_the_trace_tells_what_was_done_and_what_was_read() -> None:
    verdict = SCORERS["v2"].judge(question("food", "B"), find("food"), Given(THINK + "**The answer is B**"))
    assert verdict.trace == ("thinking block removed", "markup removed")
    assert verdict.rule == "stated letter" and verdict.matched == "B"


def test_edit_distance_against_the_definition() -> None:
    from functools import cache

    @cache
    def slow(one: str, other: str) -> int:
        if not one or not other:
            return len(one) + len(other)
        return min(slow(one[1:], other) + 1, slow(one, other[1:]) + 1, slow(one[1:], other[1:]) + (one[0] != other[0]))

    for one, other in (("kitten", "sitting"), ("", "abc"), ("flaw", "lawn"), ("same", "same"), ("ab", "ba")):
        assert edit_distance(one, other) == slow(one, other) == edit_distance(other, one)
        assert similarity(one, other) <= most_similar(one, other)
    assert similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)


def test_a_short_row_of_places_cannot_be_told_from_a_sight_its_city_and_its_country() -> None:
    """The misreading that docs/mirb.md names. Whoever mends it raises the scorer's version."""
    for answer in ("Rome, Paris, London", "Louvre, Paris, France"):
        assert SCORERS["v2"].judge(question("sightseeing", "Paris"), find("sightseeing"), Given(answer)).correct
    assert SCORERS["v2"].version == 2


WORDS = (
    *("the answer is", "Answer:", "A", "(B)", "C.", "Food 2", "None of the Above", "yes", "no", "not", "or", "and"),
    *("3", "-5", "7.5", "=", "total", "Image 1", "first", "2nd", "three", "Paris", "Rome", "I cannot tell", "1,234"),
    *('"', "**", "<think>", "</think>", "\\boxed{", "}", "\n", ".", ",", "$", "citation [38]", "\u2212", "\uff22"),
)


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=30), st.sampled_from(sorted(GOLDS)))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_no_answer_breaks_a_scorer(pieces: list[str], task: str) -> None:
    text = " ".join(pieces)
    for scorer in SCORERS.values():
        verdict = scorer.judge(question(task, GOLDS[task]), find(task), Given(text))
        assert verdict.outcome in ("correct", "wrong") + (("unparsed",) if scorer.three_outcomes else ())
        assert verdict.rule and (verdict.outcome == "unparsed" or verdict.answer is not None)


@pytest.mark.parametrize(
    "piece", ["the answer is not ", "the title of the paper ", "A, B or ", "1 + 2 = ", "(" * 3, "a "]
)
def test_a_very_long_answer_is_read_quickly(piece: str) -> None:
    started = time.process_time()
    for task, gold in GOLDS.items():
        SCORERS["v2"].judge(question(task, gold), find(task), Given(piece * (20_000 // len(piece))))
    assert time.process_time() - started < 5
