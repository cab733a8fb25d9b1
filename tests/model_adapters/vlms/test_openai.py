"""The endpoint test: a local server that refuses, hangs and cuts replies under 200 requests at once."""

import base64
import io
import logging
from collections import Counter

import numpy as np
import pytest
from fake_endpoint import FakeEndpoint, completion
from PIL import Image
from toy_questions import requests_of, toy_questions

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest, BuildContext, Response
from model_adapters.vlms import VLMS
from model_adapters.vlms.served.client import ServiceFailed

FAULTS = ("", "429", "429+", "500", "hang", "cut json", "cut body", "no choices")


def adapter(endpoint: FakeEndpoint, **options: object):
    quick = {"shortest_wait": 0.01, "longest_wait": 0.2, "time_limit": 5.0}
    return VLMS.build("openai", BuildContext(target="tiny", options={"base_url": endpoint.url, **quick, **options}))


def ask(text: str, letters: tuple[str, ...] = (), images: int = 0) -> AnswerRequest:
    pixels = tuple(np.full((4, 6, 3), 40 * index, np.uint8) for index in range(images))
    return AnswerRequest(text, "count", (*pixels, text), letters, 16)


def test_nothing_is_lost_and_nothing_doubled_under_200_at_once() -> None:
    requests = [ask(f"q{index}", images=index % 3) for index in range(240)]

    def fault(text: str, tries: int) -> str:
        """The first try of seven questions of eight goes wrong, the second of some, then all is well."""
        kind = (int(text[1:]) + 4 * tries) % len(FAULTS)
        if FAULTS[kind] == "hang" and int(text[1:]) > 100:
            kind -= 1  # a dozen that hang are enough; each costs the whole time limit
        return FAULTS[kind] if tries == 0 or (tries == 1 and kind < 4) else ""

    server = FakeEndpoint(fault=fault, cut=lambda text: int(text[1:]) % 10 == 0, gate=200, hang=8.0)
    with server as endpoint:
        model = adapter(endpoint, start_concurrency=200, max_concurrency=200, time_limit=4.0, retries=12)
        outcomes = list(model.answer_each(requests))
    assert Counter(index for index, _ in outcomes) == Counter(range(240))
    answers = dict(outcomes)
    for index, request in enumerate(requests):
        assert answers[index] == Response(f"answer to q{index}", {}, index % 10 == 0, 10, 2), request.case_id
    late = sum(server.answered.values()) - 240  # answers that came after the client had given up waiting
    assert len(server.answered) == 240 and late <= model.stats()["faults"]["time-out"]
    assert server.peak >= 200, "the server held its first answers back until 200 were under way"
    stats = model.stats()
    assert stats["answers"] == 240 and stats["tokens_in"] == 2400 and stats["tokens_out"] == 480
    assert {"HTTP 429", "HTTP 500", "time-out", "broken reply", "RemoteProtocolError"} <= set(stats["faults"])
    assert stats["concurrency_at_the_end"] < 200, "overload slows it down"


def test_order_is_kept() -> None:
    with FakeEndpoint(fault=lambda text, tries: "500" if text < "q3" and not tries else "") as endpoint:
        texts = [each.text for each in adapter(endpoint).answer([ask(f"q{index}") for index in range(9)])]
    assert texts == [f"answer to q{index}" for index in range(9)]


def test_an_error_is_never_an_answer() -> None:
    with FakeEndpoint(fault=lambda text, tries: "500" if text == "q1" else "") as endpoint:
        model = adapter(endpoint, retries=2)
        outcomes = dict(model.answer_each([ask("q0"), ask("q1"), ask("q2")]))
        assert isinstance(outcomes[1], ServiceFailed) and "HTTP 500" in str(outcomes[1])
        assert isinstance(outcomes[0], Response) and isinstance(outcomes[2], Response)
        assert endpoint.tries["q1"] == 3
        with pytest.raises(ServiceFailed):
            model.answer([ask("q0"), ask("q1")])


@pytest.mark.parametrize("fault", ["hang", "cut json", "cut body", "no choices"])
def test_each_fault_is_tried_again_and_named(fault: str) -> None:
    with FakeEndpoint(fault=lambda text, tries: "" if tries else fault) as endpoint:
        model = adapter(endpoint, time_limit=0.7)
        assert model.answer([ask("q0")])[0].text == "answer to q0"
    names = {"hang": "time-out", "cut json": "broken reply", "cut body": "RemoteProtocolError"}
    assert model.stats()["faults"][names.get(fault, "broken reply")] >= 1


def test_retry_after_is_obeyed() -> None:
    import time

    with FakeEndpoint(fault=lambda text, tries: "" if tries else "429+", retry_after="0.6") as endpoint:
        start = time.monotonic()
        adapter(endpoint).answer([ask("q0")])
    assert time.monotonic() - start >= 0.6


def test_pixels_arrive_as_they_were_and_in_order() -> None:
    split = toy_questions({"count": ["1"]})
    with FakeEndpoint() as endpoint:
        adapter(endpoint).answer(requests_of(split))
    content = endpoint.bodies[0]["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text", "image_url", "text"]
    for part, key in zip(content[1:4:2], split.questions[0].images, strict=True):
        head, _, data = part["image_url"]["url"].partition(",")
        assert head == "data:image/png;base64" and "detail" not in part["image_url"]
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        assert np.array_equal(pixels, split.read_image(key))
    assert endpoint.bodies[0]["max_tokens"] == 8 and endpoint.bodies[0]["temperature"] == 0


