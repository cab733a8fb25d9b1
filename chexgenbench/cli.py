"""The `chexgenbench` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chexgenbench.tune.command import app as tune
from chexgenbench.utility_cli import utility
from data_splits import cli_support
from data_splits.cli_options import choice, key_values, names, takes_options

if TYPE_CHECKING:
    from chexgenbench.run_folder import RunConfig

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Score text-to-image generators of chest radiographs.\n\n"
    "Start with: chexgenbench eval   (the embedded generator on the phantom split: no download, a few minutes)",
)

app.add_typer(tune, name="tune")
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Run = Annotated[Path, typer.Argument(help="A run folder made by eval or generate.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Run folder. The same command on the same folder resumes it.")
]
Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="NAME or NAME:PATH_OR_ID, for example embedded, sana, sana:/weights, images:my.csv."
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        "-s",
        help="NAME or NAME:PATH, for example phantom, folder:cases.csv, mimic-cxr:/data/mimic. "
        "Default: the data the model was made for, else phantom.",
    ),
]
SubsetOption = Annotated[
    str | None, typer.Option("--subset", help="Part of the split to score. Default: what the split says.")
]
ProtocolOption = Annotated[
    str, typer.Option("--protocol", help="v2 (corrected) or v1 (as published, with its quirks).")
]
PresetOption = Annotated[str, typer.Option("--preset", help="quick (offline, minutes) or full (published sizes).")]
Metrics = Annotated[
    str | None, typer.Option("--metrics", help="Comma-separated names or families; see `chexgenbench metrics`.")
]
Encoders = Annotated[str | None, typer.Option("--encoders", help="Comma-separated encoders instead of the protocol's.")]
Seed = Annotated[int, typer.Option("--seed", help="Run seed: every sample's seed derives from it and the case id.")]
Limit = Annotated[int | None, typer.Option("--limit", min=2, help="Score at most so many cases (whole patients).")]
Delta = Annotated[
    float | None,
    typer.Option(
        "--delta",
        min=0,
        max=1,
        help="Re-identification score above which the published count counts. It was never published: without it the "
        "count is absent.",
    ),
]
Weights = Annotated[Path | None, typer.Option("--weights", help="Local copy of the generator's weights.")]
EncoderWeights = Annotated[
    list[str] | None, typer.Option("--encoder-weights", help="ENCODER=PATH, a local copy of an encoder's weights.")
]
ModelOptions = Annotated[
    list[str] | None,
    typer.Option("--model-option", help="KEY=VALUE for the adapter; `model-adapters show NAME` lists them."),
]
Lora = Annotated[str | None, typer.Option("--lora", help="LoRA weights for --model: hub id, folder or file; or none.")]
SplitOptions = Annotated[
    list[str] | None, typer.Option("--split-option", help="KEY=VALUE for the split; `data-splits list` names them.")
]
Device = Annotated[str | None, typer.Option("--device", help="torch device. Default: cuda if there is one, else cpu.")]
Dtype = Annotated[
    str | None, typer.Option("--dtype", help="float32, float16 or bfloat16; by default the adapter chooses.")
]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images a batch; never changes a result.")]
Workers = Annotated[int, typer.Option("--workers", min=0, help="Decoding threads (0: two); never changes a result.")]
MaxBad = Annotated[
    int, typer.Option("--max-bad", min=0, help="Unreadable images to tolerate. They are listed, never replaced.")
]
AllowMissing = Annotated[bool, typer.Option("--allow-missing", help="Score although some cases have no image.")]
ShowCredentialed = Annotated[
    bool,
    typer.Option(
        "--show-credentialed", help="Put images of a credentialed split into the report. Keep that file to yourself."
    ),
]
Cache = Annotated[
    Path | None, typer.Option("--cache", help="Feature cache. Default: $CHEXGENBENCH_CACHE or ~/.cache/chexgenbench.")
]


def run_options(
    model: Model = "embedded",
    split: SplitOption = None,
    subset: SubsetOption = None,
    protocol: ProtocolOption = "v2",
    preset: PresetOption = "quick",
    metrics: Metrics = None,
    encoders: Encoders = None,
    seed: Seed = 42,
    limit: Limit = None,
    delta: Delta = None,
    weights: Weights = None,
    encoder_weights: EncoderWeights = None,
    model_option: ModelOptions = None,
    lora: Lora = None,
    split_option: SplitOptions = None,
    device: Device = None,
    dtype: Dtype = None,
    batch_size: BatchSize = 8,
    workers: Workers = 0,
    max_bad: MaxBad = 0,
    allow_missing: AllowMissing = False,
    show_credentialed: ShowCredentialed = False,
    cache: Cache = None,
) -> RunConfig:
    """The options that describe a run, as its configuration."""
    from chexgenbench import commands
    from chexgenbench.run_folder import RunConfig

    return RunConfig(
        model=model,
        split=split or commands.default_split(model),
        subset=subset,
        protocol=choice(protocol, ("v2", "v1"), "--protocol"),  # type: ignore[arg-type]
        preset=choice(preset, ("quick", "full"), "--preset"),  # type: ignore[arg-type]
        metrics=names(metrics),
        encoders=names(encoders),
        seed=seed,
        limit=limit,
        delta=delta,
        weights=str(weights) if weights else None,
        encoder_weights=key_values(encoder_weights, "--encoder-weights"),
        model_options=key_values(model_option, "--model-option") | ({} if lora is None else {"lora": lora}),
        split_options=key_values(split_option, "--split-option"),
        device=device or commands.default_device(model),
        dtype=dtype,
        batch_size=batch_size,
        workers=workers,
        max_bad=max_bad,
        allow_missing=allow_missing,
        show_credentialed=show_credentialed,
        cache=str(cache) if cache else None,
    )


@app.command("eval")
@takes_options(run_options)
def evaluate(config: RunConfig, output: Output = None, json: Json = False) -> None:
    """Draw images, extract features, score them and write a report: generate, extract, score, report in one.

    Killed at any moment, the same command goes on where it stopped and ends in the same record, bit for bit.

    Examples:

      chexgenbench eval    (embedded generator, phantom split)

      chexgenbench eval -m images:out.csv -s folder:cases.csv    (score images that exist already)

      chexgenbench eval -m sana -s mimic-cxr:/data/mimic --preset full
    """
    from chexgenbench import commands

    commands.evaluate(config, output, json)


@app.command()
@takes_options(run_options)
def generate(config: RunConfig, output: Output = None, json: Json = False) -> None:
    """Only draw the images; `extract`, `score` and `report` continue from the run folder."""
    from chexgenbench import commands

    commands.generate(config, output, json)


@app.command()
def extract(run: Run, json: Json = False) -> None:
    """Extract the features of a run's images; what the cache holds is not computed again."""
    from chexgenbench import commands

    commands.extract(run, json)


