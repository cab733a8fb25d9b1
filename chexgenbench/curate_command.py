"""`chexgenbench curate`: grade generated images against their prompts and write those that pass as a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import typer

from chexgenbench.curation.candidates import PARTS, Pool, of_run, of_split, real_images
from chexgenbench.curation.data_set import write_data_set
from chexgenbench.curation.grades import GRADES, Grader, Tally
from chexgenbench.curation.journal import graded_all
from chexgenbench.lazy_images import LazyImages
from data_splits.cli_support import emit_json, meter, note
from data_splits.consent import require_consent
from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json
from data_splits.sources import load_split
from model_adapters.protocols import BuildContext

LABELS = "labels"


@dataclass(frozen=True)
class Request:
    """The command line, as typed."""

    source: str
    output: Path
    grader: str = LABELS
    keep: tuple[str, ...] = ("high", "medium")
    part: str = "train"
    real: str | None = None
    limit: int | None = None
    batch: int = 16
    include_credentialed: bool = False
    device: str = "cpu"
    weights: Path | None = None
    options: dict[str, str] = field(default_factory=dict)
    split_options: dict[str, str] = field(default_factory=dict)


def run(request: Request, json: bool) -> None:
    """Grade, write, tell."""
    pool = candidates(request)
    require_consent(pool.split, request.include_credentialed, "curating its prompts into a data set")
    grader = build_grader(request, pool)
    identity = content_hash([pool.split.manifest.hash, pool.name, request.part, grader.fingerprint])
    _claim(request.output, identity)
    with meter("grade") as progress:
        graded, hashes = graded_all(pool.candidates, grader, request.output / "grades.jsonl", request.batch, progress)
    card = {**grader.card, "name": grader.name, "fingerprint": grader.fingerprint}
    kept = write_data_set(request.output, pool, graded, hashes, request.keep, card)
    counts = Tally.of(graded).counts
    if json:
        emit_json({"folder": str(request.output), "kept": len(kept), "graded": counts, "without_image": pool.failed})
    else:
        told = ", ".join(f"{count} {grade}" for grade, count in counts.items())
        typer.echo(f"{len(kept)} of {len(pool.candidates)} images kept ({told}) -> {request.output}")
    if pool.split.credentialed:
        note(f"{request.output} holds prompts of a credentialed split: keep it on this machine.")
    note(f"next: chexgenbench utility --train folder:{request.output} --test SPLIT")


def candidates(request: Request) -> Pool:
    """The images up for curation.

    Raises:
        UserError: no such source, or an option that does not fit it.
    """
    unknown = sorted(set(request.keep) - set(GRADES))
    if unknown or not request.keep:
        raise UserError(f"--keep takes grades, {', '.join(GRADES)}; not {', '.join(unknown) or 'nothing'}.")
    if request.part not in PARTS:
        raise UserError(f"--part is one of {', '.join(PARTS)}, not {request.part!r}.")
    if (Path(request.source) / "config.json").is_file():
        pool = of_run(Path(request.source), request.part)
        if request.real is not None:
            pool = replace(pool, real=real_images(load_split(request.real)))
    else:
        pool = of_split(request.source, request.real, request.split_options)
    if request.limit is not None:
        pool = replace(pool, candidates=pool.candidates[: request.limit])
    return pool


def build_grader(request: Request, pool: Pool) -> Grader:
    """The grader of a request.

    Raises:
        UserError: it is unknown or lacks something, or there are no real images to train it on.
    """
    if request.grader != LABELS:
        from chexgenbench.curation.vlm_grader import VlmGrader
        from model_adapters.vlms import VLMS, parse_vlm

        name, target = parse_vlm(request.grader)
        context = BuildContext(
            target=target, device=request.device, weights=request.weights, options=dict(request.options)
        )
        lacking = VLMS.requirements(name, context)
        if lacking:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacking))
        return VlmGrader(VLMS.build(name, context), name, pool.split)
    from chexgenbench.curation.label_grader import LabelGrader
    from model_adapters.predictors import lite0_probe

    if pool.real is None:
        raise UserError("The grader `labels` learns from real images with labels: name them with --real SPLIT.")
    split, cases = pool.real
    probe = lite0_probe.build(BuildContext(device=request.device, options=dict(request.options)))
    images = LazyImages([partial(split.read_image, case) for case in cases])
    return LabelGrader(probe.features, images, cases, probe.fingerprint)


def _claim(folder: Path, identity: str) -> None:
    """Bind the folder to this curation, so that another one is not mixed into it."""
    import json

    path = folder / ".curation-identity.json"
    if path.is_file():
        if json.loads(path.read_text("utf-8")) != {"identity": identity}:
            raise UserError(f"{folder} holds another curation. Choose a new folder with --output.")
    elif folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no curation. Choose a new folder with --output.")
    write_json(path, {"identity": identity})


def grades(text: Sequence[str] | None) -> tuple[str, ...]:
    """The grades of --keep, lower case; High and Medium by default."""
    return tuple(each.lower() for each in text) if text else ("high", "medium")