def test_jpeg_resize_and_detail_are_sent_and_recorded() -> None:
    request = AnswerRequest("q", "count", (np.zeros((40, 80), np.uint8), "what?"), (), 8)
    with FakeEndpoint() as endpoint:
        model = adapter(
            endpoint, image_format="jpeg", max_side=20, detail="low", max_tokens_name="max_completion_tokens"
        )
        model.answer([request])
    image = endpoint.bodies[0]["messages"][0]["content"][0]["image_url"]
    assert image["detail"] == "low" and image["url"].startswith("data:image/jpeg;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(image["url"].partition(",")[2]))).size == (20, 10)
    assert endpoint.bodies[0]["max_completion_tokens"] == 8 and "max_tokens" not in endpoint.bodies[0]
    assert model.card.settings["max_side"] == 20 and model.card.source == "tiny at this machine"


def with_logprobs(*pairs: tuple[str, float]) -> FakeEndpoint:
    top = [{"token": token, "logprob": value} for token, value in pairs]
    logprobs = {"content": [{"token": top[0]["token"], "logprob": top[0]["logprob"], "top_logprobs": top}]}
    return FakeEndpoint(respond=lambda body: (200, completion("B", "length", logprobs=logprobs)))


def test_letters_come_from_log_probabilities() -> None:
    with with_logprobs((" B", -0.2), ("A", -2.0), ("B", -3.0), ("The", -4.0)) as endpoint:
        (response,) = adapter(endpoint).answer([ask("q0", letters=("A", "B", "C"))])
    assert response.letter_logits == {"A": -2.0, "B": -0.2} and response.text == "" and not response.truncated
    assert endpoint.bodies[0]["logprobs"] is True and endpoint.bodies[0]["max_tokens"] == 1


def test_letters_need_log_probabilities() -> None:
    with FakeEndpoint() as endpoint, pytest.raises(UserError, match="no log-probabilities"):
        adapter(endpoint).answer([ask("q0", letters=("A", "B"))])
    with with_logprobs(("The", -0.1)) as endpoint, pytest.raises(AnswerRefused, match="no option letter"):
        adapter(endpoint).answer([ask("q0", letters=("A", "B"))])


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"error": {"message": "bad key sk-secret", "code": "invalid_api_key"}}, UserError, "key_env"),
        (404, {"error": {"message": "no such model"}}, UserError, "model's name"),
        (400, {"error": {"message": "maximum context length is 4096"}}, AnswerRefused, "does not fit"),
        (400, {"error": {"message": "flagged", "code": "content_filter"}}, AnswerRefused, "filtered"),
        (400, {"error": {"message": "bad field"}}, ServiceFailed, "bad field"),
        (200, completion(None, "content_filter"), AnswerRefused, "filtered"),
    ],
)
def test_final_states(
    status: int, body: dict, kind: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with FakeEndpoint(respond=lambda _: (status, body)) as endpoint:
        with pytest.raises(kind, match=words) as told:
            adapter(endpoint, key_env="MY_KEY").answer([ask("q0")])
        assert len(endpoint.bodies) == 1, "not tried again"
    assert "sk-secret" not in str(told.value)


def test_the_key_is_sent_and_written_nowhere(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    caplog.set_level(logging.DEBUG)
    with FakeEndpoint() as endpoint:
        model = adapter(endpoint, key_env="MY_KEY")
        model.answer([ask("q0")])
    assert endpoint.headers[0]["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in caplog.text + str(model.card) + str(model.stats())


def test_the_default_key_stays_home_without_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with FakeEndpoint() as endpoint:
        adapter(endpoint).answer([ask("q0")])
    assert "authorization" not in endpoint.headers[0]


def test_credentialed_questions_stay_home() -> None:
    split = toy_questions({"count": ["1"]}, credentialed=True)
    where = {"base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(UserError, match="allow_credentialed=toy-questions"):
        VLMS.build("openai", BuildContext(target="m", questions=split, options=where))
    with pytest.raises(UserError, match="credentialed"):
        VLMS.build("openai", BuildContext(target="m", options=where)).check_questions(split)
    named = {**where, "allow_credentialed": "toy-questions"}
    VLMS.build("openai", BuildContext(target="m", questions=split, options=named)).check_questions(split)


def test_leaving_early_ends_the_worker() -> None:
    import threading

    with FakeEndpoint(delay=0.05) as endpoint:
        for _index, _outcome in adapter(endpoint).answer_each([ask(f"q{index}") for index in range(50)]):
            break
        assert not [each for each in threading.enumerate() if each.name == "openai-adapter"]
        assert len(endpoint.bodies) < 50


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        (None, {"base_url": "http://x/v1"}, "openai:MODEL"),
        ("m", {}, "base_url=http"),
        ("m", {"base_url": "127.0.0.1:8000"}, "base_url must be like"),
        ("m", {"base_url": "http://me:pw@x/v1"}, "no password"),
        ("m", {"base_url": "http://x/v1", "extra_body": "[1]"}, "JSON object"),
        ("m", {"base_url": "http://x/v1", "key_env": "NO_SUCH_KEY_"}, "not set"),
        ("m", {"base_url": "http://x/v1", "detail": "tiny"}, "low, high or auto"),
    ],
)
def test_mistakes_are_told(target: str | None, options: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        VLMS.build("openai", BuildContext(target=target, options=options))


def test_prices_are_summed() -> None:
    with FakeEndpoint() as endpoint:
        model = adapter(endpoint, price_in=2.0, price_out=10.0)
        model.answer([ask(f"q{index}") for index in range(5)])
    assert model.stats()["price_usd"] == pytest.approx((50 * 2 + 10 * 10) / 1e6)
