"""Telling an exhausted accelerator from other errors, without importing torch where nobody else has."""

from __future__ import annotations

import gc
import sys


def is_out_of_memory(error: BaseException) -> bool:
    """True for torch's OutOfMemoryError, a RuntimeError that says "out of memory", and Python's MemoryError."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    if isinstance(error, RuntimeError):
        text = str(error).lower()
        return "out of memory" in text or "can't allocate memory" in text
    return isinstance(error, MemoryError)


def free_memory() -> None:
    """Give cached accelerator memory back before the next try."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
