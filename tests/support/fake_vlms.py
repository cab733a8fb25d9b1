"""Vision-language models without weights, for tests of the answering engine."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.inference.ask import Ask, ImageRef
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response

CARD = ModelCard(name="echo", kind="vlm", source="test", licence="none")


def digest(request: AnswerRequest) -> str:
    """A word that follows from everything of the request but its name."""
    state = hashlib.sha256(repr((request.letters, request.max_new_tokens)).encode())
    for part in request.parts:
        state.update(part.encode() if isinstance(part, str) else part.tobytes())
    return state.hexdigest()[:8]


class Echo:
    """Answers with a hash of the request. Counts batches, runs out of memory, fails and refuses as told."""

    card = CARD

    def __init__(self, fits: int | None = None, delay: float = 0.0, batch_bug: bool = False) -> None:
        self.fits, self.delay, self.batch_bug = fits, delay, batch_bug
        self.batches: list[int] = []
        self.asked: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.refuses: set[str] = set()

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        self.batches.append(len(requests))
        if self.fits is not None and len(requests) > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        if any(request.case_id in self.refuses for request in requests):
            raise AnswerRefused("too long")
        for request in requests:
            if self.errors.get(request.case_id):
                raise self.errors[request.case_id].pop(0)
        time.sleep(self.delay)
        self.asked += [request.case_id for request in requests]
        longest = max(len(request.parts) for request in requests)
        return [self.respond(request, self.batch_bug and len(request.parts) < longest) for request in requests]

    def respond(self, request: AnswerRequest, padded: bool = False) -> Response:
        word = digest(request) + ("!" if padded else "")
        if request.letters:
            return Response("", {letter: float(ord(word[i])) for i, letter in enumerate(request.letters)})
        return Response(word, tokens_in=len(request.parts), tokens_out=1)


class Streaming(Echo):
    """Schedules requests itself and gives the answers back in reverse order."""

    concurrency = 3

    def answer_each(self, requests: Sequence[AnswerRequest]) -> Iterator[tuple[int, Response | Exception]]:
        for index in reversed(range(len(requests))):
            request = requests[index]
            if request.case_id in self.refuses:
                yield index, AnswerRefused("filtered")
            elif self.errors.get(request.case_id):
                yield index, self.errors[request.case_id].pop(0)
            else:
                self.asked.append(request.case_id)
                yield index, self.respond(request)


def asks(count: int, letters: tuple[str, ...] = ()) -> list[Ask]:
    """Questions with one to three images each."""
    found = []
    for number in range(count):
        images = [np.full((4, 4, 3), 3 * number + i, np.uint8) for i in range(1 + number % 3)]
        parts = ("Look: ", *(ImageRef.of(image) for image in images), f"\nQuestion {number}?")
        found.append(Ask(f"q-{number:03}", "count", parts, letters, 16))
    return found