@app.command()
def score(run: Run, json: Json = False) -> None:
    """Compute every metric of a run from cached features and write record.json with its statistics."""
    from chexgenbench import commands

    commands.score(run, json)


@app.command()
def report(run: Run, json: Json = False) -> None:
    """Write report.html and results.csv from a run's record."""
    from chexgenbench import commands

    commands.report(run, json)


@app.command()
def metrics(
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference page with all definitions.")
    ] = False,
) -> None:
    """List every metric: definition, direction, estimator, what it needs, and which protocols have it."""
    from chexgenbench import commands

    commands.list_metrics(json, markdown)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders of the same protocol and split.")],
    metrics: Metrics = None,
    group: Annotated[str, typer.Option("--group", help='Group of cases, such as "pathology=Edema".')] = "overall",
    alpha: Annotated[float, typer.Option("--alpha", min=0.0, max=1.0, help="Family-wise error of each metric.")] = 0.05,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a page: FILE.html or a folder.")
    ] = None,
    style: Annotated[str, typer.Option("--format", help="text, csv, markdown or latex.")] = "text",
    json: Json = False,
) -> None:
    """Compare models case by case: paired differences, corrected tests, ties, ranks and Pareto fronts.

    Models that share a letter are not told apart by any test.

    Example: chexgenbench compare runs/a runs/b --output comparison.html
    """
    from chexgenbench import compare_command

    style = choice(style, tuple(compare_command.WRITERS), "--format")
    compare_command.run(runs, names(metrics), group, alpha, output, style, json)


