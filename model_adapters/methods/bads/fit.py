"""Runs a chain to its end, its state on disk every so often, on one thread: a resumed fit ends in the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.chain import Chain, Selection

STATE_FILE = "state.safetensors"

SAVES = 20
"""How often the state is written in a fit, about."""


def fit(chain: Chain, output: Path, saved: Callable[[int, int], None]) -> Selection:
    """All steps that are not done yet.

    Raises:
        UserError: the loss is no longer finite.
    """
    from safetensors.torch import load_file

    path = output / STATE_FILE
    every = -(-chain.steps // SAVES)
    total = -(-chain.steps // every)
    with one_thread():
        done = 0
        if path.is_file():
            state = load_file(path)
            done = int(state.pop("done"))
            chain.restore(state)
        for number in range(done, chain.steps):
            chain.step(number)
            if (number + 1) % every == 0 or number + 1 == chain.steps:
                _keep(path, chain.state(), number + 1)
                saved(-(-(number + 1) // every), total)
        return chain.selection()


def _keep(path: Path, state: dict[str, Tensor], done: int) -> None:
    import numpy as np
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in state.items()}
    lost = [name for name, each in arrays.items() if not np.isfinite(each).all()]
    if lost:
        raise UserError(f"The fit diverged by step {done}: {lost[0]} is no longer finite. Choose a smaller rate.")
    with atomic_write(path) as stream:
        stream.write(save(arrays | {"done": np.array(done)}))


@contextmanager
def one_thread() -> Iterator[None]:
    """Small networks are slower on two threads than on one, and the last digits depend on how many there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
