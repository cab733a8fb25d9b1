"""The `mirb` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits import cli_support
from data_splits.cli_options import choice, given, key_values, names, takes_options

if TYPE_CHECKING:
    from mirb.run_folder import RunConfig

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Score vision-language models on questions that need several images at once.\n\n"
    "Start with: mirb eval   (the embedded model on generated questions: no download, a few minutes)",
)

PROTOCOLS = ("v2", "official", "lmms-eval")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Run = Annotated[Path, typer.Argument(help="A run folder made by eval or answer.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Run folder. The same command on the same folder resumes it.")
]
Vlm = Annotated[
    str,
    typer.Option(
        "--vlm",
        "-m",
        help="NAME, NAME:TARGET or a checkpoint folder, such as embedded, llava, qwen2.5-vl:/weights, openai:MODEL.",
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        "-s",
        help="NAME or NAME:PATH, for example mirb-procedural, mirb:/data/MIR. Default: mirb, for the models of this "
        "package mirb-procedural.",
    ),
]
ProtocolOption = Annotated[
    str, typer.Option("--protocol", help="v2 (default), official or lmms-eval; see `mirb protocols`.")
]
Tasks = Annotated[str | None, typer.Option("--tasks", help="Comma-separated tasks; see `mirb tasks`.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Ask at most so many questions of each task.")]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of the questions that a generated split makes.")
]
Letters = Annotated[
    bool,
    typer.Option(
        "--letters/--no-letters",
        help="Protocol official: option letters by next-token probability, or as text where a service tells none.",
    ),
]
Weights = Annotated[Path | None, typer.Option("--weights", help="Local copy of the model's weights.")]
ModelOptions = Annotated[
    list[str] | None,
    typer.Option("--model-option", help="KEY=VALUE for the adapter; `model-adapters show NAME` lists them."),
]
SplitOptions = Annotated[
    list[str] | None, typer.Option("--split-option", help="KEY=VALUE for the split; `data-splits list` names them.")
]
Device = Annotated[str | None, typer.Option("--device", help="torch device. Default: cuda if there is one, else cpu.")]
Dtype = Annotated[
    str | None, typer.Option("--dtype", help="float32, float16 or bfloat16; by default the adapter chooses.")
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Questions a batch; checked at the start to change no answer.")
]
MaxBad = Annotated[
    int, typer.Option("--max-bad", min=0, help="Questions without an answer (unreadable, failed) to tolerate.")
]
ShowCredentialed = Annotated[
    bool,
    typer.Option(
        "--show-credentialed",
        help="Put questions, answers and images of a credentialed split into the report. Keep that file to yourself.",
    ),
]


Certify = Annotated[
    int | None,
    typer.Option("--certify", min=1, help="Attach a bound on the true error, from so many independent questions."),
]
TrainedElsewhere = Annotated[
    str | None, typer.Option("--trained-elsewhere", help="Of --certify: why training saw none of these questions.")
]


def run_options(
    vlm: Vlm = "embedded",
    split: SplitOption = None,
    protocol: ProtocolOption = "v2",
    tasks: Tasks = None,
    limit: Limit = None,
    seed: Seed = 7,
    letters: Letters = True,
    weights: Weights = None,
    model_option: ModelOptions = None,
    split_option: SplitOptions = None,
    device: Device = None,
    dtype: Dtype = None,
    batch_size: BatchSize = 8,
    max_bad: MaxBad = 0,
    show_credentialed: ShowCredentialed = False,
    certify: Certify = None,
    trained_elsewhere: TrainedElsewhere = None,
) -> RunConfig:
    """The options that describe a run, as its configuration."""
    from mirb import readiness
    from mirb.run_folder import RunConfig

    return RunConfig(
        vlm=vlm,
        split=_absolute(split) if split else readiness.default_split(vlm),
        protocol=choice(protocol, PROTOCOLS, "--protocol"),  # type: ignore[arg-type]
        tasks=names(tasks),
        limit=limit,
        seed=seed,
        letters=letters,
        weights=str(weights.absolute() if weights.exists() else weights) if weights else None,
        model_options=key_values(model_option, "--model-option"),
        split_options=key_values(split_option, "--split-option"),
        device=device or readiness.default_device(vlm),
        dtype=dtype,
        batch_size=batch_size,
        max_bad=max_bad,
        show_credentialed=show_credentialed,
        certify=certify,
        trained_elsewhere=trained_elsewhere,
    )


def _absolute(split: str) -> str:
    """NAME:PATH with the whole path, so that `score`, `report` and `ablate` find it from any folder."""
    name, colon, path = split.partition(":")
    found = Path(path).expanduser()
    return f"{name}:{found.absolute()}" if colon and path and found.exists() else split


@app.command("eval")
@takes_options(run_options)
def evaluate(config: RunConfig, output: Output = None, json: Json = False) -> None:
    """Ask the questions, score the answers and write a report: answer, score, report in one.

    Killed at any moment, the same command goes on where it stopped and ends in the same record, bit for bit.

    Examples:

      mirb eval    (the embedded model on generated questions)

      mirb eval -m llava -s mirb:/data/MIR    (LLaVA 1.5 on the published data)

      mirb eval -m openai:MODEL --model-option base_url=http://127.0.0.1:8000/v1 -s mirb:/data/MIR
    """
    from mirb import commands

    commands.evaluate(config, output, json)


@app.command()
@takes_options(run_options)
def answer(config: RunConfig, output: Output = None, json: Json = False) -> None:
    """Only ask the questions; `score` and `report` continue from the run folder."""
    from mirb import commands

    commands.answer(config, output, json)


@app.command()
def score(run: Run, json: Json = False) -> None:
    """Score a run's stored answers and write record.json with its statistics; needs no model."""
    from mirb import commands

    commands.score(run, json)


