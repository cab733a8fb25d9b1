"""Linear algebra on one thread per call, so that results do not depend on how many threads a machine has."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_WORKERS = 8


@cache
def _controller() -> Any:
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ImportError:  # it comes with scikit-learn; without it the last digits may depend on the thread count
        return None
    import scipy.linalg  # noqa: F401  # brings a BLAS of its own, which the controller sees only once it is loaded

    return threadpoolctl.ThreadpoolController()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within the block, each BLAS and LAPACK call of the process runs on one thread."""
    controller = _controller()
    if controller is None:
        yield
        return
    with controller.limit(limits=1, user_api="blas"):
        yield


def ordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], bytes_per_call: int, budget: int = 2**30
) -> list[Result]:
    """Apply a function that spends its time in BLAS to many items, in parallel as far as memory allows.

    The result is the same for any number of workers: each call is single-threaded and the order is kept.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(cores, MAX_WORKERS, len(items), max(1, budget // max(bytes_per_call, 1)))
    with one_thread():
        if workers <= 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(function, items))
