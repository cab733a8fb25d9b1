"""The answering engine before a served model: what fails is asked again later, and nothing of it is stored."""

from __future__ import annotations

import json
import socket
from collections import Counter
from pathlib import Path

from fake_endpoint import FakeEndpoint

from model_adapters.inference.answer import answer
from model_adapters.inference.ask import Ask
from model_adapters.inference.response_store import ResponseStore, model_identity
from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS

ASKS = [Ask(f"case-{number}", "count", (f"q{number}",), (), 16) for number in range(60)]


def store_of(folder: Path, endpoint: FakeEndpoint) -> tuple[ResponseStore, object]:
    options = {"base_url": endpoint.url, "shortest_wait": 0.01, "longest_wait": 0.05, "time_limit": 5.0, "retries": 2}
    model = VLMS.build("openai", BuildContext(target="tiny", options=options))
    # Not the address, which is another one each time the server of this test starts.
    identity = model_identity(model.card.model_copy(update={"settings": {}, "source": "fake"}))
    return ResponseStore(folder, {"name": "openai"}, identity), model


def test_two_runs_store_every_answer_once_and_no_error(tmp_path: Path) -> None:
    down = {f"q{number}" for number in range(0, 60, 7)}

    def flaky(text: str, tries: int) -> str:
        if text in down:
            return "500"
        return ("", "429", "cut json")[int(text[1:]) % 3] if tries == 0 else ""

    with FakeEndpoint(fault=flaky, cut=lambda text: text == "q5") as endpoint:
        store, model = store_of(tmp_path, endpoint)
        report = answer(model, ASKS, store)  # type: ignore[arg-type]
        assert report.counts == {"ok": 51}
        assert report.failed == {f"case-{text[1:]}": "ServiceFailed: HTTP 500" for text in down}
        assert report.check is None, "a service answers each request by itself: there is no batch to check"
    with FakeEndpoint() as endpoint:
        store, model = store_of(tmp_path, endpoint)
        again = answer(model, ASKS, store)  # type: ignore[arg-type]
        assert again.skipped == 51 and again.answered == 9 and not again.failed
        assert set(endpoint.tries) == down, "only what had failed is asked again"
    lines = [json.loads(line) for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
    assert Counter(line["case_id"] for line in lines) == Counter(ask.case_id for ask in ASKS)
    for line in lines:
        assert line["text"] == f"answer to q{line['case_id'].partition('-')[2]}"
        assert line.get("truncated", False) == (line["case_id"] == "case-5")


def test_a_service_that_is_not_there_is_told_by_what_happened(tmp_path: Path) -> None:
    with socket.socket() as held:  # nobody listens at this port, and nobody else can have it
        held.bind(("127.0.0.1", 0))
        store, model = store_of(tmp_path, FakeEndpoint(port=held.getsockname()[1]))
        report = answer(model, ASKS[:2], store)  # type: ignore[arg-type]
    assert report.failed == {"case-0": "ServiceFailed: ConnectError", "case-1": "ServiceFailed: ConnectError"}
