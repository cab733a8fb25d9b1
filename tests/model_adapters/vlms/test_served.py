"""The pieces under the `openai` and `vllm` adapters: pace, waiting times, replies."""

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest
from fake_endpoint import completion

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest
from model_adapters.vlms.served.pace import Pace
from model_adapters.vlms.served.payload import IMAGE_OPTIONS, check_image_options, data_url
from model_adapters.vlms.served.reply import BrokenReply, read_reply
from model_adapters.vlms.served.retry import LONGEST_HOLD, backoff, retry_after

REQUEST = AnswerRequest("q", "count", ("how many?",))


def test_pace_adds_one_per_round_and_halves_once_per_generation() -> None:
    async def run() -> None:
        pace = Pace(8, 100)
        for _ in range(8):
            pace.success()
        assert 8.9 < pace.limit <= 9.0
        async with pace.slot() as first, pace.slot() as second:
            pace.overload(first)
            pace.overload(second)
            assert pace.limit == pytest.approx(4.5, abs=0.1), "both started before the cut: it is one"
        async with pace.slot() as later:
            pace.overload(later)
        assert pace.limit < 2.3 and pace.cuts == 2
        for _ in range(50):
            async with pace.slot() as each:
                pace.overload(each)
        assert pace.limit == 1.0

    asyncio.run(run())


def test_pace_never_lets_more_in_than_its_limit() -> None:
    async def run() -> int:
        pace = Pace(3, 3)
        inside = seen = 0

        async def one() -> None:
            nonlocal inside, seen
            async with pace.slot():
                inside += 1
                seen = max(seen, inside)
                await asyncio.sleep(0.002)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(30)))
        return seen

    assert asyncio.run(run()) == 3


def test_back_off_doubles_with_seeded_jitter() -> None:
    waits = [backoff(0, "q1", attempt, 1.0, 60.0) for attempt in range(1, 8)]
    for attempt, wait in enumerate(waits):
        assert 0.5 * min(60, 2**attempt) <= wait < 1.5 * min(60, 2**attempt)
    assert backoff(0, "q1", 1, 1.0, 60.0) == waits[0] != backoff(0, "q2", 1, 1.0, 60.0)


def test_retry_after_forms() -> None:
    now = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
    assert retry_after("2.5") == 2.5
    assert retry_after("Tue, 24 Nov 2026 08:00:30 GMT", now) == 30.0
    assert retry_after("Tue, 24 Nov 2026 07:00:00 GMT", now) == 0.0
    assert retry_after("100000") == LONGEST_HOLD
    assert retry_after(None) is None and retry_after("soon") is None and retry_after("nan") is None


def test_png_is_lossless_and_grey_becomes_colour() -> None:
    import base64
    import io

    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    url = data_url(pixels, IMAGE_OPTIONS)
    back = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
    assert back.shape == (5, 7, 3) and (back == pixels[..., None]).all()
    assert url == data_url(pixels, IMAGE_OPTIONS)


@pytest.mark.parametrize("wrong", [{"image_format": "gif"}, {"quality": 0}, {"max_side": -1}, {"detail": "tiny"}])
def test_image_options_are_checked(wrong: dict) -> None:
    with pytest.raises(UserError):
        check_image_options({**IMAGE_OPTIONS, **wrong})


def test_replies() -> None:
    assert read_reply(completion(" 7 \n"), REQUEST).text == "7"
    assert read_reply(completion("7", "length"), REQUEST).truncated
    assert read_reply(completion(None), REQUEST).text == "", "an empty answer is an answer"
    parts = completion("x")
    parts["choices"][0]["message"]["content"] = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert read_reply(parts, REQUEST).text == "ab"
    without = completion("7")
    del without["usage"]
    assert read_reply(without, REQUEST).tokens_in is None


@pytest.mark.parametrize("body", [None, [], {}, {"choices": []}, {"choices": [{}]}, completion("7", None)])
def test_what_is_no_completion_is_broken(body: object) -> None:
    with pytest.raises(BrokenReply):
        read_reply(body, REQUEST)


def test_a_refusal_is_no_answer() -> None:
    refused = completion("")
    refused["choices"][0]["message"]["refusal"] = "I cannot help with that."
    with pytest.raises(AnswerRefused):
        read_reply(refused, REQUEST)
