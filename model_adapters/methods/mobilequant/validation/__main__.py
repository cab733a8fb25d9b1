"""`python -m model_adapters.methods.mobilequant.validation --output runs/mq-validation`: trains, quantises, prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from data_splits.cli_support import meter, note, run
from data_splits.errors import UserError
from data_splits.integrity import write_json
from model_adapters.methods.mobilequant.validation.table import ARMS, SCHEMES, markdown, perplexities, prepare

USUAL = tuple(each for each in ARMS if each != "transforms, clipping")


def main(
    output: Annotated[Path, typer.Option("--output", help="Folder; the same command there goes on.")],
    seeds: Annotated[int, typer.Option("--seeds", min=1)] = 3,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Of training the character model.")] = 600,
    channels: Annotated[int, typer.Option("--channels", min=0, help="Outlier channels, 30 times the rest.")] = 4,
    spread: Annotated[float, typer.Option("--spread", help="Of the logarithm of a factor of every channel.")] = 0.0,
    samples: Annotated[int, typer.Option("--samples", min=1)] = 64,
    schemes: Annotated[str, typer.Option("--schemes")] = "W8A8,W4A8,W4A6",
    arms: Annotated[str, typer.Option("--arms", help="'transforms, clipping' is written transforms+clipping.")] = (
        ",".join(USUAL)
    ),
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON instead of a table.")] = False,
) -> None:
    """MobileQuant against its baselines on a character model; finished parts are not computed again."""
    import torch

    torch.set_num_threads(1)
    wanted = _known(schemes, {each: each for each in SCHEMES}, "schemes")
    chosen = _known(arms, {each.replace(", ", "+"): each for each in ARMS}, "arms")
    results = []
    for seed in range(seeds):
        folder = output / f"seed-{seed}"
        with meter(f"seed {seed}: character model") as show:
            model = prepare(folder / "model", seed, steps, spread, channels, show)
        results.append(perplexities(model, folder, seed, wanted, chosen, samples, say=note))
    write_json(output / "table.json", results)
    typer.echo(json.dumps(results, indent=2) if as_json else markdown(results))


def _known(text: str, known: dict[str, str], what: str) -> list[str]:
    """Names of a comma-separated list, in the order of `known`: written name -> name."""
    given = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in given if part not in known]
    if wrong or not given:
        raise UserError(f"--{what} is {text!r}; it names some of {', '.join(known)}.")
    return [name for written, name in known.items() if written in given]


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    run(app)
