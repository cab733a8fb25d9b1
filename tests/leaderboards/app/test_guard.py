"""The allow-list of paths, the bound on bodies, and the policy on every answer; no Gradio needed."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from leaderboards.app.guard import MAX_BODY, Guard

PAGE = b"<html><script>window.gradio_config = 1</script><script type=module src=./a.js></script></html>"


async def _page(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(PAGE)).encode()), (b"server", b"x")]
    headers.append((b"access-control-allow-origin", b"*"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[20:]})


def ask(
    path: str, method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": list(headers)}
    asyncio.run(Guard(_page, ("https://frame.example",))(scope, None, send))  # type: ignore[arg-type]
    held = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], held, b"".join(each.get("body", b"") for each in sent[1:])


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/etc/passwd", "/gradio_api/upload", "/gradio_api/info", "/gradio_api/proxy=http://x", "/docs",
     "/openapi.json", "/gradio_api/call/x", "/gradio_api/component_server", "/login", "/export/parquet", "/monitoring",
     "/assets/../../etc/passwd", "/custom_component/x", "/gradio_api/run/predict", "/gradio_api/runs", "//evil"],
)  # fmt: skip
def test_what_is_not_listed_is_not_there(path: str) -> None:
    assert ask(path)[0] == 404
    assert ask(path, "POST", ((b"content-length", b"2"),))[0] == 404


def test_what_the_page_needs_is_there_and_bounded() -> None:
    known = ("/", "/config", "/assets/index-Bx_9.js", "/theme.css", "/gradio_api/queue/data", "/export/csv")
    for path in (*known, "/gradio_api/app_id"):
        assert ask(path)[0] == 200, path
    join = "/gradio_api/queue/join"
    assert ask(join, "POST", ((b"content-length", b"100"),))[0] == 200
    assert ask(join, "POST", ((b"content-length", str(MAX_BODY + 1).encode()),))[0] == 413
    assert ask(join, "POST", ((b"content-length", b"9" * 5000),))[0] == 413
    assert ask(join, "POST", ((b"content-length", b"10"), (b"transfer-encoding", b"chunked")))[0] == 413
    assert ask(join, "POST")[0] == 413 and ask("/", "PUT")[0] == 404 and ask("/", "DELETE")[0] == 404


def test_scripts_of_the_page_carry_the_nonce_of_its_policy() -> None:
    _, headers, body = ask("/")
    policy = headers["content-security-policy"]
    (nonce,) = re.findall(r"'nonce-([\w-]+)'", policy)
    assert body.count(f'<script nonce="{nonce}"'.encode()) == body.count(b"<script") == 2
    assert int(headers["content-length"]) == len(body)
    script = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe-inline" not in script and "*" not in script and "connect-src 'self'" in policy
    assert "frame-ancestors 'self' https://frame.example" in policy
    assert "server" not in headers and "access-control-allow-origin" not in headers
    assert ask("/")[1]["content-security-policy"] != policy  # a nonce is used once


def test_everything_else_runs_no_script_at_all() -> None:
    _, headers, _ = ask("/export/csv")
    assert "script-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