@app.command()
def doctor(
    model: Model = "embedded",
    split: SplitOption = None,
    split_option: SplitOptions = None,
    encoder_weights: EncoderWeights = None,
    json: Json = False,
) -> None:
    """Say what this machine, a split and a model lack for each metric, and how to get it. Computes nothing.

    Example: chexgenbench doctor -m sana -s mimic-cxr:/data/mimic
    """
    from chexgenbench import commands
    from chexgenbench.doctor import Patient
    from chexgenbench.doctor_command import examine

    examine(
        Patient(
            model,
            split or commands.default_split(model),
            key_values(split_option, "--split-option"),
            key_values(encoder_weights, "--encoder-weights"),
        ),
        json,
    )


app.command()(utility)


@app.command()
def reports(
    train: Annotated[str, typer.Option("--train", help="Split with the images and reports to be scored.")],
    test: Annotated[
        str | None, typer.Option("--test", help="Split with the real test images. Default: --train's.")
    ] = None,
    real: Annotated[str | None, typer.Option("--real", help="Split with real training images to compare with.")] = None,
    writer: Annotated[
        str, typer.Option(help="nearest-report (offline, seconds) or vlm-lora:NAME[:CHECKPOINT].")
    ] = "nearest-report",
    writer_option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the writer.")] = None,
    scores: Annotated[str | None, typer.Option(help="Comma-separated text scores. Default: the offline ones.")] = None,
    score_weights: Annotated[
        list[str] | None, typer.Option(help="SCORE=PATH, local weights of a score that needs a model.")
    ] = None,
    arms: Annotated[str | None, typer.Option(help="tstr, trtr, mixed; the first two with --real.")] = None,
    train_subset: Annotated[str | None, typer.Option(help='Part of --train. Default: "train".')] = None,
    test_subset: Annotated[str | None, typer.Option(help="Part of --test. Default: what the split says.")] = None,
    protocol: ProtocolOption = "v2",
    split_option: SplitOptions = None,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
    output: Output = None,
    json: Json = False,
) -> None:
    """Train a report writer on images with reports and score the reports that it writes of real test images.

    No report is stored: the record holds scores alone.

    Example: chexgenbench reports --train folder:curated --test phantom --real phantom --writer nearest-report
    """
    from chexgenbench.reports_command import Request, run

    run(
        Request(
            train, test, real, writer, names(scores), names(arms), train_subset, test_subset, protocol, device,
            key_values(writer_option, "--writer-option"), key_values(score_weights, "--score-weights"),
            key_values(split_option, "--split-option"), output,
        ),
        json,
    )  # fmt: skip


@app.command()
def curate(
    source: Annotated[str, typer.Argument(help="A run folder, or a split of images with prompts: folder:images.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the data set; repeat to resume.")],
    grader: Annotated[
        str, typer.Option(help="labels (offline: a classifier of real images), or a VLM: NAME, NAME:CHECKPOINT.")
    ] = "labels",
    keep: Annotated[str | None, typer.Option(help="Grades to keep. Default: high,medium.")] = None,
    part: Annotated[str, typer.Option(help="Samples of a run drawn for train or test cases, or all.")] = "train",
    real: Annotated[
        str | None, typer.Option("--real", help="Split with real labelled images for the grader `labels`.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Grade at most so many images.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a batch; never changes a grade.")] = 16,
    include_credentialed: Annotated[
        bool, typer.Option("--include-credentialed", help="Write prompts of a credentialed split to this machine.")
    ] = False,
    grader_weights: Annotated[Path | None, typer.Option(help="Local copy of the grader's weights.")] = None,
    grader_option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the grader's adapter.")] = None,
    split_option: SplitOptions = None,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
    json: Json = False,
) -> None:
    """Grade each generated image against its prompt and keep the good ones as a data set with a data card.

    The result loads with `datasets` (imagefolder) and as `folder:OUTPUT`, for `chexgenbench utility --train`.

    Example: chexgenbench curate runs/embedded-phantom -o curated --grader labels
    """
    from chexgenbench.curate_command import Request, grades, run

    run(
        Request(
            source, output, grader, grades(names(keep)), part, real, limit, batch_size, include_credentialed, device,
            grader_weights, key_values(grader_option, "--grader-option"), key_values(split_option, "--split-option"),
        ),
        json,
    )  # fmt: skip


def main() -> Any:
    """Entry point."""
    cli_support.run(app)
