"""Stage 3: every metric from cached features, the arrays it can be recomputed from, and the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Draws
from chexgenbench.plan import Plan
from chexgenbench.run_folder import RunFolder
from chexgenbench.run_warnings import warnings_of
from chexgenbench.scoring import Cases, EncodedSplit, score
from chexgenbench.stages.extract import IMAGES_FILE, build_encoder, feature_store
from chexgenbench.stages.generate import open_samples
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.integrity import write_json
from leaderboards.records.io import write_record
from leaderboards.records.schema import EncoderFingerprint, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from model_adapters.inference.sample_store import SampleStore

ScoreProgress = Callable[[Sequence[tuple[str, str]]], Iterable[tuple[str, str]]]


def run(folder: RunFolder, plan: Plan, progress: ScoreProgress = iter) -> ResultRecord:
    """Score the run and write `statistics/` and `record.json`.

    Raises:
        UserError: features are missing because `extract` was not run.
    """
    with folder.stage("score") as facts:
        store = open_samples(folder)
        images = _read_images(folder)
        cases = Cases(
            generated=tuple(case for case in plan.cases if case.id in images["generated"]),
            reference=_readable(plan, plan.reference, images),
            fit=_readable(plan, plan.fit, images),
            floor=_readable(plan, plan.floor, images),
        )
        if len(cases.generated) < 2:
            raise UserError(f"{len(cases.generated)} generated image(s) can be scored; at least 2 are needed.")
        encoded: dict[str, EncodedSplit] = {}
        fingerprints: list[EncoderFingerprint] = []
        for name in plan.protocol.encoders:
            encoded[name], fingerprint = _encoded(plan, name, cases, images)
            fingerprints.append(fingerprint)
        writer = StatisticsWriter(folder.statistics)
        credentialed = plan.split.credentialed
        # A control that copies real images makes "generated" features that are a patient's: they stay here too.
        copies = bool(store.key["model"].get("settings", {}).get("copies_real_images"))
        parts = ("generated", "reference", "fit", "floor") if not credentialed else () if copies else ("generated",)
        for name, features in encoded.items():
            for part in parts:
                if len(array := getattr(features, part)):
                    writer.add_source(f"{name}.{part}", array)
        results = score(
            plan.protocol,
            cases,
            encoded,
            _draws(plan, store, cases.generated),
            credentialed=credentialed,
            store=writer.add if parts else lambda *_: None,
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
            encoders=fingerprints,
            results=results,
            warnings=warnings_of(plan, results, store),
            statistics=files,
            not_applicable={result.metric: str(result.reason) for result in results if _inapplicable(result)},
            n_unreadable=int(images["unreadable"]),
        )
        write_record(folder.root, record)
        facts["results"] = len(results)
    return record


def _read_images(folder: RunFolder) -> dict[str, Any]:
    path = folder.root / IMAGES_FILE
    if not path.exists():
        raise UserError(f"{folder.root} has no features yet. Run `chexgenbench extract {folder.root}` first.")
    images: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return images


def _readable(plan: Plan, part: Sequence[Case], images: Mapping[str, Any]) -> tuple[Case, ...]:
    """The cases of a part whose real image could be read (all of them where no encoder asked)."""
    return tuple(part) if not plan.protocol.encoders else tuple(case for case in part if case.id in images["real"])


def _encoded(plan: Plan, name: str, cases: Cases, images: Mapping[str, Any]) -> tuple[EncodedSplit, EncoderFingerprint]:
    encoder = build_encoder(plan, name)
    store = feature_store(plan, encoder)

    def features(part: Sequence[Case], side: str) -> NDArray[np.float32]:
        array, missing = store.get_many([images[side][case.id] for case in part])
        if missing:
            raise UserError(
                f"{len(missing)} feature(s) of {name} are not in the cache. Run `chexgenbench extract` again."
            )
        return array

    head = encoder.class_head()
    split = EncodedSplit(
        encoder=name,
        generated=features(cases.generated, "generated"),
        reference=features(cases.reference, "real"),
        fit=features(cases.fit, "real"),
        floor=features(cases.floor, "real"),
        class_weight=None if head is None else head.weight,
        class_bias=None if head is None else head.bias,
    )
    card = encoder.card
    return split, EncoderFingerprint(
        name=name,
        fingerprint=encoder.fingerprint,
        dim=encoder.dim,
        source=card.source,
        settings=dict(card.settings),
        weight_hashes=dict(card.weight_hashes),
    )


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
        image = store.load(rows[complete[prompt].id, draw])
        return image if image.ndim == 2 else np.rint(image.mean(axis=2)).astype(np.uint8)

    return Draws(
        patients=np.array([case.patient for case in complete], dtype=np.str_),
        ids=np.array([case.id for case in complete], dtype=np.str_),
        load=load,
        count=count,
    )


def _inapplicable(result: Any) -> bool:
    return result.group == "overall" and result.variant == "raw" and result.value is None
