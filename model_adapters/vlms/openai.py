"""Any OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp server, transformers serve, or a hosted service.

mirb eval --vlm openai:MODEL --model-option base_url=http://127.0.0.1:8000/v1
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Response
from model_adapters.requirements import Missing
from model_adapters.vlms.served.client import Client, Endpoint, Outcome, Usage
from model_adapters.vlms.served.payload import IMAGE_OPTIONS, check_image_options, messages
from model_adapters.vlms.served.reply import TOP

OPTIONS: dict[str, OptionValue] = {
    "base_url": "",
    "key_env": "",
    **IMAGE_OPTIONS,
    "time_limit": 120.0,
    "retries": 6,
    "shortest_wait": 0.5,
    "longest_wait": 60.0,
    "start_concurrency": 8,
    "max_concurrency": 64,
    "max_tokens_name": "max_tokens",
    "extra_body": "",
    "price_in": 0.0,
    "price_out": 0.0,
    "seed": 0,
    "allow_credentialed": "",
}

CARD = ModelCard(
    name="openai",
    kind="vlm",
    source="an OpenAI-compatible endpoint",
    licence="that of the served model",
    verified=False,
    needs=("--vlm openai:MODEL --model-option base_url=http://127.0.0.1:8000/v1",),
    notes=(
        "What the service does to images and prompts (resizing, chat template, limits) is not known here. The same "
        "question may be answered differently in another batch of the server.",
        "The key is read from the environment variable key_env (OPENAI_API_KEY for an https address) and is written "
        "nowhere. Prices are in US dollars per million tokens, as you give them.",
        "Questions of a credentialed split are sent to no service unless allow_credentialed names that split.",
    ),
)


class OpenAI:
    """Asks one model of one endpoint, many questions at a time."""

    def __init__(self, context: BuildContext) -> None:
        self._options = read_options(context.options, OPTIONS, CARD.name)
        lacks = requirements(context)
        if lacks:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacks))
        check_image_options(self._options)
        self._model = str(context.target)
        self._extra = _extra_body(self._options["extra_body"])
        url = str(self._options["base_url"]).rstrip("/")
        host = _checked_host(url)
        self._credentialed = _guard(context, self._options["allow_credentialed"])
        self.usage = Usage()
        self.concurrency = max(1, int(self._options["max_concurrency"]))
        self._endpoint = Endpoint(
            url=f"{url}/chat/completions",
            key=_key(url, str(self._options["key_env"])),
            loopback=_is_loopback(host),
            time_limit=self._options["time_limit"],
            retries=self._options["retries"],
            shortest=self._options["shortest_wait"],
            longest=self._options["longest_wait"],
            start=max(1, int(self._options["start_concurrency"])),
            most=self.concurrency,
            seed=self._options["seed"],
            quiet=self._credentialed,
        )
        sent = ("image_format", "quality", "max_side", "detail", "extra_body", "seed")
        self.card = CARD.model_copy(
            update={
                "source": f"{self._model} at {'this machine' if self._endpoint.loopback else host}",
                "settings": {"model": self._model, "temperature": 0, **{key: self._options[key] for key in sent}},
            }
        )

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """All answers, in order.

        Raises:
            AnswerRefused, ServiceFailed: the first request (in order) without an answer; a UserError comes first.
        """
        outcomes = dict(self.answer_each(requests))
        responses = []
        for index in range(len(requests)):
            outcome = outcomes[index]
            if isinstance(outcome, Exception):
                raise outcome
            responses.append(outcome)
        return responses

    def answer_each(self, requests: Sequence[AnswerRequest]) -> Iterator[tuple[int, Outcome]]:
        """Every index once, as answers arrive. Leaving the loop cancels what is under way.

        Raises:
            UserError: the key, the model's name or the address is wrong.
        """
        arrived: queue.SimpleQueue[tuple[int, Outcome] | None] = queue.SimpleQueue()
        worker = _Worker(Client(self._endpoint, self._body, self.usage), requests, arrived)
        worker.start()
        try:
            while (item := arrived.get()) is not None:
                yield item
        finally:
            worker.stop()
        if worker.error is not None:
            raise worker.error

    def check_questions(self, questions: QuestionSplit) -> None:
        """Raises UserError for a credentialed split that `allow_credentialed` does not name."""
        _guard(BuildContext(questions=questions), self._options["allow_credentialed"])

    def stats(self) -> dict[str, Any]:
        """Tokens, price, tries and faults so far."""
        usage = self.usage
        price = (usage.tokens_in * self._options["price_in"] + usage.tokens_out * self._options["price_out"]) / 1e6
        return {
            "answers": usage.answers,
            "tries": usage.tries,
            "faults": dict(sorted(usage.faults.items())),
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "answers_without_token_counts": usage.uncounted,
            "price_usd": price if self._options["price_in"] or self._options["price_out"] else None,
            "most_at_once": usage.peak,
            "concurrency_at_the_end": int(usage.limit),
        }

    def _body(self, request: AnswerRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": messages(request.parts, self._options),
            "temperature": 0,
            "seed": self._options["seed"],
            str(self._options["max_tokens_name"]): 1 if request.letters else request.max_new_tokens,
        }
        if request.letters:
            body |= {"logprobs": True, "top_logprobs": TOP}
        return body | self._extra


class _Worker(threading.Thread):
    """Runs the client's event loop beside the caller's; puts outcomes into a queue, and None at the end."""

    def __init__(self, client: Client, requests: Sequence[AnswerRequest], arrived: Any) -> None:
        super().__init__(daemon=True, name="openai-adapter")
        self.error: BaseException | None = None
        self._client = client
        self._requests = requests
        self._arrived = arrived
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._ready = threading.Event()

    def run(self) -> None:
        async def main() -> None:
            await self._client.ask_all(self._requests, lambda index, outcome: self._arrived.put((index, outcome)))

        try:
            self._task = self._loop.create_task(main())
            self._ready.set()
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.error = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            self._arrived.put(None)

    def stop(self) -> None:
        """Cancel what is under way and wait for the end."""
        self._ready.wait()
        if self.is_alive() and self._task is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._task.cancel)
        self.join()


def _guard(context: BuildContext, allowed: str) -> bool:
    """Whether a credentialed split may be asked: only if it was named."""
    for split in (context.questions, context.split):
        if split is not None and split.credentialed:
            if split.name != allowed:
                raise UserError(
                    f"{split.name} is credentialed: its questions and images may not leave this machine. If its terms "
                    f"allow this endpoint, say so by name: --model-option allow_credentialed={split.name}"
                )
            return True
    return False


def _checked_host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"base_url must be like http://127.0.0.1:8000/v1, not {url!r}.")
    if parts.username or parts.password or parts.query:
        raise UserError("base_url must hold no password and no query: put the key into the variable named by key_env.")
    return parts.hostname


def _key(url: str, variable: str) -> str:
    """The API key. OPENAI_API_KEY is sent over https only: a server in the local network has no business with it."""
    if variable and variable not in os.environ:
        raise UserError(f"The environment variable {variable} (key_env) is not set.")
    return os.environ.get(variable or "OPENAI_API_KEY", "") if variable or url.startswith("https:") else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _extra_body(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise UserError("extra_body must be a JSON object, such as '{\"top_k\": 1}'.")
    return extra


def requirements(context: BuildContext) -> list[Missing]:
    """A model's name and an address."""
    options = read_options(context.options, OPTIONS, CARD.name)
    lacks = []
    if not context.target:
        lacks.append(Missing("the name of the served model", "--vlm openai:MODEL"))
    if not options["base_url"]:
        how = "--model-option base_url=http://127.0.0.1:8000/v1 (vllm serve MODEL, llama-server, or a hosted service)"
        lacks.append(Missing("the address of the service", how))
    return lacks


def build(context: BuildContext) -> OpenAI:
    """`openai:MODEL` with the option base_url.

    Options: key_env (environment variable with the key; OPENAI_API_KEY for an https address), image_format, quality,
    max_side, detail, time_limit (seconds per try), retries, shortest_wait and longest_wait (seconds of back-off),
    start_concurrency, max_concurrency, max_tokens_name (some services want max_completion_tokens), extra_body (JSON
    for the request), price_in and price_out (US dollars per million tokens), seed, allow_credentialed (name of the
    split).

    Raises:
        UserError: name or address is missing, an option is wrong, or the split is credentialed.
    """
    return OpenAI(context)