@app.command()
def report(
    run: Run,
    show_credentialed: ShowCredentialed = False,
    json: Json = False,
) -> None:
    """Write report.html and results.csv from a run's record and stored answers."""
    from mirb import commands

    commands.report(run, show_credentialed, json)


@app.command()
def export(
    run: Run,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, .eval or .json. Default: RUN/inspect.eval")
    ] = None,
    show_credentialed: ShowCredentialed = False,
) -> None:
    """Write a finished run as an Inspect log, for its viewer (`inspect view`). Needs the package inspect-ai."""
    from mirb import commands

    commands.export(run, output, show_credentialed)


@functools.wraps(run_options)
def run_options_later(**values: Any) -> Any:
    """The same options for a command that may know some of them from a run folder: what makes the configuration."""
    return functools.partial(run_options, **values)


@app.command()
@takes_options(run_options_later)
def ablate(
    configure: Any,
    context: typer.Context,
    run: Annotated[
        Path | None, typer.Argument(help="A run folder made by eval. Without it the run is made first, as eval does.")
    ] = None,
    ablations: Annotated[
        str | None, typer.Option("--ablations", help="Comma-separated; all by default. `--list` names them.")
    ] = None,
    output: Output = None,
    listed: Annotated[bool, typer.Option("--list", help="List the ablations and leave.")] = False,
    json: Json = False,
) -> None:
    """Ask a run's questions again without images, with other ones, tiled, or in another order; writes RUN/ablations.

    Says how much the score needs the images, whether answers move with the order, and how often the model is right
    without an image that it must have needed. Killed at any moment, the same command goes on.

    Examples:

      mirb ablate runs/llava --ablations text-only,image-order --limit 20

      mirb ablate --vlm llava --split mirb:/data/MIR --output runs/llava
    """
    from mirb import ablate_command

    if listed:
        ablate_command.show(json)
        return
    ablate_command.run(configure, run, names(ablations), output, given(context), json)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders of one protocol on the same questions.")],
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.0001, max=0.5, help="Family-wise error over the pairs of models.")
    ] = 0.05,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a page: FILE.html or a folder.")
    ] = None,
    style: Annotated[str, typer.Option("--format", help="text, csv, markdown or latex.")] = "text",
    json: Json = False,
) -> None:
    """Compare models question by question: exact tests, paired intervals, ties, ranks, and questions needed.

    Models that share a letter are not told apart by any test. Unparsed answers count as not right; the tables say how
    far they could move a difference.

    Example: mirb compare runs/a runs/b --output comparison.html
    """
    from mirb import compare_command

    style = choice(style, tuple(compare_command.WRITERS), "--format")
    compare_command.run(runs, alpha, output, style, json)


@app.command()
def tasks(json: Json = False) -> None:
    """List the tasks with category, answer form, images and what an item asks."""
    from mirb import listing

    listing.tasks(json)


@app.command()
def protocols(json: Json = False) -> None:
    """List the protocols: prompt, token cap, scorer, average, quirks, and what is not imitated."""
    from mirb import listing

    listing.protocols(json)


@app.command()
def published(json: Json = False) -> None:
    """Show the published table as a reference, with what is wrong or uncertain in it flagged."""
    from mirb import listing

    listing.published(json)


def main() -> Any:
    """Entry point."""
    cli_support.run(app)
