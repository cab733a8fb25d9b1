"""The commands below `chexgenbench tune`. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_splits.cli_options import choice, key_values

app = typer.Typer(
    no_args_is_help=True,
    help="Search over what a training method asks for, with the benchmark's own metrics as the objective.",
)


@app.callback()
def _group() -> None:
    """One command a method, so that the method's name is always typed."""


@app.command("capacity-control")
def capacity_control(
    split: Annotated[str, typer.Option("--split", "-s", help="NAME or NAME:PATH; trained and scored on.")],
    family: Annotated[
        str, typer.Option("--family", help="Family of parameters: svdiff, difffit, attention, lora, full, ...")
    ] = "svdiff",
    trials: Annotated[int, typer.Option("--trials", min=1, help="Finished trials, those from before included.")] = 10,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder; the same command there goes on.")] = Path(
        "runs/tune"
    ),
    base: Annotated[str, typer.Option("--base", help="embedded, a diffusers folder or a cached hub id.")] = "embedded",
    split_option: Annotated[list[str] | None, typer.Option("--split-option", help="KEY=VALUE for the split.")] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", help="KEY=VALUE for the training; `model-adapters train capacity-control --inputs`."),
    ] = None,
    fidelity: Annotated[str, typer.Option("--fidelity", help="Metric with its encoder.")] = "kid_lite0",
    memorisation: Annotated[
        str, typer.Option("--memorisation", help="Metric with its encoder; noise_norm, for one, needs none.")
    ] = "mia_auroc_grey64",
    rates: Annotated[
        tuple[float, float] | None,
        typer.Option("--rates", help="Lowest and highest learning rate; published: 1e-5 1e-3, of full 5e-6 1e-5."),
    ] = None,
    sampler: Annotated[str, typer.Option("--sampler", help="tpe or random.")] = "tpe",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the search and of every training.")] = 0,
    cases: Annotated[int, typer.Option("--cases", min=2, help="Evaluated prompts of a trial.")] = 60,
    controls: Annotated[int, typer.Option("--controls", min=2, help="Of these, drawn several times.")] = 24,
    probes: Annotated[int, typer.Option("--probes", min=2, help="Training prompts drawn several times.")] = 24,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Draws of each; `extraction` needs 3.")] = 3,
    model_option: Annotated[
        list[str] | None, typer.Option("--model-option", help="KEY=VALUE for drawing, such as steps=8.")
    ] = None,
    cache: Annotated[Path | None, typer.Option("--cache", help="Feature cache.")] = None,
    device: Annotated[str, typer.Option("--device", help="torch device.")] = "cpu",
    keep_models: Annotated[
        bool, typer.Option("--keep-models", help="Keep every checkpoint, not only those on the front.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")] = False,
) -> None:
    """Search block masks and learning rates for little memorisation and good fidelity (MemControl).

    The first trial is the family as it is: all blocks, its own learning rate. Every trial is trained by `model-adapters
    train capacity-control` and scored by the stages of `chexgenbench eval`; killed at any moment, the same command goes
    on with the trial it was in.

    Example:

      chexgenbench tune capacity-control --split phantom --split-option seed=1 --split-option train=16
      --family svdiff --input steps=200 --trials 20
    """
    from chexgenbench.tune import report
    from chexgenbench.tune.capacity_control import METHOD, Job, drop_models, models_of
    from chexgenbench.tune.objective import BESIDE, Objective, Sizes
    from chexgenbench.tune.search import Done, require_optuna
    from data_splits.cli_support import emit_json, note

    require_optuna()
    options = key_values(split_option, "--split-option")
    metrics = tuple(dict.fromkeys((fidelity, memorisation, *BESIDE)))
    objective = Objective(
        split, options, metrics, Sizes(cases, controls, probes, draws), 42,
        key_values(model_option, "--model-option"), None if cache is None else str(cache), device,
    )  # fmt: skip
    chosen = key_values(input_, "--input")
    inputs = {**chosen, "base": base, "split": split, "peft": family}
    inputs["split_options"] = ",".join(f"{name}={value}" for name, value in options.items())
    job = Job(
        inputs, objective, fidelity, memorisation, seed, rates, choice(sampler, ("tpe", "random"), "--sampler"), device,
    )  # fmt: skip

    def tell(done: Done) -> None:
        told = f"failed: {done.facts['failed']}" if done.values is None else f"{memorisation} {done.values[0]:.4g}, "
        told += "" if done.values is None else f"{fidelity} {done.values[1]:.4g}"
        note(f"trial {done.number}: mask {done.point.mask}, learning rate {done.point.learning_rate:.3g}: {told}")

    note(f"{METHOD} ({family}) of {base} on {split}: {trials} trials -> {output}")
    found = job.run(output, trials, tell)
    answer = report.summary(found, memorisation, fidelity, output)
    report.write(answer, output)
    if not keep_models:
        drop_models(output, models_of(found))
    if json:
        emit_json(answer)
        return
    report.show(answer)
    note(f"All trials: {output / report.TABLE}; drawing: {output / report.DRAWING}. A checkpoint of the front:")
    note(f"  chexgenbench eval --model {output}/trials/NUMBER/training/work/model --split {split}")
