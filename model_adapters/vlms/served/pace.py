"""How many requests may be under way at once: additive increase, multiplicative decrease.

Every `limit` successes raise the limit by one; a sign of overload (429, 503, a time-out) halves it, once per generation
of requests: those that started before the last cut tell nothing new. A service that names a waiting time holds back all
new requests until then. Source of the rule: Chiu and Jain 1989, as TCP uses it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Pace:
    """Slots for requests; one event loop.

    Args:
        start: limit at first. most: limit at most.
    """

    def __init__(self, start: int, most: int) -> None:
        self.limit = float(min(start, most))
        self.most = most
        self.under_way = 0
        self.peak = 0
        self.cuts = 0
        self._generation = 0
        self._held_until = 0.0
        self._free = asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Wait for a slot; gives the generation that `overload` wants to know."""
        async with self._free:
            while True:
                await self._free.wait_for(lambda: self.under_way < int(self.limit))
                wait = self._held_until - time.monotonic()
                if wait <= 0:
                    break
                self._free.release()
                try:
                    await asyncio.sleep(wait)
                finally:
                    await self._free.acquire()
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            generation = self._generation
        try:
            yield generation
        finally:
            async with self._free:
                self.under_way -= 1
                self._free.notify_all()

    def success(self) -> None:
        """One answer arrived."""
        self.limit = min(float(self.most), self.limit + 1.0 / self.limit)

    def overload(self, generation: int, hold: float = 0.0) -> None:
        """The service is too busy; `hold` seconds are what it asked to be left alone for."""
        if generation == self._generation:
            self.limit = max(1.0, self.limit / 2)
            self.cuts += 1
            self._generation += 1
        self._held_until = max(self._held_until, time.monotonic() + hold)
