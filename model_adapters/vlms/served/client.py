"""An asynchronous client of one OpenAI-compatible endpoint: paced, patient, and honest about what failed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_splits.errors import UserError
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response
from model_adapters.vlms.served.pace import Pace
from model_adapters.vlms.served.reply import BrokenReply, read_reply
from model_adapters.vlms.served.retry import AGAIN, BUSY, backoff, retry_after

Outcome = Response | Exception
Deliver = Callable[[int, Outcome], None]


class ServiceFailed(Exception):
    """The service gave no answer after all tries. Not an outcome: the question stays open.

    Attributes:
        fault: what went wrong last, without anything that the service said: "ConnectError", "HTTP 500", "time-out".
    """

    def __init__(self, message: str, fault: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass
class Usage:
    """What a run has used."""

    answers: int = 0
    tries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    uncounted: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    limit: float = 0.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask and how patiently.

    Attributes:
        url: of the chat completions. key: API key or "". loopback: on this machine (no proxy then).
        time_limit: seconds for one try. retries: further tries after a failure; being asked to wait counts a quarter.
        shortest, longest: seconds of back-off. start, most: concurrency.
        quiet: never repeat what the service says (it may quote the question).
    """

    url: str
    key: str
    loopback: bool
    time_limit: float
    retries: int
    shortest: float
    longest: float
    start: int
    most: int
    seed: int
    quiet: bool


class Client:
    """Asks many questions; `body` makes the JSON of one."""

    def __init__(self, endpoint: Endpoint, body: Callable[[AnswerRequest], dict[str, Any]], usage: Usage) -> None:
        self._endpoint = endpoint
        self._body = body
        self._usage = usage

    async def ask_all(self, requests: Sequence[AnswerRequest], deliver: Deliver) -> None:
        """Ask everything; deliver every index exactly once, as outcomes arrive.

        Raises:
            UserError: the service refuses this user or this use (key, model name): nothing else is worth asking.
        """
        import httpx

        pace = Pace(int(self._usage.limit) or self._endpoint.start, self._endpoint.most)
        headers = {"Authorization": f"Bearer {self._endpoint.key}"} if self._endpoint.key else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=self._endpoint.most)
        async with httpx.AsyncClient(
            headers=headers, limits=limits, timeout=None, trust_env=not self._endpoint.loopback, follow_redirects=False
        ) as http:
            turns = asyncio.Semaphore(4 * self._endpoint.most)  # bodies with images are large: few wait at a time

            async def one(index: int, request: AnswerRequest) -> None:
                async with turns:
                    try:
                        outcome: Outcome = await self._ask(http, pace, request)
                    except (AnswerRefused, ServiceFailed) as error:
                        outcome = error
                deliver(index, outcome)

            tasks = [asyncio.create_task(one(index, request)) for index, request in enumerate(requests)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._usage.peak = max(self._usage.peak, pace.peak)
                self._usage.limit = pace.limit

    async def _ask(self, http: Any, pace: Pace, request: AnswerRequest) -> Response:
        content = await asyncio.to_thread(lambda: json.dumps(self._body(request)).encode())
        spent, attempt, fault = 0.0, 0, "never asked"
        while spent <= self._endpoint.retries:
            if attempt:
                await asyncio.sleep(
                    backoff(
                        self._endpoint.seed, request.case_id, attempt, self._endpoint.shortest, self._endpoint.longest
                    )
                )
            attempt += 1
            self._usage.tries += 1
            async with pace.slot() as generation:
                fault, response, hold = await self._try(http, content, request)
                if response is not None:
                    pace.success()
                    self._count(response)
                    return response
                busy = fault == "time-out" or fault.removeprefix("HTTP ") in map(str, BUSY)
                if busy:
                    pace.overload(generation, hold)
            self._usage.faults[fault] += 1
            spent += 0.25 if busy and fault != "time-out" else 1.0
        raise ServiceFailed(f"no answer after {attempt} tries; the last one ended with: {fault}", fault)

    async def _try(self, http: Any, content: bytes, request: AnswerRequest) -> tuple[str, Response | None, float]:
        """(what went wrong, the response or None, seconds the service asks to be left alone)."""
        import httpx

        try:
            async with asyncio.timeout(self._endpoint.time_limit):
                reply = await http.post(
                    self._endpoint.url, content=content, headers={"Content-Type": "application/json"}
                )
        except TimeoutError:
            return "time-out", None, 0.0
        except httpx.TransportError as error:
            return type(error).__name__, None, 0.0
        if reply.status_code in AGAIN:
            return f"HTTP {reply.status_code}", None, retry_after(reply.headers.get("Retry-After")) or 0.0
        if reply.status_code != 200:
            raise self._final(reply.status_code, reply.text)
        try:
            return "", read_reply(reply.json(), request), 0.0
        except (ValueError, BrokenReply):
            return "broken reply", None, 0.0

    def _final(self, status: int, text: str) -> Exception:
        """The exception for a state that no further try will cure."""
        code, message = _said(text)
        if status in (400, 413, 422) and _too_long(code, message):
            return AnswerRefused("the service says that it does not fit its context")
        if "content_filter" in code or "content_policy" in code:
            return AnswerRefused("the service filtered it")
        said = "" if self._endpoint.quiet else f" ({code}: {self._redacted(message)[:200]})"
        hints = {
            401: "Set the API key in the environment variable named by --model-option key_env=NAME.",
            403: "This key may not use this model.",
            404: "Check base_url and the model's name.",
        }
        if status in hints:
            return UserError(f"The service answers HTTP {status}{said}. {hints[status]}")
        if status in (400, 422):
            return ServiceFailed(f"HTTP {status}{said}", f"HTTP {status}")
        return UserError(f"The service answers HTTP {status}{said}. Check base_url.")

    def _redacted(self, text: str) -> str:
        return text.replace(self._endpoint.key, "[key]") if self._endpoint.key else text

    def _count(self, response: Response) -> None:
        self._usage.answers += 1
        self._usage.uncounted += response.tokens_in is None
        self._usage.tokens_in += response.tokens_in or 0
        self._usage.tokens_out += response.tokens_out or 0


def _said(text: str) -> tuple[str, str]:
    """(code or type, message) of an error body; empty where it is no JSON of the usual shape."""
    try:
        body = json.loads(text)
    except ValueError:
        return "", ""
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    if not isinstance(error, Mapping):
        return "", str(error)
    return str(error.get("code") or error.get("type") or ""), str(error.get("message") or "")


def _too_long(code: str, message: str) -> bool:
    words = message.lower()
    signs = ("context length", "context_length", "maximum context", "too long", "exceeds the max", "too many images")
    return code == "context_length_exceeded" or any(sign in words for sign in signs)
