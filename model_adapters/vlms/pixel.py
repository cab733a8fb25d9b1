"""Baseline: plain image processing where a rule of a few lines will do, the majority answer elsewhere.

What it solves, a model need not be given credit for: on drawn pictures the arrangement of patches is found by squared
differences, a common colour by a median.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Response
from model_adapters.vlms.pixel_rules import RULES
from model_adapters.vlms.text_only import TextOnly

OPTIONS: dict[str, OptionValue] = {"fallback": "majority"}

CARD = ModelCard(
    name="pixel",
    kind="vlm",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    settings={"rules": ", ".join(RULES), "fallback": "majority"},
    notes=(
        "A baseline, not a model. Rules for image_jigsaw (squared differences), 3d_scene (coloured blobs) and "
        "attribute (same colour, same number) on drawn pictures. Every other question, and one whose rule does not "
        "apply, gets the answer of the text-only baseline (fallback=majority) or an empty one (fallback=empty).",
        "The rules were written for mirb-procedural and mean little on photographs.",
    ),
)


class Pixel:
    """A rule by task, else the fallback."""

    def __init__(self, context: BuildContext) -> None:
        options = read_options(context.options, OPTIONS, CARD.name)
        if options["fallback"] not in ("majority", "empty"):
            raise UserError("fallback is majority or empty.")
        majority = options["fallback"] == "majority"
        self._majority = TextOnly(BuildContext(questions=context.questions)) if majority else None
        self.card = CARD.model_copy(update={"settings": {**CARD.settings, **options}})

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        images = [_colour(part) for part in request.parts if not isinstance(part, str)]
        text = "\n".join(part for part in request.parts if isinstance(part, str))
        rule = RULES.get(request.task)
        found = rule(text, images) if rule is not None and images else None
        if found is None:
            return self._majority.answer([request])[0] if self._majority else Response("")
        if request.letters:
            return Response("", {letter: float(letter == found) for letter in request.letters})
        return Response(found, tokens_out=1)


def _colour(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def build(context: BuildContext) -> Pixel:
    """Option: fallback (majority, which needs `context.questions`, or empty).

    Raises:
        UserError: fallback is neither, or there is no split for the majority.
    """
    return Pixel(context)
