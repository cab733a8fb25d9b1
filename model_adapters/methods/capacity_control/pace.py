"""Lines of progress for work between two saves; the command's own bar moves only with what is safe on disk."""

from __future__ import annotations

import time
from collections.abc import Callable

from data_splits.cli_support import note, progress_line

LINE_SECONDS = 20.0
"""A line is printed at most this often."""


class Pace:
    """Tells how far work is.

    Args:
        what: goes on. total: steps of it in this call. say: prints a line. now: a clock in seconds.
    """

    def __init__(
        self, what: str, total: int, say: Callable[[str], None] = note, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.what, self.total, self.say, self.now = what, total, say, now
        self.began = self.told = now()

    def __call__(self, done: int, more: str = "") -> None:
        """After `done` steps, with something to add to the line."""
        now = self.now()
        if now - self.told >= LINE_SECONDS and done < self.total:
            self.told = now
            self.say(progress_line(self.what, done, self.total, now - self.began) + (f", {more}" if more else ""))
