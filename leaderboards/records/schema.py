"""The result record: strict, versioned, finite, and free of anything that varies from run to run without meaning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MetricResult(_Strict):
    """One number of a record.

    Attributes:
        metric: registry name, for example "kid_lite0".
        family: fidelity, alignment, privacy, memorisation or utility.
        group: "overall", or "pathology=Edema", "view=AP", "sex=F", "age=65+".
        variant: "raw"; "matched" (every group cut to the same n); "floor" (real against real, patients disjoint).
        value, low, high, se, level: see leaderboards.statistics.estimate.Estimate.
        n_generated, n_reference: images on either side; n_patients: reference patients.
        estimator: name in leaderboards.statistics.registry; with `statistics` it recomputes the value.
        statistics: "file.safetensors#prefix" of the arrays below the run's statistics folder; None if none are stored.
        parameters: arguments of the estimator besides the arrays.
        direction: which way is better. unit: "" for a pure number.
        reason: why the value is undefined. interval_reason: why the interval is.
        extra: further numbers of the same estimator.
    """

    metric: str
    family: Literal["fidelity", "alignment", "privacy", "memorisation", "utility"]
    group: str = "overall"
    variant: Literal["raw", "matched", "floor"] = "raw"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    level: float = 0.95
    n_generated: int = Field(ge=0)
    n_reference: int = Field(ge=0)
    n_patients: int | None = Field(default=None, ge=0)
    estimator: str
    method: str = ""
    statistics: str | None = None
    parameters: dict[str, int | float | str | bool] = Field(default_factory=dict)
    direction: Literal["lower", "higher", "zero"]
    unit: str = ""
    reason: str | None = None
    interval_reason: str | None = None
    extra: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _undefined_needs_reason(self) -> MetricResult:
        if self.value is None and not self.reason:
            raise ValueError(f"{self.metric} ({self.group}) has no value and no reason")
        return self


class EncoderFingerprint(_Strict):
    """Which network made the features."""

    name: str
    fingerprint: str
    dim: int
    source: str
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    weight_hashes: dict[str, str] = Field(default_factory=dict)


class ResultRecord(_Strict):
    """Everything that identifies a result; the same run gives the same record, bit for bit, on CPU.

    Attributes:
        benchmark: "chexgenbench" or "mirb". protocol: for example "v2". Numbers of two protocols never share a table.
        protocol_hash: sha256 of the resolved protocol (encoders, metrics, estimators, sizes).
        split: {"name", "version", "subset", "hash", "licence", "credentialed", "counts"}.
        model: the model card as plain data.
        run_seed: the seed that every sample's seed derives from.
        samples_hash: sha256 over the sorted (case id, draw, image sha256) of the generated images.
        encoders: fingerprint of each encoder used.
        results: every number.
        warnings: what a reader must know, such as "n too small for this distance".
        statistics: file name -> sha256 of the files in the run's statistics folder.
        not_applicable: metric -> reason, for metrics the split or machine cannot feed.
    """

    record_version: Literal[1] = 1
    benchmark: Literal["chexgenbench", "mirb"]
    protocol: str
    protocol_hash: str
    split: dict[str, Any]
    model: dict[str, Any]
    run_seed: int
    samples_hash: str
    encoders: list[EncoderFingerprint]
    results: list[MetricResult]
    warnings: list[str] = Field(default_factory=list)
    statistics: dict[str, str] = Field(default_factory=dict)
    not_applicable: dict[str, str] = Field(default_factory=dict)
    n_unreadable: int = 0
