"""A results library of two made-up models, and a third one's submission to it: small, honest, with real estimators."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import canonical_json
from leaderboards.library.library import Library
from leaderboards.library.paths import record_path
from leaderboards.library.recomputed import Recomputed
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.io import write_record
from leaderboards.records.locate import blob_path
from leaderboards.records.schema import EncoderFingerprint, MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.registry import estimate

CASES, DIM = 60, 8
SPLIT = {
    "name": "made-up",
    "version": "1",
    "subset": "test",
    "hash": "5b" * 32,
    "licence": "CC0",
    "credentialed": False,
    "counts": {"test": {"images": CASES, "patients": CASES // 2}, "train": {"images": 90, "patients": 45}},
    "cases": CASES,
}

SECRET = {"name": "secret", "hash": "5b" * 32, "credentialed": True, "counts": {"test": {"images": 60}}, "cases": 60}


@dataclass(frozen=True)
class Rows:
    """Rows of a stored feature array."""

    source: str
    rows: np.ndarray


def real() -> np.ndarray:
    """Features of the real images, float32[CASES, DIM], none negative."""
    return np.abs(np.random.default_rng(0).normal(2.0, 1.0, (CASES, DIM))).astype(np.float32)


def drawn(seed: int) -> np.ndarray:
    """Features of a model's images."""
    return np.abs(real() + np.random.default_rng(seed).normal(0, 0.8, (CASES, DIM))).astype(np.float32)


def run_folder(folder: Path, name: str, seed: int, features: np.ndarray | None = None, **changes: Any) -> Path:
    """A run folder of a made-up model, as `eval --output` leaves one behind."""
    writer = StatisticsWriter(folder / "statistics")
    generated = drawn(seed) if features is None else features
    writer.add_source("lite0.generated", generated)
    writer.add_source("lite0.reference", real())
    patients = np.arange(CASES) // 2
    every = np.arange(CASES)
    block = patients // 3
    sides: dict[str, Any] = {
        "generated": Rows("lite0.generated", every),
        "generated_block": block,
        "reference": Rows("lite0.reference", every),
        "reference_block": block,
    }
    near = (np.linalg.norm(generated - real(), axis=1) < 2.4).astype(np.float64)
    written: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
        "fid_lite0": ("frechet", "lower", sides, {"interval": True}),
        "precision_lite0": (
            "clustered_mean",
            "higher",
            {"values": near, "cluster": patients},
            {"seed": 4693852490554337186, "indicator": True, "conditional": "real images fixed"},
        ),
        "spread_lite0": ("scalar", "higher", {"value": np.array(float(generated.std()))}, {}),
    }
    results: list[MetricResult] = []
    for metric, (estimator, direction, arrays, parameters) in written.items():
        stored = writer.add(metric, "overall", "raw", arrays)
        resolved = {
            key: (generated if each.source == "lite0.generated" else real()) if isinstance(each, Rows) else each
            for key, each in arrays.items()
        }
        results.append(
            metric_result(
                estimate(estimator, resolved, parameters),
                metric=metric,
                family="fidelity",
                direction=direction,
                estimator=estimator,
                n_generated=CASES,
                n_reference=CASES,
                n_patients=CASES // 2,
                statistics=stored,
                parameters=parameters,
            )
        )
    undefined = {"metric": "reid", "family": "privacy", "estimator": "recognised", "direction": "lower"}
    results.append(
        MetricResult(**undefined, n_generated=0, n_reference=0, reason="45 training patients; 50 are needed")
    )
    data: dict[str, Any] = {
        "benchmark": "chexgenbench",
        "protocol": "v2",
        "protocol_hash": "9d" * 32,
        "split": SPLIT,
        "model": {
            "name": name,
            "kind": "generator",
            "source": "made in tests",
            "licence": "CC0",
            "revision": None,
            "parameters": 1000,
            "settings": {"steps": 20},
            "training_data": ["nothing of this"],
            "notes": [],
            "weight_hashes": {"model.safetensors": hashlib.sha256(name.encode()).hexdigest()},
        },
        "run_seed": 42,
        "samples_hash": hashlib.sha256(f"{name} {seed}".encode()).hexdigest(),
        "encoders": [EncoderFingerprint(name="lite0", fingerprint="77" * 32, dim=DIM, source="made in tests")],
        "results": results,
        "warnings": ["n too small for fid_lite0"],
        "statistics": writer.close(),
        "not_applicable": {"reid": "45 training patients; 50 are needed"},
    }
    write_record(folder, ResultRecord.model_validate(data | changes))
    environment = {"git": {"commit": "0" * 40, "dirty": False}, "command": ["chexgenbench", "eval"]}
    (folder / "run.json").write_text(json.dumps({"environment": environment, "stages": {}}))
    return folder


@dataclass(frozen=True)
class Pull:
    """A pull request: `root` is `base` and one new record in `folder` (relative)."""

    base: Path
    root: Path
    folder: str

    @property
    def record(self) -> Path:
        return self.root / self.folder / "record.json"

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.record.read_text())
        return found

    def changed(self, change: Callable[[dict[str, Any]], Any]) -> Pull:
        """The pull request of somebody who changes the record and mends hash and path, as well as he can."""
        data = self.data()
        change(data)
        return self.replaced(canonical_json(data))

    def replaced(self, text: str | bytes) -> Pull:
        """The same with any text for a record."""
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(raw).hexdigest()
        try:
            folder = str(record_path(ResultRecord.model_validate_json(raw), digest))
        except Exception:
            folder = f"{self.folder.rpartition('/')[0]}/{digest[:16]}"
        shutil.rmtree(self.root / self.folder)
        (self.root / folder).mkdir(parents=True)
        (self.root / folder / "record.json").write_bytes(raw)
        (self.root / folder / "record.sha256").write_text(f"{digest}  record.json\n")
        return Pull(self.base, self.root, folder)

    def with_file(self, name: str, content: bytes) -> Pull:
        """Other bytes for a statistics file, under their own hash."""
        digest = hashlib.sha256(content).hexdigest()
        old = self.root / blob_path(self.data()["statistics"][name])
        if not (self.base / old.relative_to(self.root)).exists():
            old.unlink()
        new = self.root / blob_path(digest)
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        return self.changed(lambda data: data["statistics"].update({name: digest}))

    def blob(self, name: str) -> Path:
        """Where a statistics file of the new record lies."""
        return self.root / blob_path(self.data()["statistics"][name])


def library(root: Path) -> Library:
    """A library with a cache of its own, so that no test depends on the user's."""
    root.mkdir(parents=True, exist_ok=True)
    return Library(root, Recomputed(root.parent / "recomputed.json"))


def pull_request(folder: Path) -> Pull:
    """Two public records, and the honest submission of a third model."""
    base = library(folder / "base" / "leaderboards" / "results")
    for name, seed in (("alpha", 1), ("beta", 2)):
        base.add(run_folder(folder / name, name, seed))
    (base.root / "ledger.json").write_text("{}\n")
    root = folder / "pull" / "leaderboards" / "results"
    shutil.copytree(base.root, root)
    entry = library(root).add(run_folder(folder / "gamma", "gamma", 3))
    return Pull(base.root, root, entry.folder.relative_to(root).as_posix())


def copied(pull: Pull, folder: Path) -> Pull:
    """A copy of a pull request to tamper with."""
    shutil.copytree(pull.root, folder / "results")
    return Pull(pull.base, folder / "results", pull.folder)
