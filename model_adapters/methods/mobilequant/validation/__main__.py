"""`python -m model_adapters.methods.mobilequant.validation --output runs/mq-validation`: trains, quantises, prints."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from data_splits.cli_support import meter, note
from data_splits.integrity import write_json
from model_adapters.methods.mobilequant.validation.table import ARMS, SCHEMES, markdown, perplexities, prepare


def main() -> None:
    """Everything for some seeds; finished parts are not computed again."""
    import torch

    parser = argparse.ArgumentParser(description="MobileQuant against its baselines on a character model.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600, help="of training the character model")
    parser.add_argument("--channels", type=int, default=4, help="outlier channels of each tensor, 30 times the rest")
    parser.add_argument("--spread", type=float, default=0.0, help="of the logarithm of a factor of every channel")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--schemes", default="W8A8,W4A8,W4A6")
    parser.add_argument("--arms", default=",".join(each for each in ARMS if each != "transforms, clipping"))
    parser.add_argument("--json", action="store_true", help="the figures as JSON instead of a table")
    given = parser.parse_args()
    torch.set_num_threads(1)
    schemes = [each for each in given.schemes.split(",") if each in SCHEMES]
    arms = [each for each in ARMS if each in given.arms.split(",") or each.replace(", ", "+") in given.arms.split(",")]
    results = []
    for seed in range(given.seeds):
        folder = given.output / f"seed-{seed}"
        with meter(f"seed {seed}: character model") as show:
            model = prepare(folder / "model", seed, given.steps, given.spread, given.channels, show)
        results.append(perplexities(model, folder, seed, schemes, arms, given.samples, say=note))
    write_json(given.output / "table.json", results)
    print(json.dumps(results, indent=2) if given.json else markdown(results))


if __name__ == "__main__":
    main()
