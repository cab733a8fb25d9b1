"""The result record: strict, versioned, finite, and free of anything that varies from run to run without meaning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from leaderboards.records import ranges
from leaderboards.statistics.certificates.certificate import Certificate

Family = Literal[
    "fidelity", "alignment", "privacy", "memorisation", "utility",
    "overall", "knowledge", "reasoning", "perception", "multi-hop", "extra",
]  # fmt: skip
FAMILIES: dict[str, frozenset[str]] = {
    "chexgenbench": frozenset(("fidelity", "alignment", "privacy", "memorisation", "utility")),
    "mirb": frozenset(("overall", "knowledge", "reasoning", "perception", "multi-hop", "extra")),
}
VARIANTS: dict[str, frozenset[str]] = {
    "chexgenbench": frozenset(("raw", "matched", "floor")),
    "mirb": frozenset(("raw", "chance", "constant")),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MetricResult(_Strict):
    """One number of a record.

    Attributes:
        metric: registry name, for example "kid_lite0".
        family: fidelity, alignment, privacy, memorisation or utility; of MIRB the category of a task, "overall" where
            several are averaged, "extra" for a task outside the score.
        group: "overall", or "pathology=Edema", "view=AP", "sex=F", "age=65+"; of MIRB "category=knowledge",
            "task=food".
        variant: "raw"; "matched" (every group cut to the same n); "floor" (real against real, patients disjoint). Of
            MIRB "raw", "chance" (expected score of guessing) and "constant" (the best constant answer to each task).
        value, low, high, se, level: see leaderboards.statistics.estimate.Estimate.
        n_generated, n_reference: images on either side; n_patients: reference patients. Of MIRB n_generated is the
            number of questions, n_reference 0.
        estimator: name in leaderboards.statistics.registry; with `statistics` it recomputes the value.
        statistics: "file.safetensors#prefix" of the arrays below the run's statistics folder; None if none are stored.
        parameters: arguments of the estimator besides the arrays.
        direction: which way is better. unit: "" for a pure number.
        reason: why the value is undefined. interval_reason: why the interval is.
        extra: further numbers of the same estimator.
    """

    metric: str
    family: Family
    group: str = "overall"
    variant: Literal["raw", "matched", "floor", "chance", "constant"] = "raw"
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

    @model_validator(mode="after")
    def _numbers_are_possible(self) -> MetricResult:
        found = ranges.problem(
            self.metric,
            self.estimator,
            value=self.value,
            low=self.low,
            high=self.high,
            se=self.se,
            level=self.level,
            n_generated=self.n_generated,
            scale=float(self.parameters.get("scale", 1.0)),
        )
        if found:
            raise ValueError(f"{found} ({self.group}, {self.variant})")
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
        samples_hash: sha256 over the sorted (case id, draw, image sha256) of the generated images; of MIRB over the
            answers.
        encoders: fingerprint of each encoder used.
        results: every number.
        warnings: what a reader must know, such as "n too small for this distance".
        statistics: file name -> sha256 of the files in the run's statistics folder.
        not_applicable: metric -> reason, for metrics the split or machine cannot feed.
        certificates: bounds on the model's true error from cases of this run; the field is absent where there is none.
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
    certificates: list[Certificate] = Field(default_factory=list)

    @model_serializer(mode="wrap")
    def _as_before_certificates(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Records without a certificate keep the bytes, and so the hash, that they always had."""
        data: dict[str, Any] = plain(self)
        if not data["certificates"]:
            del data["certificates"]
        return data

    @model_validator(mode="after")
    def _results_are_of_this_benchmark(self) -> ResultRecord:
        for result in self.results:
            if result.family not in FAMILIES[self.benchmark] or result.variant not in VARIANTS[self.benchmark]:
                raise ValueError(f"{self.benchmark} has no {result.family} result of variant {result.variant}")
        return self
