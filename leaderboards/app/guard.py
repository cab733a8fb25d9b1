"""What the server answers at all, and what a browser may do with it. Everything else of Gradio's surface is closed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READ = re.compile(
    r"/|/config/?|/theme\.css|/gradio_api/theme\.css|/favicon\.ico|/robots\.txt|/export/(?:csv|latex)"
    r"|/(?:assets|static|svelte)/[\w@./+-]+|/gradio_api/startup-events|/gradio_api/heartbeat/\w{1,64}"
    r"|/gradio_api/queue/data|/manifest\.json"
    r"|/gradio_api/app_id"  # asked after a lost connection: without an answer the page stays dead
)
WRITE = re.compile(r"/gradio_api/queue/join/?|/gradio_api/cancel|/gradio_api/reset/?")
"""No upload, no file, no proxy, no custom component, no description of an API, no login."""

MAX_BODY = 256 * 1024
"""Bytes of a request: the controls of the page, nothing larger."""


class Guard:
    """ASGI middleware: an allow-list of paths, a bound on bodies, and headers under which no foreign script runs.

    The page's own scripts carry a nonce. Gradio compiles small functions in the browser, so 'unsafe-eval' stays; inline
    handlers and scripts in markup stay forbidden, and nothing is fetched from another host.

    Args:
        framed_by: origins that may show the page in a frame, such as the host of a Space.
    """

    def __init__(self, app: App, framed_by: tuple[str, ...] = ()) -> None:
        self.app = app
        self.framed_by = " ".join(("'self'", *framed_by))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        path, method = str(scope["path"]), str(scope["method"])
        allowed = WRITE if method == "POST" else READ if method in ("GET", "HEAD") else None
        if allowed is None or not allowed.fullmatch(path) or ".." in path:
            await _plain(send, 404, b"not found")
            return
        if method == "POST":
            held = dict(scope["headers"])
            length = held.get(b"content-length", b"")
            # A body in chunks may be of any length, whatever length it also names.
            if b"transfer-encoding" in held or not re.fullmatch(rb"\d{1,9}", length) or int(length) > MAX_BODY:
                await _plain(send, 413, b"too large")
                return
        if path == "/":
            # A page that is kept by a browser would keep its nonce; and a compressed one could not be marked.
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await self.app(scope, receive, _Marked(send, self.framed_by) if path == "/" else self._sent(send))

    def _sent(self, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*_kept(message["headers"]), *_headers("'none'", self.framed_by)]}
            await send(message)

        return marked


class _Marked:
    """Sends the page with a nonce on each of its scripts and the policy that names it."""

    def __init__(self, send: Send, framed_by: str) -> None:
        self.send, self.framed_by = send, framed_by
        self.nonce = secrets.token_urlsafe(18)
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        if message["type"] != "http.response.body":
            return
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        # Texts inside the page's configuration cannot hold "<": Gradio writes it as \u003c.
        body = self.body.replace(b"<script", f'<script nonce="{self.nonce}"'.encode())
        script = f"'self' 'nonce-{self.nonce}' 'unsafe-eval'"
        headers = [pair for pair in _kept(self.start["headers"]) if pair[0] not in (b"content-length", b"etag")]
        headers += [*_headers(script, self.framed_by), (b"content-length", str(len(body)).encode())]
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    replaced = (b"content-security-policy", b"access-control-allow-origin", b"server")
    return [(name, value) for name, value in headers if name.lower() not in replaced]


def _headers(script: str, framed_by: str) -> list[tuple[bytes, bytes]]:
    policy = (
        f"default-src 'self'; script-src {script}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        f"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'none'; "
        f"worker-src 'self' blob:; frame-ancestors {framed_by}"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


async def _plain(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text, "more_body": False})
