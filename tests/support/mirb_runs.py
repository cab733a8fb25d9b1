"""Small runs of `mirb` on generated questions, and models without weights to ask."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from model_adapters.card import ModelCard
from model_adapters.protocols import AnswerRequest, BuildContext, Response


@dataclass(frozen=True)
class Done:
    """What a command said."""

    stdout: str
    stderr: str


SMALL = ("--split", "mirb-procedural", "--split-option", "per_task=4", "--tasks", "food,count,analogy,visual_chain")

CARD = ModelCard(name="guesser", kind="vlm", source="computed in tests", licence="none")
OPTIONS = {"delay": 0.0, "wordy": False}

_SUPPORT = Path(__file__).parent
_START = f"""
import sys
sys.path.insert(0, {str(_SUPPORT)!r})
from model_adapters.vlms import VLMS
VLMS._entries["guesser"] = "mirb_runs:build"
from mirb.cli import main
main()
"""


class Guesser:
    """Answers by a hash of the pixels and texts it is shown, after a delay: what it says follows from the request."""

    card = CARD

    def __init__(self, delay: float, wordy: bool) -> None:
        self.delay, self.wordy = delay, wordy

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        time.sleep(self.delay * len(requests))
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        state = hashlib.sha256()
        for part in request.parts:
            state.update(part.encode() if isinstance(part, str) else part.tobytes())
        draw = state.digest()
        if request.letters:
            return Response("", {letter: draw[index] / 16 for index, letter in enumerate(request.letters)})
        words = {"food": "ABC"[draw[0] % 3], "count": str(draw[0] % 9), "analogy": ("Yes", "No")[draw[0] % 2]}
        word = words.get(request.task, str(draw[0]))
        if self.wordy:
            word = (f"The answer is ({word}).", f"**{word}**", "I cannot tell.", word)[draw[1] % 4]
        return Response(word, truncated=draw[2] % 8 == 0, tokens_out=1 + draw[3] % 5)


def build(context: BuildContext) -> Guesser:
    """The guesser as an adapter."""
    from model_adapters.options import read_options

    options = read_options(context.options, OPTIONS, "guesser")
    return Guesser(options["delay"], options["wordy"])


def command(*arguments: str | Path) -> list[str]:
    """The command line of `mirb` in this interpreter, with the guesser among its models."""
    return [sys.executable, "-c", _START, *map(str, arguments)]


def environment() -> dict[str, str]:
    """An offline machine with one thread."""
    counts = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    return os.environ | counts | {"HF_HUB_OFFLINE": "1", "COLUMNS": "200"}


def run(*arguments: str | Path, expect: int = 0) -> Done:
    """Run `mirb` to its end in this process, as its entry point does, and check the exit code."""
    from mirb.cli import main
    from model_adapters.vlms import VLMS

    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    entries = VLMS.targets | {"guesser": "mirb_runs:build", "scripted": "ablated_vlms:build"}
    with (
        mock.patch.object(sys, "argv", ["mirb", *map(str, arguments)]),
        mock.patch.object(VLMS, "targets", entries),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
    done = Done(out.getvalue(), err.getvalue())
    assert code == expect, f"exit code {code}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


def kill_when(reached: Callable[[], bool], arguments: list[str | Path]) -> bool:
    """Start the command, SIGKILL it as soon as `reached` says so; False if it ended before."""
    process = subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if reached():
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.003)
    finally:
        process.kill()
        process.wait()
    return False


def lines(path: Path) -> int:
    """Whole lines of a file; 0 where there is none."""
    return path.read_bytes().count(b"\n") if path.exists() else 0
