"""A run folder describes itself: resolved configuration, samples, statistics, record, report, and what varied.

config.json   what was asked (with local paths; it stays on this machine)
samples/      generated images (SampleStore)
statistics/   arrays from which every number of the record can be recomputed
record.json   the result, free of anything that varies from run to run
run.json      seconds, memory, host, package versions: outside the record's hash
report.html, results.csv
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from model_adapters.inference.run_folder import PACKAGES, BaseRunConfig, BaseRunFolder


class RunConfig(BaseRunConfig):
    """Everything a run was asked for."""

    runtime: ClassVar[tuple[str, ...]] = (
        "weights",
        "encoder_weights",
        "device",
        "batch_size",
        "workers",
        "cache",
        "show_credentialed",
        "max_bad",
        "allow_missing",
    )

    model: str
    subset: str | None = None
    protocol: Literal["v1", "v2"] = "v2"
    preset: Literal["quick", "full"] = "quick"
    metrics: tuple[str, ...] | None = None
    encoders: tuple[str, ...] | None = None
    seed: int = 42
    limit: int | None = Field(default=None, ge=2)
    delta: float | None = Field(default=None, ge=0, le=1)
    dtype: str | None = None
    model_options: dict[str, str] = Field(default_factory=dict)
    split_options: dict[str, str] = Field(default_factory=dict)
    allow_missing: bool = False
    max_bad: int = Field(default=0, ge=0)

    weights: str | None = None
    encoder_weights: dict[str, str] = Field(default_factory=dict)
    device: str = "cpu"
    batch_size: int = Field(default=8, ge=1)
    workers: int = Field(default=0, ge=0)
    cache: str | None = None
    show_credentialed: bool = False


class RunFolder(BaseRunFolder[RunConfig]):
    """The files of one run below `root`."""

    kind = RunConfig
    command = "chexgenbench"
    packages = (*PACKAGES, "diffusers", "pydicom")

    @property
    def samples(self) -> Path:
        return self.root / "samples"

    @property
    def scratch(self) -> Path:
        """Costly intermediate results of metrics; may be deleted at any time."""
        return self.root / "scratch"

    @property
    def gallery(self) -> Path:
        """The most suspicious images, by id; stays on this machine."""
        return self.root / "gallery.json"

    @property
    def report(self) -> Path:
        return self.root / "report.html"
