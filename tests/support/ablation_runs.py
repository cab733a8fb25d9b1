"""Ablations of scripted models without the command line, and questions to ablate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from ablated_vlms import CARD, Scripted

from data_splits.question import Question
from leaderboards.records.schema import MetricResult, ResultRecord
from mirb.ablations import chosen
from mirb.ablations.asking import Answers, answer_all, prepare
from mirb.ablations.base import Images, Material
from mirb.ablations.record import write_ablations
from mirb.plan import Plan, load, resolve
from mirb.run_folder import RunConfig
from mirb.tasks import find
from model_adapters.inference.ask import ImageRef
from model_adapters.inference.response_store import ResponseStore


def plan_of(tasks: str, per_task: int, protocol: str = "v2", seed: int = 7) -> Plan:
    """Generated questions of some tasks."""
    config = RunConfig(
        vlm="scripted",
        split="mirb-procedural",
        protocol=protocol,  # type: ignore[arg-type]
        seed=seed,
        tasks=tuple(tasks.split(",")),
        split_options={"per_task": str(per_task), "tasks": tasks},
    )
    split = load(config)
    return resolve(config, replace(split, read_image=cache(split.read_image)))


def answered(folder: Path, way: str, plan: Plan, names: Sequence[str], whole: Plan | None = None) -> Answers:
    """All answers of a scripted model."""
    whole = whole or plan
    model = Scripted(whole.split, way)
    stores = [ResponseStore(folder / each, CARD.model_dump(mode="json"), {"way": way}) for each in ("once", "again")]
    return answer_all(prepare(plan, whole, chosen(names), True), *stores, model, batch_size=1)


def measured(folder: Path, way: str, plan: Plan, names: Sequence[str]) -> Measured:
    """The record of a scripted model."""
    answers = answered(folder, way, plan, names)
    store = ResponseStore.reopen(folder / "once")
    return Measured(write_ablations(folder / "ablations", answers, store))


class Measured:
    """A record by metric and group."""

    def __init__(self, record: ResultRecord) -> None:
        self.record = record
        self._found = {(each.metric, each.group, each.variant): each for each in record.results}

    def result(self, metric: str, task: str = "", variant: str = "raw") -> MetricResult:
        """The result of a metric over all tasks, or of one."""
        return self._found[metric, f"task={task}" if task else "overall", variant]

    def value(self, metric: str, task: str = "", variant: str = "raw") -> float:
        """Its value."""
        value = self.result(metric, task, variant).value
        assert value is not None
        return value


def images(count: int) -> Images:
    """References to images that nobody loads."""

    def refuse() -> object:
        raise AssertionError("an ablation reads no image before its turn")

    return tuple(ImageRef(f"{index:064d}", refuse) for index in range(count))  # type: ignore[arg-type]


def material(question: Question, count: int, others: Sequence[Question] = ()) -> Material:
    """A question with so many images."""
    return Material(question, find(question.task), images(count), others, lambda each: images(len(each.images)))
