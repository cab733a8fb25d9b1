"""`python -m model_adapters.vlms.embedded_training --output DIR`: train the embedded VLM."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run all stages; a run that was stopped goes on where it was."""
    from model_adapters.vlms.embedded_training.plan import Plan

    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m model_adapters.vlms.embedded_training", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="state and result: OUTPUT/weights.safetensors")
    parser.add_argument("--chest", type=Path, default=None, help="folder of the shared NIH images (cases.csv, images/)")
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--workers", type=int, default=2, help="compute threads; the result does not depend on it")
    stages = [f"{name}_steps" for name in ("comparing", "perception", "language")]
    for name in stages:
        default = getattr(plan, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, help=f"default {default}")
    given = parser.parse_args(arguments)
    plan = replace(plan, seed=given.seed, **{name: getattr(given, name) for name in stages})
    from model_adapters.vlms.embedded_training.stages import train

    def say(line: str) -> None:
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        sys.stdout.flush()

    train(plan, given.output, given.chest, say, given.workers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
