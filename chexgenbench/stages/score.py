"""Stage 3: every metric from cached features, the arrays it can be recomputed from, and the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.encoder_scorer import Store
from chexgenbench.gallery import GALLERY_ENCODER, write_gallery
from chexgenbench.lazy_images import grey
from chexgenbench.metrics.base import Draws, StoredRows
from chexgenbench.parts import EncodedSplit
from chexgenbench.plan import Plan
from chexgenbench.protocols import Protocol
from chexgenbench.run_folder import RunFolder
from chexgenbench.run_warnings import warnings_of
from chexgenbench.scoring import score
from chexgenbench.stages.extract import IMAGES_FILE
from chexgenbench.stages.generate import open_samples
from chexgenbench.stages.sides import Sides
from chexgenbench.stages.white_box import read_noise
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.integrity import write_json
from leaderboards.records.io import write_record
from leaderboards.records.schema import EncoderFingerprint, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from model_adapters.inference.sample_store import SampleStore

ScoreProgress = Callable[[Sequence[tuple[str, str]]], Iterable[tuple[str, str]]]


def run(
    folder: RunFolder, plan: Plan, progress: ScoreProgress = iter, shared: dict[str, Any] | None = None
) -> ResultRecord:
    """Score the run and write `statistics/` and `record.json`.

    Args:
        shared: what metrics keep in memory, where runs on the same cases of the same split follow each other.

    Raises:
        UserError: features are missing because `extract` was not run.
    """
    with folder.stage("score") as facts:
        store = open_samples(folder)
        sides = Sides(plan, store, _read_images(folder, plan), read_noise(folder))
        cases = sides.cases
        if len(cases.generated) < 2:
            raise UserError(f"{len(cases.generated)} generated image(s) can be scored; at least 2 are needed.")
        writer = StatisticsWriter(folder.statistics)
        credentialed = plan.split.credentialed
        # A control that copies real images makes "generated" features that are a patient's: they stay here too.
        copies = bool(store.key["model"].get("settings", {}).get("copies_real_images"))
        parts = ("generated", "reference", "fit", "floor") if not credentialed else () if copies else ("generated",)
        encoded = OneAtATime(sides, plan.protocol, writer, parts)
        results = score(
            plan.protocol,
            cases,
            encoded,
            _draws(plan, store, cases.generated),
            credentialed=credentialed,
            store=keeper(writer) if parts else lambda *_: None,
            options={} if plan.config.delta is None else {"delta": plan.config.delta},
            scratch=folder.scratch,
            shared=shared,
            observe=lambda encoder, data: write_gallery(folder.gallery, data) if encoder == GALLERY_ENCODER else None,
            progress=progress,
        )
        files = writer.close()
        write_json(folder.root / "cases.json", {name: [case.id for case in part] for name, part in vars(cases).items()})
        manifest = plan.split.manifest
        record = ResultRecord(
            benchmark="chexgenbench",
            protocol=plan.protocol.name,
            protocol_hash=plan.protocol.hash,
            split={
                "name": plan.split.name,
                "version": plan.split.version,
                "subset": plan.subset,
                "hash": manifest.hash,
                "licence": plan.split.licence,
                "credentialed": credentialed,
                "counts": manifest.counts,
                "cases": len(cases.generated),
            },
            model=dict(store.key["model"]),
            run_seed=plan.config.seed,
            samples_hash=store.samples_hash,
            encoders=encoded.fingerprints,
            results=results,
            warnings=warnings_of(plan, results, store),
            statistics=files,
            not_applicable={result.metric: str(result.reason) for result in results if _inapplicable(result)},
            n_unreadable=int(sides.images.get("unreadable", 0)),
        )
        write_record(folder.root, record)
        facts["results"] = len(results)
    return record


def _read_images(folder: RunFolder, plan: Plan) -> dict[str, Any]:
    path = folder.root / IMAGES_FILE
    if not path.exists():
        raise UserError(f"{folder.root} has no features yet. Run `chexgenbench extract {folder.root}` first.")
    images: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return images if plan.protocol.encoders else {}


class OneAtATime(Mapping[str, EncodedSplit]):
    """What each encoder of a protocol sees; only the last one asked for is held in memory.

    Features are stored beside the record, those of `grey64` excepted: they are the images themselves, and a generated
    image may be a patient's.

    Attributes:
        fingerprints: of the encoders asked for so far, in the order of the protocol.
    """

    def __init__(self, sides: Sides, protocol: Protocol, writer: StatisticsWriter, parts: Sequence[str]) -> None:
        self._sides, self._writer, self._parts = sides, writer, parts
        self._names = [*protocol.encoders, ""]
        self._held: tuple[str, EncodedSplit] | None = None
        self._found: dict[str, EncoderFingerprint] = {}

    @property
    def fingerprints(self) -> list[EncoderFingerprint]:
        return [self._found[name] for name in self._names if name in self._found]

    def __getitem__(self, name: str) -> EncodedSplit:
        if name not in self._names:
            raise KeyError(name)
        if self._held is None or self._held[0] != name:
            self._held = None
            split, fingerprint = self._sides.of(name)
            if fingerprint is not None and name not in self._found:
                self._found[name] = fingerprint
                for part in self._parts if name != GALLERY_ENCODER else ():
                    if len(array := getattr(split, part)):
                        self._writer.add_source(f"{name}.{part}", array)
            self._held = name, split
        return self._held[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def keeper(writer: StatisticsWriter) -> Store:
    """Stores the arrays of every result but those that are images: a number made of them rests on the record alone."""

    def keep(metric: str, group: str, variant: str, arrays: Mapping[str, NDArray[Any] | StoredRows]) -> str | None:
        sources = [each.source for each in arrays.values() if isinstance(each, StoredRows)]
        pixels = any(source.startswith(f"{GALLERY_ENCODER}.") for source in sources)
        return None if pixels else writer.add(metric, group, variant, arrays)

    return keep


def _draws(plan: Plan, store: SampleStore, generated: Sequence[Case]) -> Draws | None:
    """The prompts of which every draw has an image, or None where no prompt was drawn more than once."""
    rows = store.rows
    count = plan.protocol.draws
    have = {case.id for case in generated}
    complete = [
        case
        for case in plan.drawn
        if case.id in have
        and all((row := rows.get((case.id, draw))) is not None and row.status == "ok" for draw in range(count))
    ]
    if count < 2 or not complete:
        return None

    def load(prompt: int, draw: int) -> NDArray[np.uint8]:
        return grey(store.load(rows[complete[prompt].id, draw]))

    return Draws(
        patients=np.array([case.patient for case in complete], dtype=np.str_),
        ids=np.array([case.id for case in complete], dtype=np.str_),
        load=load,
        count=count,
    )


def _inapplicable(result: Any) -> bool:
    return result.group == "overall" and result.variant == "raw" and result.value is None
