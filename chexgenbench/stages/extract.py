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
from model_adapters.inference.sample_store import SampleRow, SampleStore
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
    """Extract every missing feature and note the image hash of every case and sample in `images.json`.

    An encoder looks at those parts of the plan that some metric of it needs, and at no others.

    Args:
        progress: encoder name -> context that gives a callback (images looked at, images in all).

    Raises:
        UserError: more than `max_bad` images cannot be read.
    """
    with folder.stage("extract") as facts:
        store = open_samples(folder)
        images = SplitImages(plan.split, cache_of(plan))
        damaged: dict[str, str] = {}
        drawn: dict[str, str] = {}
        workers = plan.config.workers or 2
        for name in plan.protocol.encoders:
            real, rows = _real(plan, name), _generated(plan, name, store)
            drawn |= {sample_name(*row.key): str(row.image_sha256) for row in rows}
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
        lost |= {f"generated {name}": damaged[digest] for name, digest in drawn.items() if digest in damaged}
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
                "generated": {name: digest for name, digest in sorted(drawn.items()) if digest not in damaged},
                "unreadable": len(lost),
            },
        )
    return facts


def sample_name(case_id: str, draw: int) -> str:
    """How `images.json` calls a generated image: "case#draw"."""
    return f"{case_id}#{draw}"


def _real(plan: Plan, encoder: str) -> list[Case]:
    """The real images whose features some metric of an encoder needs."""
    needs = plan.protocol.needs_of(encoder)
    parts = [plan.reference, plan.fit, plan.floor]
    for need in ("corpus", "probes", "synthetic"):
        parts += [getattr(plan, need)] if need in needs else []
    parts += [plan.drawn] if "controls" in needs else []
    return list({case.id: case for part in parts for case in part}.values())


def _generated(plan: Plan, encoder: str, store: SampleStore) -> list[SampleRow]:
    """The generated images that some metric of an encoder looks at, in the order of the samples."""
    needs = plan.protocol.needs_of(encoder)
    several = {case.id for case in plan.probes} if "probes" in needs else set()
    several |= {case.id for case in plan.drawn} if "controls" in needs else set()
    once = {case.id for case in plan.cases} | several
    once |= {case.id for case in plan.synthetic} if "synthetic" in needs else set()
    return [
        row
        for (case_id, draw), row in store.rows.items()
        if row.status == "ok" and case_id in (several if draw else once)
    ]


def _items(
    store: SampleStore, rows: Iterable[SampleRow], images: SplitImages, real: list[Case], workers: int
) -> Iterable[Item]:
    for row in rows:
        yield str(row.image_sha256), partial(store.load, row)
    yield from images.items(real, workers)
