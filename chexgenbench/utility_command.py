"""`chexgenbench utility`: what a training set, or a trained predictor, is worth on real test images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import typer

from chexgenbench.utility.arms import ARMS
from chexgenbench.utility.certifying import certificate_of, wanted
from chexgenbench.utility.labels import targets
from chexgenbench.utility.predictions import training_seed
from chexgenbench.utility.standalone import PROBE, Part, Task, predicted, record
from data_splits.cli_support import emit_json, meter, note
from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json
from data_splits.sources import load_split
from data_splits.split import Split
from leaderboards.statistics.certificates.words import sentence
from model_adapters.predictors import PREDICTORS
from model_adapters.predictors.folder import read_predictor
from model_adapters.protocols import BuildContext

HEAVY = 5
"""Trainings of a network; a probe takes three, as in `eval`."""


@dataclass(frozen=True)
class Request:
    """The command line, as typed."""

    train: str | None
    predictor: Path | None
    test: str | None
    real: str | None = None
    train_subset: str | None = None
    test_subset: str | None = None
    arms: tuple[str, ...] | None = None
    name: str = PROBE
    weights: Path | None = None
    options: dict[str, str] = field(default_factory=dict)
    split_options: dict[str, str] = field(default_factory=dict)
    trainings: int | None = None
    device: str = "cpu"
    output: Path | None = None
    save: Path | None = None
    certify: str | None = None
    certify_cases: int = 100
    trained_elsewhere: str | None = None


def run(request: Request, json: bool) -> None:
    """Train, test, record, print."""
    task = resolve(request)
    asked = None
    if request.certify is not None:
        asked = wanted(request.certify, request.certify_cases, request.trained_elsewhere, task)
    folder = request.output or Path("runs") / _default_name(request, task)
    _claim(folder, request, task)
    warnings = _warnings(task)
    for warning in warnings:
        note(f"warning: {warning}")
    with meter("utility") as progress:
        found = predicted(task, folder, progress)
    certified = None if asked is None else certificate_of(task, found, asked)
    made = record(task, found, folder, warnings, [certified[0]] if certified else [])
    if request.save is not None:
        _save(task, request.save)
        note(f"predictor: {request.save}")
    if json:
        from leaderboards.records.io import record_hash

        emit_json({"run": str(folder), "record_sha256": record_hash(made), "record": made.model_dump(mode="json")})
    else:
        from leaderboards.reporting.record_tables import reading_table
        from leaderboards.reporting.tables import to_text

        typer.echo(to_text(reading_table(made)), nl=False)
        if certified is not None:
            typer.echo(f"\n{sentence(certified[0])}; the constant answer is wrong in {certified[1]:.3f} of these")
    note(f"record: {folder / 'record.json'}")


def resolve(request: Request) -> Task:
    """Splits, arms and predictor of a request.

    Raises:
        UserError: neither or both of --train and --predictor, no test images, a test set that is the training set,
            an unknown predictor, or missing weights.
    """
    if (request.train is None) == (request.predictor is None):
        raise UserError("Give either --train SPLIT (a training set to score) or --predictor FOLDER (a trained one).")
    if request.predictor is not None:
        if request.test is None:
            raise UserError("Give --test SPLIT, the real images on which the predictor is tested.")
        name = read_predictor(request.predictor).predictor
        test = _part(_load(request.test, request), request.test_subset)
        return Task(test, trained=request.predictor, predictor=name, context=_context(request), trainings=1)
    assert request.train is not None
    split = _load(request.train, request)
    subset = request.train_subset or ("train" if "train" in split.subsets else split.evaluation)
    train = Part(split, subset)
    _ = train.cases
    test = _part(split if request.test is None else _load(request.test, request), request.test_subset)
    if test.split.manifest.hash == split.manifest.hash and test.subset == subset:
        raise UserError(f"{train.name} would be trained and tested on alike. Name the test images with --test SPLIT.")
    real = None
    if request.real is not None:
        own = _load(request.real, request)
        real = Part(own, "train" if "train" in own.subsets else own.evaluation)
        if own.manifest.hash == test.split.manifest.hash and real.subset == test.subset:
            raise UserError(f"{real.name} is the test set: real training images must be others.")
    arms = request.arms or (("tstr",) if real is None else ("tstr", "trtr", "augmented"))
    unknown = [each for each in arms if each not in ARMS]
    if unknown:
        raise UserError(f"No arm is called {unknown[0]!r}: choose from {', '.join(ARMS)}.")
    name = PREDICTORS.resolve(request.name)
    context = _context(request)
    missing = PREDICTORS.requirements(name, context)
    if missing:
        raise UserError(f"{missing[0].what} missing: {missing[0].how} (--predictor-weights).")
    trainings = request.trainings or (3 if name == PROBE else HEAVY)
    return Task(test, train, real, tuple(dict.fromkeys(arms)), None, name, context, trainings)


def _context(request: Request) -> BuildContext:
    return BuildContext(device=request.device, weights=request.weights, options=dict(request.options))


def _load(spec: str, request: Request) -> Split:
    return load_split(spec, **request.split_options)


def _part(split: Split, subset: str | None) -> Part:
    part = Part(split, subset or split.evaluation)
    _ = part.cases
    return part


def _default_name(request: Request, task: Task) -> str:
    what = task.train.split.name if task.train is not None else request.predictor.name if request.predictor else ""
    return f"utility-{what}-{_identity(request, task)[:8]}"


def _identity(request: Request, task: Task) -> str:
    """What the numbers depend on: a folder that holds something else is not written over."""
    parts = [
        None if part is None else [part.split.manifest.hash, part.subset] for part in (task.train, task.test, task.real)
    ]
    trained = None if task.trained is None else read_predictor(task.trained).sha256
    return content_hash([parts, trained, task.predictor, list(task.arms), task.trainings, dict(request.options)])


def _claim(folder: Path, request: Request, task: Task) -> None:
    """Bind the folder to this request.

    Raises:
        UserError: it holds something else.
    """
    path, identity = folder / "utility.json", {"identity": _identity(request, task)}
    if path.is_file():
        import json

        if json.loads(path.read_text("utf-8")) != identity:
            raise UserError(f"{folder} holds another utility run. Choose a new folder with --output.")
    elif folder.exists() and any(entry.name[0] != "." for entry in folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no utility run. Choose a new folder with --output.")
    write_json(path, identity)


def _warnings(task: Task) -> list[str]:
    """Patients of the same name on both sides of two different splits: perhaps the same people."""
    found = []
    for part in filter(None, (task.train, task.real)):
        if part.split.manifest.hash == task.test.split.manifest.hash:
            continue
        alike = {case.patient for case in part.cases} & {case.patient for case in task.test.cases}
        if alike:
            found.append(
                f"{len(alike)} patient(s) of {part.name} are also named in the test set. If they are the same people, "
                "the numbers are too good."
            )
    return found


def _save(task: Task, folder: Path) -> None:
    """Train once more on the whole training set with the first seed and keep the predictor."""
    import numpy as np

    from chexgenbench.utility.arms import TrainingSet
    from chexgenbench.utility.standalone import training_sets

    if task.train is None:
        raise UserError("--save keeps a predictor that was trained here: it goes with --train.")
    chosen: TrainingSet = training_sets(task)[task.arms[0]]
    predictor = PREDICTORS.build(task.predictor, task.context)
    assert chosen.images is not None
    predictor.fit(
        chosen.images,
        np.concatenate([targets(side.cases) for side in chosen.sides]),
        chosen.patients,
        training_seed(0),
        chosen.weights,
    )
    save = getattr(predictor, "save", None)
    if save is None:
        raise UserError(f"The predictor {task.predictor} cannot be saved.")
    save(folder)
