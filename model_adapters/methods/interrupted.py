"""Starts a method and kills it, as `kill -9` would: `python -m model_adapters.methods.interrupted TARGET ...`.

Run by `model-adapters check` in a process of its own: nothing of the method may clean up after itself on the way out.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import cast

from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext, TrainingMethod


def build(target: str) -> TrainingMethod:
    """The method of "module:attribute"."""
    module, _, attribute = target.partition(":")
    return cast(TrainingMethod, getattr(importlib.import_module(module), attribute or "build")(BuildContext()))


def main(target: str, inputs: str, output: str, seed: str, steps: str) -> None:
    """Fit on the method's made-up inputs in the folder `inputs`; die by SIGKILL once `steps` steps are safe on disk."""

    def saved(done: int, total: int) -> None:
        if done >= int(steps):
            os.kill(os.getpid(), signal.SIGKILL)

    method = build(target)
    run_method(method, method.made_up_inputs(Path(inputs)), Path(output), int(seed), saved)


if __name__ == "__main__":
    main(*sys.argv[1:6])
