"""A sound adapter passes; each planted fault is found by the check that is there for it."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from model_adapters.card import ModelCard
from model_adapters.check import Check
from model_adapters.check_vlm import check_vlm, made_up_requests
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response


class Sound:
    """Answers with a hash of everything it was given; holds ten images."""

    card = ModelCard(name="sound", kind="vlm", source="test", licence="none")

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        for each in requests:
            if self.refusal(each):
                raise AnswerRefused(self.refusal(each) or "")
        return [self.one(each) for each in requests]

    def refusal(self, request: AnswerRequest) -> str | None:
        images = sum(not isinstance(part, str) for part in request.parts)
        return f"{images} images do not fit" if images > 10 else None

    def digest(self, request: AnswerRequest) -> int:
        state = 0
        for part in request.parts:
            state = zlib.crc32(part.encode() if isinstance(part, str) else part.tobytes(), state)
        return state

    def one(self, request: AnswerRequest) -> Response:
        state = self.digest(request)
        if request.letters:
            return Response("", {letter: float((state >> k) % 97) for k, letter in enumerate(request.letters)})
        return Response(f"{state}"[: request.max_new_tokens], tokens_out=min(8, request.max_new_tokens))


def failed(checks: list[Check]) -> list[str]:
    return [each.name for each in checks if each.passed is False]


def test_a_sound_adapter_passes() -> None:
    checks = check_vlm(Sound())
    assert failed(checks) == [] and len(checks) == 11 and all(each.passed for each in checks)


def test_requests_differ_in_images_sizes_and_text() -> None:
    requests = made_up_requests(6)
    assert [sum(not isinstance(part, str) for part in each.parts) for each in requests] == [1, 2, 3, 1, 2, 3]
    assert len({part.shape for each in requests for part in each.parts if not isinstance(part, str)}) > 2
    again = made_up_requests(6)
    assert all(np.array_equal(one.parts[1], other.parts[1]) for one, other in zip(requests, again, strict=True))


class Blended(Sound):
    """lmms-eval #648: images of a batch are mixed up."""

    def answer(self, requests):
        images = [part for each in requests for part in each.parts if not isinstance(part, str)]
        return super().answer(
            [
                replace(each, parts=tuple(part if isinstance(part, str) else images[0] for part in each.parts))
                for each in requests
            ]
        )


class Orderless(Sound):
    def digest(self, request):
        images = sorted(zlib.crc32(part.tobytes()) for part in request.parts if not isinstance(part, str))
        return zlib.crc32(repr((images, [part for part in request.parts if isinstance(part, str)])).encode())


class Random(Sound):
    def digest(self, request):
        return int(np.random.randint(10**9))  # noqa: NPY002


class Lengthy(Sound):
    def one(self, request):
        return replace(super().one(request), tokens_out=9)


class NeedsImages(Sound):
    def refusal(self, request):
        images = sum(not isinstance(part, str) for part in request.parts)
        return super().refusal(request) or (None if images else "no image")


class Surprised(Sound):
    """Refuses 42 pages without having said so."""

    def refusal(self, request):
        return None

    def answer(self, requests):
        if any(sum(not isinstance(part, str) for part in each.parts) > 10 for each in requests):
            raise AnswerRefused("too many")
        return super().answer(requests)


class Lossy(Sound):
    def answer(self, requests):
        return super().answer(requests)[:-1] if len(requests) > 1 else super().answer(requests)


@pytest.mark.parametrize(
    ("vlm", "fault"),
    [
        (Blended(), "an answer does not depend on its batch"),
        (Orderless(), "the order of the images matters"),
        (Random(), "the same questions get the same answers"),
        (Lengthy(), "an answer keeps to its cap"),
        (NeedsImages(), "a question without images is accepted"),
        (Surprised(), "42 pages are answered, or refused with a reason"),
        (Lossy(), "one response per request"),
    ],
)
def test_faults_are_found(vlm: Sound, fault: str) -> None:
    assert fault in failed(check_vlm(vlm))


def test_a_model_without_letters_is_told_so_but_not_failed() -> None:
    class Wordy(Sound):
        def one(self, request):
            if request.letters:
                raise ValueError("no letters here")
            return super().one(request)

    checks = {each.name: each for each in check_vlm(Wordy())}
    assert checks["letters are read from next-token logits"].passed is None
    assert checks["the order of the images matters"].passed is True
