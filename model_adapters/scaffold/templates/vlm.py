"""My adapter: answers with the brightest image. Say what yours is, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.protocols import AnswerRequest, BuildContext, Response

CARD = ModelCard(
    name="my-adapter",
    kind="vlm",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    notes=("A rule, not a model: as `model-adapters new` wrote it. Say here what a reader must know.",),
)


class MyAdapter:
    """Reads the images of a request in order and names the brightest one; a question without images gets a word."""

    card = CARD

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """One response per request, in order, each from its request alone.

        Raises:
            AnswerRefused: never here. Yours raises it for a request that it will not answer (too long, filtered).
        """
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        levels = [float(np.mean(part)) for part in request.parts if not isinstance(part, str)]
        if request.letters:
            # Asked for option letters, a model tells the logit of each as the next token, and writes no text.
            return Response("", _logits(levels, request.letters))
        words = ["image", str(int(np.argmax(levels)) + 1)] if levels else ["unknown"]
        kept = words[: request.max_new_tokens]
        return Response(" ".join(kept), truncated=len(kept) < len(words), tokens_out=len(kept))


def _logits(levels: list[float], letters: Sequence[str]) -> dict[str, float]:
    """Option letter -> brightness of the image at its place, 0 where there are fewer images than options."""
    return {letter: levels[k] / 255 if k < len(levels) else 0.0 for k, letter in enumerate(letters)}


def build(context: BuildContext) -> MyAdapter:
    """Make the adapter. Import torch and other heavy packages inside here, not at the top."""
    return MyAdapter()
