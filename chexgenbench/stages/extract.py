"""Stage 2: one feature per image and encoder, once, for all metrics and all runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from chexgenbench.plan import Plan
from chexgenbench.run_folder import RunFolder
from chexgenbench.stages.generate import open_samples
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.integrity import write_json
from model_adapters.encoders import ENCODERS
from model_adapters.inference.extract import Item, Progress, extract
from model_adapters.inference.feature_store import FeatureStore, cache_folder
from model_adapters.inference.sample_store import SampleStore
from model_adapters.inference.split_images import SplitImages
from model_adapters.protocols import BuildContext, Encoder

IMAGES_FILE = "images.json"

Meter = Callable[[str], AbstractContextManager[Progress | None]]


def build_encoder(plan: Plan, name: str) -> Encoder:
    """Load an encoder, from the user's copy where one was named."""
    weights = plan.config.encoder_weights.get(name)
    return ENCODERS.build(
        name,
        BuildContext(
            device=plan.config.device,
            weights=Path(weights) if weights else None,
            protocol=plan.protocol.settings,
        ),
    )


def cache_of(plan: Plan) -> Path:
    """Where features and image hashes are kept."""
    return Path(plan.config.cache) if plan.config.cache else cache_folder()


def feature_store(plan: Plan, encoder: Encoder) -> FeatureStore:
    """The store of an encoder's features."""
    return FeatureStore(encoder.fingerprint, encoder.dim, cache_of(plan) / "features")


def run(folder: RunFolder, plan: Plan, progress: Meter = lambda name: nullcontext(None)) -> dict[str, Any]:
    """Extract every missing feature and note the image hash of every case in `images.json`.

    Args:
        progress: encoder name -> context that gives a callback (images looked at, images in all).

    Raises:
        UserError: more than `max_bad` images cannot be read.
    """
    with folder.stage("extract") as facts:
        store = open_samples(folder)
        rows = {key: row for key, row in store.rows.items() if row.status == "ok" and key[1] == 0}
        real = list({case.id: case for part in (plan.reference, plan.fit, plan.floor) for case in part}.values())
        images = SplitImages(plan.split, cache_of(plan))
        damaged: dict[str, str] = {}
        workers = plan.config.workers or 2
        for name in plan.protocol.encoders:
            encoder = build_encoder(plan, name)
            with progress(f"extract {name}") as callback:
                report = extract(
                    _items(store, rows, images, real, workers),
                    encoder,
                    feature_store(plan, encoder),
                    workers=workers,
                    total=len(rows) + len(real),
                    progress=callback,
                )
            damaged.update(report.unreadable)
            facts[name] = {"requested": report.requested, "computed": report.computed}
        lost = dict(images.unreadable)
        drawn = {key[0]: str(row.image_sha256) for key, row in sorted(rows.items())}
        lost |= {f"generated {case_id}": damaged[digest] for case_id, digest in drawn.items() if digest in damaged}
        if len(lost) > plan.config.max_bad:
            shown = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in list(lost.items())[:5])
            raise UserError(
                f"{len(lost)} image(s) cannot be read ({shown}{'; ...' if len(lost) > 5 else ''}). "
                f"Mend them, or score without them with --max-bad {len(lost)}; nothing is ever substituted."
            )
        write_json(
            folder.root / IMAGES_FILE,
            {
                "real": dict(sorted(images.hashes.items())),
                "generated": {case_id: digest for case_id, digest in drawn.items() if digest not in damaged},
                "unreadable": len(lost),
            },
        )
    return facts


def _items(
    store: SampleStore, rows: dict[Any, Any], images: SplitImages, real: list[Case], workers: int
) -> Iterable[Item]:
    for row in rows.values():
        yield row.image_sha256, partial(store.load, row)
    yield from images.items(real, workers)
