"""A chat-completions server on 127.0.0.1 that misbehaves as told. It answers "answer to <last text>"."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Fault = str
"""429, 429+, 500, hang, cut json, cut body, no choices, or "" for a proper answer."""


@dataclass
class FakeEndpoint:
    """Run it as a context manager.

    Attributes:
        fault: (text of the question, how many times it was put before) -> what goes wrong.
        cut: questions whose answer ends with finish_reason "length".
        respond: body -> reply for whoever wants another one.
        delay: seconds before the first reply to a question. hang: seconds that a hanging reply takes.
        gate: nobody is answered before so many have asked.
    """

    fault: Callable[[str, int], Fault] = lambda text, tries: ""
    cut: Callable[[str], bool] = lambda text: False
    respond: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]] | None = None
    delay: float = 0.0
    gate: int = 0
    hang: float = 3.0
    retry_after: str = "0.03"
    tries: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    under_way: int = 0
    peak: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> FakeEndpoint:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            self._loop.run_forever()
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = await reader.readline()
        if not line:
            return False
        headers = {}
        while header := (await reader.readline()).decode().strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.bodies.append(body)
        self.headers.append(headers)
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            return await self._reply(line.decode().split()[1], body, writer)
        finally:
            self.under_way -= 1

    async def _reply(self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        while len(self.bodies) < self.gate:
            await asyncio.sleep(0.01)
        if path != "/v1/chat/completions":
            return _send(writer, 404, {"error": {"message": "no such path"}})
        if self.respond is not None:
            return _send(writer, *self.respond(body))
        text = [part["text"] for part in body["messages"][0]["content"] if part["type"] == "text"][-1]
        fault = self.fault(text, self.tries[text])
        self.tries[text] += 1
        await asyncio.sleep(self.delay if self.tries[text] == 1 else 0.0)
        if fault in ("429", "429+"):
            more = {"Retry-After": self.retry_after} if fault == "429+" else {}
            return _send(writer, 429, {"error": {"message": "slow down"}}, more)
        if fault == "500":
            return _send(writer, 500, {"error": {"message": "oops"}})
        if fault == "hang":
            await asyncio.sleep(self.hang)
            return False
        reply = completion(f"answer to {text}", "length" if self.cut(text) else "stop")
        if fault == "no choices":
            return _send(writer, 200, {"object": "chat.completion"})
        whole = json.dumps(reply).encode()
        if fault == "cut json":
            return _send_bytes(writer, 200, whole[: len(whole) // 2])
        if fault == "cut body":
            _send_bytes(writer, 200, whole[: len(whole) // 2], length=len(whole))
            return False
        self.answered[text] += 1
        return _send_bytes(writer, 200, whole)


def completion(text: str | None, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion of 10 prompt tokens and 2 answer tokens."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish, **more}
    return {"id": "x", "choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}


def _send(writer: asyncio.StreamWriter, status: int, body: dict[str, Any], more: dict[str, str] | None = None) -> bool:
    return _send_bytes(writer, status, json.dumps(body).encode(), more)


def _send_bytes(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    more: dict[str, str] | None = None,
    length: int | None = None,
) -> bool:
    lines = [
        f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {length or len(body)}",
        *(f"{key}: {value}" for key, value in (more or {}).items()),
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return True
