"""What the five command lines share: exit codes, progress and JSON output.

Exit codes: 0 done, 2 something the user can mend (one short message, no traceback), 130 stopped by Ctrl-C.
Progress and messages go to stderr, so that stdout holds nothing but the answer and `--json` can be piped.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from data_splits.errors import UserError
from data_splits.integrity import disk_error

if TYPE_CHECKING:
    import typer

Item = TypeVar("Item")

LINE_SECONDS = 5.0
"""Off a terminal, a progress line is printed at most this often."""


def run(app: typer.Typer) -> NoReturn:
    """Run a command line and leave the process with its exit code.

    A UserError is printed as its message alone (exit code 2); a full disk or a read-only folder becomes one. Any
    other exception keeps its plain traceback, without local variables: they may hold credentialed text.
    """
    app.pretty_exceptions_enable = False
    try:
        app()
    except UserError as error:
        _fail(error)
    except OSError as error:
        mended = disk_error(error, _path_of(error))
        if not isinstance(mended, UserError):
            raise
        _fail(mended)
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as leave:
        if leave.code == 130:
            _stopped()
        raise
    sys.exit(0)


def emit_json(value: Any) -> None:
    """Print a value to stdout as indented JSON with sorted keys (finite numbers only)."""
    sys.stdout.write(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def note(message: str) -> None:
    """Print a line for the person at the keyboard to stderr."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def track(iterable: Iterable[Item], total: int | None = None, description: str = "") -> Iterator[Item]:
    """Yield from an iterable and show how far it is, on stderr.

    A bar on a terminal; elsewhere a plain line every few seconds, with the time left once it can be guessed.

    Args:
        iterable: what is worked through.
        total: number of items; taken from `len` where None.
        description: what is going on, for example "generate".
    """
    if total is None:
        try:
            total = len(iterable)  # type: ignore[arg-type]
        except TypeError:
            total = None
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as rich_track

        yield from rich_track(iterable, description=description, total=total, console=Console(stderr=True))
        return
    yield from _track_lines(iterable, total, description)


def _track_lines(iterable: Iterable[Item], total: int | None, description: str) -> Iterator[Item]:
    started = last = time.monotonic()
    for done, item in enumerate(iterable, start=1):
        yield item
        now = time.monotonic()
        if now - last >= LINE_SECONDS and done != total:
            last = now
            note(progress_line(description, done, total, now - started))


@contextmanager
def meter(description: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a callback (done, total) that shows progress on stderr like `track`, for work that reports by callback."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(description, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)
        return
    yield progress_lines(description)


def progress_lines(description: str) -> Callable[[int, int | None], None]:
    """A callback for (done, total) that prints a plain line every few seconds, at a terminal too."""
    started = last = time.monotonic()

    def show(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_SECONDS and done != total:
            last = now
            note(progress_line(description, done, total, now - started))

    return show


def progress_line(description: str, done: int, total: int | None, seconds: float) -> str:
    """One line of progress, for example "extract: 512/2000 (26 %), 41 s, about 120 s left"."""
    head = f"{description}: " if description else ""
    if not total:
        return f"{head}{done}, {seconds:.0f} s"
    left = f", about {seconds / done * (total - done):.0f} s left" if done else ""
    return f"{head}{done}/{total} ({100 * done / total:.0f} %), {seconds:.0f} s{left}"


def _path_of(error: OSError) -> Any:
    from pathlib import Path

    return Path(error.filename) if isinstance(error.filename, str) else Path.cwd() / "(unknown file)"


def _fail(error: UserError) -> NoReturn:
    note(f"error: {error}")
    sys.exit(2)


def _stopped() -> NoReturn:
    note("Stopped. Run the same command again to go on where it stopped.")
    sys.exit(130)
