"""What form the answers of a task have, read off its gold answers: what a baseline without eyes may know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

Form = Literal["letter", "yes/no", "number", "ordinal", "text"]

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def form_of(answer: str) -> Form:
    """The form of one answer: an option letter, yes or no, a number, First to Fifth, or any other text."""
    plain = answer.strip().rstrip(".").lower()
    if re.fullmatch(r"[a-h]", plain):
        return "letter"
    if plain in ("yes", "no"):
        return "yes/no"
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", plain):
        return "number"
    return "ordinal" if plain in _ORDINALS else "text"


def form_of_task(answers: Iterable[str]) -> Form:
    """The most frequent form (on a tie, the one that comes first); "text" without answers."""
    counts = Counter(form_of(answer) for answer in answers)
    return counts.most_common(1)[0][0] if counts else "text"
