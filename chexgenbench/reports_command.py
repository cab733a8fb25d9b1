"""`chexgenbench reports`: what a training set of images and reports is worth for learning to write reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import typer

from chexgenbench.reports.measure import ARMS
from chexgenbench.reports.standalone import Task, record, written
from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.registry import OFFLINE, text_score
from chexgenbench.utility.standalone import Part
from data_splits.cli_support import emit_json, note
from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.protocols import BuildContext
from model_adapters.registry import split_target
from model_adapters.report_writers import REPORT_WRITERS


@dataclass(frozen=True)
class Request:
    """The command line, as typed."""

    train: str
    test: str | None = None
    real: str | None = None
    writer: str = "nearest-report"
    scores: tuple[str, ...] | None = None
    arms: tuple[str, ...] | None = None
    train_subset: str | None = None
    test_subset: str | None = None
    protocol: str = "v2"
    device: str = "cpu"
    options: Mapping[str, str] = field(default_factory=dict)
    score_weights: Mapping[str, str] = field(default_factory=dict)
    split_options: Mapping[str, str] = field(default_factory=dict)
    output: Path | None = None


def run(request: Request, json: bool) -> None:
    """Train, write, score, record, print."""
    task = resolve(request)
    _, target = split_target(request.writer)
    options = dict(request.options)
    folder = request.output or Path("runs") / f"reports-{task.train.split.name}-{_identity(request, task)[:8]}"
    if "checkpoints" in REPORT_WRITERS.options(task.writer):
        options.setdefault("checkpoints", str(folder / "scratch"))
    context = BuildContext(target=target, device=request.device, options=options)
    lacking = REPORT_WRITERS.requirements(task.writer, context)
    if lacking:
        raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacking))
    writer = REPORT_WRITERS.build(task.writer, context)
    _claim(folder, _identity(request, task))
    warnings = _warnings(task)
    for warning in warnings:
        note(f"warning: {warning}")
    made = record(task, writer, written(task, writer), folder, warnings)
    if json:
        from leaderboards.records.io import record_hash

        emit_json({"run": str(folder), "record_sha256": record_hash(made), "record": made.model_dump(mode="json")})
    else:
        from leaderboards.reporting.record_tables import reading_table
        from leaderboards.reporting.tables import to_text

        typer.echo(to_text(reading_table(made)), nl=False)
    note(f"record: {folder / 'record.json'}")


def resolve(request: Request) -> Task:
    """Splits, arms, writer and scores of a request.

    Raises:
        UserError: an unknown name, or a training set that is the test set.
    """
    writer = REPORT_WRITERS.resolve(split_target(request.writer)[0])
    scores = tuple(text_score(name) for name in request.scores or OFFLINE)
    unknown = [name for name in request.score_weights if name not in {score.name for score in scores}]
    if unknown:
        raise UserError(f"--score-weights names {unknown[0]}, which is not among --scores.")
    where = {
        score.name: Where(
            Path(request.score_weights[score.name]).expanduser() if score.name in request.score_weights else None,
            request.device,
        )
        for score in scores
    }
    if request.protocol not in ("v1", "v2"):
        raise UserError(f"--protocol is v1 or v2, not {request.protocol!r}.")
    split = _load(request.train, request)
    train = Part(split, request.train_subset or ("train" if "train" in split.subsets else split.evaluation))
    tested = split if request.test is None else _load(request.test, request)
    test = Part(tested, request.test_subset or tested.evaluation)
    real = None
    if request.real is not None:
        own = _load(request.real, request)
        real = Part(own, "train" if "train" in own.subsets else own.evaluation)
    for part in filter(None, (train, real)):
        if part.split.manifest.hash == test.split.manifest.hash and part.subset == test.subset:
            raise UserError(
                f"{part.name} would be trained and tested on alike. Name the test images with --test SPLIT."
            )
    arms = request.arms or (("tstr",) if real is None else ("tstr", "trtr"))
    bad = [each for each in arms if each not in ARMS]
    if bad:
        raise UserError(f"No arm is called {bad[0]!r}: choose from {', '.join(ARMS)}.")
    return Task(
        test, train, real, writer, scores, tuple(dict.fromkeys(arms)), where, "v1" if request.protocol == "v1" else "v2"
    )


def _load(spec: str, request: Request) -> Split:
    return load_split(spec, **dict(request.split_options))


def _identity(request: Request, task: Task) -> str:
    """What the numbers depend on."""
    parts = [
        None if part is None else [part.split.manifest.hash, part.subset] for part in (task.train, task.test, task.real)
    ]
    asked = [request.writer, dict(request.options), [score.name for score in task.scores], list(task.arms)]
    return content_hash([parts, *asked, task.protocol])


def _claim(folder: Path, identity: str) -> None:
    """Bind the folder to this request.

    Raises:
        UserError: it holds something else.
    """
    import json

    path = folder / "reports.json"
    if path.is_file():
        if json.loads(path.read_text("utf-8")) != {"identity": identity}:
            raise UserError(f"{folder} holds another reports run. Choose a new folder with --output.")
    elif folder.exists() and any(entry.name[0] != "." for entry in folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no reports run. Choose a new folder with --output.")
    write_json(path, {"identity": identity})


def _warnings(task: Task) -> list[str]:
    """Patients of the same name on both sides of two different splits: perhaps the same people."""
    found = []
    for part in filter(None, (task.train, task.real)):
        if part.split.manifest.hash != task.test.split.manifest.hash:
            alike = {case.patient for case in part.cases} & {case.patient for case in task.test.cases}
            if alike:
                found.append(
                    f"{len(alike)} patient(s) of {part.name} are also named in the test set. If they are the same "
                    "people, the numbers are too good."
                )
    return found
