"""What a vision-language model's adapter must do for its answers to mean anything, checked on a few made-up questions.

The questions hold noise, so nothing is said about how good the answers are: only that the adapter passes on what it is
given, in order, and that an answer follows from its question alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from data_splits.question import Question, QuestionSplit
from model_adapters.check import Check, other_random_state
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response, VisionLanguageModel

LETTERS = ("A", "B", "C")

TOLERANCE = 0.05
"""Largest difference of a letter's logit between batches that floating point may explain (bfloat16 on a GPU)."""

PAGES = 42
"""Images of the largest question of MIRB."""


def check_vlm(vlm: VisionLanguageModel, batch: int = 8, tokens: int = 8, looks: bool = True) -> list[Check]:
    """Batch of 8 against 8 of one, image order, text alone, budget, determinism, letters.

    Args:
        batch: questions in a batch, 8 or fewer. tokens: cap of their answers.
        looks: the adapter reads images; False for baselines that need not care.
    """
    requests = made_up_requests(batch, tokens)
    checks = [_card(vlm)]
    answers = vlm.answer(requests)
    sound = len(answers) == batch and all(isinstance(each, Response) for each in answers)
    checks.append(Check("one response per request", sound, f"{len(answers)} for {batch}"))
    if not sound:
        return checks
    with other_random_state():
        again = vlm.answer(requests)
    checks.append(Check("the same questions get the same answers", again == answers, "asked twice"))
    alone = [vlm.answer([request])[0] for request in requests]
    same = sum(one.text == other.text for one, other in zip(answers, alone, strict=True))
    detail = f"{same} of {batch} texts equal in a batch and alone"
    checks.append(Check("an answer does not depend on its batch", same == batch, detail))
    backwards = vlm.answer(requests[::-1])[::-1]
    same = sum(one.text == other.text for one, other in zip(answers, backwards, strict=True))
    checks.append(Check("nor on its place in it", same == batch, f"{same} of {batch} texts equal"))
    checks.append(_cap(vlm, requests[1]))
    checks.append(_text_alone(vlm, tokens))
    checks += _letters(vlm, requests)
    checks.append(_order(vlm, requests, looks))
    checks.append(_budget(vlm, tokens))
    return checks


def made_up_requests(count: int, tokens: int = 8) -> list[AnswerRequest]:
    """Questions with 1, 2, 3, 1, ... noise images of different sizes, and text of different lengths."""
    return [
        _request(f"check-{index:02d}", 1 + index % 3, f"\nWhat is in item {index}?" + " Look closely." * index, tokens)
        for index in range(count)
    ]


def made_up_split() -> QuestionSplit:
    """The same questions with made-up gold answers, for adapters that look at the split they will be asked."""
    names = [*(f"check-{index:02d}" for index in range(8)), "check-text", "check-pages"]
    questions = tuple(Question(name, "check", "?", LETTERS[index % 3], ()) for index, name in enumerate(names))
    return QuestionSplit("check", "1", "none", False, questions, lambda key: np.zeros((1, 1, 3), np.uint8))


def _request(name: str, images: int, text: str, tokens: int, side: int = 48) -> AnswerRequest:
    rng = np.random.default_rng(derive_seed(0, name, purpose="check"))
    parts: list[str | np.ndarray] = []
    for k in range(images):
        pixels = rng.integers(0, 256, (side + 16 * (k % 2), side + 8 * (images % 4), 3), dtype=np.uint8)
        parts += [f"{'' if not k else chr(10)}Image {k + 1}: ", pixels]
    return AnswerRequest(name, "check", (*parts, text), (), tokens)


def _card(vlm: VisionLanguageModel) -> Check:
    card = vlm.card
    return Check("it has a model card of its kind", card.kind == "vlm", f"{card.name}: {card.kind}, {card.licence}")


def _cap(vlm: VisionLanguageModel, request: AnswerRequest) -> Check:
    (short,) = vlm.answer([replace(request, max_new_tokens=1)])
    kept = short.tokens_out is None or short.tokens_out <= 1
    return Check("an answer keeps to its cap", kept, f"{short.tokens_out} tokens for a cap of 1")


def _text_alone(vlm: VisionLanguageModel, tokens: int) -> Check:
    request = _request("check-text", 0, "How many sides has a triangle?", tokens)
    try:
        answer = vlm.answer([request])[0].text
    except AnswerRefused as error:
        return Check("a question without images is accepted", False, f"refused: {error}")
    return Check("a question without images is accepted", isinstance(answer, str), f"{len(answer)} characters")


def _letters(vlm: VisionLanguageModel, requests: Sequence[AnswerRequest]) -> list[Check]:
    asked = [replace(each, letters=LETTERS) for each in requests[:4]]
    try:
        together = vlm.answer(asked)
    except Exception as error:  # a model may have no letters; which error says so is its own affair
        return [Check("letters are read from next-token logits", None, f"not offered: {error}")]
    logits = [each.letter_logits for each in together]
    known = all(each and set(each) <= set(LETTERS) and np.isfinite(list(each.values())).all() for each in logits)
    checks = [Check("letters are read from next-token logits", known, f"{logits[0]}"[:80])]
    if known:
        single = [vlm.answer([each])[0].letter_logits for each in asked]
        worst = max(
            abs(one[letter] - other.get(letter, np.inf))
            for one, other in zip(logits, single, strict=True)
            for letter in one
        )
        checks.append(Check("they do not depend on the batch", worst <= TOLERANCE, f"at most {worst:.1e} apart"))
    return checks


def _order(vlm: VisionLanguageModel, requests: Sequence[AnswerRequest], looks: bool) -> Check:
    """Swapping two images must change what the model sees: the letters' logits, or the text where it has none."""
    chosen = [each for each in requests if sum(not isinstance(part, str) for part in each.parts) > 1]
    swapped = [replace(each, parts=_swap(each.parts)) for each in chosen]
    before: Sequence[object]
    after: Sequence[object]
    try:
        before, after = (
            [each.letter_logits for each in vlm.answer([replace(one, letters=LETTERS) for one in group])]
            for group in (chosen, swapped)
        )
    except Exception:  # no letters here, as `_letters` has told: then by what it writes
        before, after = ([each.text for each in vlm.answer(group)] for group in (chosen, swapped))
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    detail = f"{changed} of {len(chosen)} answers changed when two images were swapped"
    return Check("the order of the images matters", changed > 0 if looks else None, detail)


def _swap(parts: Sequence[str | np.ndarray]) -> tuple[str | np.ndarray, ...]:
    places = [index for index, part in enumerate(parts) if not isinstance(part, str)]
    swapped = list(parts)
    swapped[places[0]], swapped[places[-1]] = swapped[places[-1]], swapped[places[0]]
    return tuple(swapped)


def _budget(vlm: VisionLanguageModel, tokens: int) -> Check:
    """A question of 42 pages is answered, or refused in so many words; and `refusal` says the same beforehand."""
    name = "42 pages are answered, or refused with a reason"
    request = _request("check-pages", PAGES, "\nWhat is the title?", tokens)
    foretold = getattr(vlm, "refusal", lambda request: None)(request)
    try:
        vlm.answer([request])
    except AnswerRefused as error:
        agreed = foretold == str(error) or not hasattr(vlm, "refusal")
        return Check(name, agreed and bool(str(error)), f"refused: {error}")
    return Check(name, foretold is None, "answered")
