"""The method record: the arms of a study side by side, each with its scores, its costs and its certificates.

A study holds at least one method and the controls that its claim must beat, so that none can stand alone on a board.
Seconds and memory are part of it: on this board they are results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.mean_over_units import mean_over_units

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(max_length=600)]
Plain = str | int | float | bool
Unit = Literal["seed", "client", "case", "patient"]

MOST_VALUES = 5000
MOST_ARMS = 40
TEST_SET = "held-out"
"""Family of the bound that stands beside every other."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataUsed(_Strict):
    """A data set that the study used. hash: sha256 of its manifest, or of the generator's questions."""

    name: Name
    version: Text = ""
    subset: Text = ""
    hash: Sha256
    licence: Text
    credentialed: bool


class Score(_Strict):
    """One number of an arm: of benchmark records, or measured by the study itself.

    Attributes:
        task: what was asked, for readers: "MIRB procedural: count". metric: of the record, or the study's own.
        records: sha256 of benchmark records (record.json), one a seed; the value is theirs, or the mean over them.
        group, variant: which of their results.
        per, values: of the study's own measurement: one number a unit, in the same order in every arm.
        indicator: all values are 0 or 1.
        value, low, high, n: as `benchmark_score` or `own_score` computes them; n counts questions, images or units.
        reason: why there is no value.
        certificate: bounds the true value of this score's error. test_set: the plain test-set bound beside it.
    """

    task: Name
    metric: Name
    direction: Literal["lower", "higher", "zero"]
    unit: Annotated[str, Field(max_length=20)] = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = Field(default=0, ge=0)
    records: list[Sha256] = Field(default_factory=list, max_length=100)
    group: Text = "overall"
    variant: Literal["raw", "matched"] = "raw"
    per: Unit | None = None
    values: list[float] = Field(default_factory=list, max_length=MOST_VALUES)
    indicator: bool = False
    reason: Text | None = None
    certificate: Certificate | None = None
    test_set: Certificate | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Score:
        sources = bool(self.records) + bool(self.values)
        if self.value is None:
            if not self.reason or sources or self.low is not None or self.high is not None:
                raise ValueError(f"{self.metric} of {self.task} has no value: give a reason, and nothing else")
        elif sources != 1:
            raise ValueError(f"{self.metric} of {self.task} rests on benchmark records or on values of its own: one")
        if bool(self.values) != (self.per is not None):
            raise ValueError(f"{self.metric} of {self.task}: values and what each is of (per) go together")
        if self.indicator and not set(self.values) <= {0.0, 1.0}:
            raise ValueError(f"{self.metric} of {self.task}: an indicator is 0 or 1")
        return self

    @model_validator(mode="after")
    def _test_set_bound_stands_beside(self) -> Score:
        own, beside = self.certificate, self.test_set
        if own is not None and own.family not in (TEST_SET, "anytime") and beside is None:
            raise ValueError(f"the {own.family} certificate of {self.task} lacks the test-set bound beside it")
        if beside is not None and beside.family != TEST_SET:
            raise ValueError(f"test_set of {self.task} is of family {beside.family}, not {TEST_SET}")
        if own is not None and beside is not None and beside.n > own.n:
            raise ValueError(f"the test-set bound of {self.task} took {beside.n} cases, its certificate {own.n}")
        return self


class Arm(_Strict):
    """A method, or a control that it must be read beside.

    Attributes:
        settings: flat. seeds: of its runs. budget: what was used, by name. labelled: labelled examples in all.
        trainable: learnt parameters or coefficients. seconds, peak_memory_mb: of one run, the mean over seeds; like the
            counts, below what any machine reaches.
    """

    name: Name
    role: Literal["method", "control"]
    settings: dict[str, Plain] = Field(default_factory=dict)
    seeds: list[int] = Field(default_factory=lambda: [0], min_length=1)
    budget: dict[str, float] = Field(default_factory=dict)
    labelled: int = Field(default=0, ge=0, le=10**12)
    trainable: int = Field(default=0, ge=0, le=10**14)
    seconds: float | None = Field(default=None, ge=0, le=10**9)
    peak_memory_mb: float | None = Field(default=None, ge=0, le=10**9)
    scores: list[Score] = Field(min_length=1)


class MethodRecord(_Strict):
    """A study of one training method.

    Attributes:
        method: registry name (`model-adapters list`). question: what the study asks, one sentence.
        base: what every arm started from. data: everything it used.
        reconstructed: what of the method is a reconstruction or unverified, a sentence each.
        command: makes the study again. revision: of the code. machine: where seconds and memory were measured.
    """

    method_record_version: Literal[1] = 1
    method: Name
    title: Name
    question: Text
    base: Text
    data: list[DataUsed] = Field(min_length=1)
    arms: list[Arm] = Field(min_length=2, max_length=MOST_ARMS)
    reconstructed: list[Text] = Field(default_factory=list)
    notes: list[Text] = Field(default_factory=list)
    command: Text
    revision: Annotated[str, Field(min_length=7, max_length=64)]
    machine: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _method_beside_control(self) -> MethodRecord:
        if {each.role for each in self.arms} != {"method", "control"}:
            raise ValueError("a study holds at least one method and one control")
        names = [each.name for each in self.arms]
        if len(set(names)) != len(names):
            raise ValueError("two arms have one name")
        tables = [{(score.task, score.metric): score for score in arm.scores} for arm in self.arms]
        for arm, table in zip(self.arms, tables, strict=True):
            if len(table) != len(arm.scores):
                raise ValueError(f"{arm.name} has two scores of one task and metric")
            if table.keys() != tables[0].keys():
                raise ValueError(f"{arm.name} lacks a score that {names[0]} has, or the other way round: give a reason")
        for arm, table in zip(self.arms, tables, strict=True):
            for key, score in table.items():
                _comparable(arm.name, score, [other[key] for other in tables])
        return self

    @model_validator(mode="after")
    def _nothing_of_a_case(self) -> MethodRecord:
        private = any(each.credentialed for each in self.data)
        if private and any(s.per in ("case", "patient") for arm in self.arms for s in arm.scores):
            raise ValueError("values of single cases or patients of a credentialed split stay on your machine")
        return self


def _comparable(arm: str, score: Score, others: Sequence[Score]) -> None:
    """The same kind of number in every arm."""
    for other in others:
        if (score.direction, score.unit) != (other.direction, other.unit):
            raise ValueError(f"{score.metric} of {score.task} has another unit or direction in {arm}")
        if score.value is None or other.value is None:
            continue
        mine, theirs = (score.per, len(score.values), score.group), (other.per, len(other.values), other.group)
        if mine != theirs:
            raise ValueError(f"{score.metric} of {score.task} is measured on other units in {arm}")


def own_score(
    task: str,
    metric: str,
    direction: Literal["lower", "higher", "zero"],
    per: Unit,
    values: Sequence[float],
    *,
    unit: str = "",
    indicator: bool = False,
    certificate: Certificate | None = None,
    test_set: Certificate | None = None,
) -> Score:
    """A score that the study measured itself, with the mean and interval of `mean_over_units`."""
    held = [float(each) for each in values]
    found = mean_over_units(held, per, indicator=indicator)
    return Score(
        task=task, metric=metric, direction=direction, unit=unit, value=found.value, low=found.low, high=found.high,
        n=len(held), per=per, values=held, indicator=indicator, certificate=certificate, test_set=test_set,
    )  # fmt: skip
