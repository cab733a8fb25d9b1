"""A headless Chromium driven over a pipe by its DevTools protocol: no driver, no package, no port."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip
SECONDS = 60.0


def browser_path() -> str | None:
    """The browser of this machine, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


class Page:
    """One tab. errors: console errors, uncaught exceptions and policy violations. requests: every address asked for."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 900) -> None:
        binary = browser_path()
        assert binary is not None
        to_browser, from_us = os.pipe()
        to_us, from_browser = os.pipe()
        # The protocol reads from descriptor 3 and writes to 4.
        shell = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        command = ["bash", "-c", shell, binary, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        self._process = subprocess.Popen(
            [*command, "about:blank"], pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._write, self._read, self._number, self._rest = from_us, to_us, 0, b""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._session = ""
        target = next(t for t in self._call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Go to an address."""
        self._call("Page.navigate", url=address)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")

    def wait(self, expression: str, seconds: float = SECONDS) -> None:
        """Until an expression is true; an element counts as true, though it has no value of its own.

        Raises:
            TimeoutError: with the expression.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(f"!!({expression})"):
                return
            time.sleep(0.1)
        raise TimeoutError(expression)

    def size(self, width: int, height: int) -> None:
        """The size of the window."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def block(self, *addresses: str) -> None:
        """Let requests of these patterns fail; of none, let all pass again."""
        self._call("Network.setBlockedURLs", urls=list(addresses))

    def picture(self) -> bytes:
        """A PNG of what is seen."""
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(20)
        os.close(self._write)
        os.close(self._read)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._read, 1 << 16)
            if not read:
                raise RuntimeError("the browser has gone")
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        method, told = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(told["exceptionDetails"].get("text")))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
            text = " ".join(str(each.get("value", each.get("description"))) for each in told["args"])
            # Gradio logs its event stream being cut when a test leaves the page. Cut otherwise, waits would fail.
            if not text.startswith(("AbortError:", "Unexpected error Connection errored out")):
                self.errors.append(text)
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
