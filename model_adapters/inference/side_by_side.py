"""Network passes on a CPU, each on one thread, several at once: the same bits for any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a torch function to items and return the results in order; the caller's thread count is put back.

    How many threads share a convolution moves its last digits, so each call gets one, and the calls share the cores.
    The function must not change anything that another call of it reads.
    """
    import torch

    def alone(item: Item) -> Result:
        torch.set_num_threads(1)  # holds for this thread, and as the default of threads born later
        return function(item)

    threads = torch.get_num_threads()
    try:
        if threads == 1 or len(items) == 1:
            return [alone(item) for item in items]
        with ThreadPoolExecutor(min(threads, len(items))) as pool:
            return list(pool.map(alone, items))
    finally:
        torch.set_num_threads(threads)
