"""Pairs of made-up runs: power, unparsed bounds, averages and what is left out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from mirb_questions import question

from leaderboards.comparison.compare import load
from leaderboards.comparison.differences import Difference, Scored, difference
from leaderboards.records.io import write_record
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsWriter
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.power import items_needed, mcnemar_power
from mirb.comparison.pairs import across, pairs_of, power_of
from mirb.comparison.tables import names_of, pairs_table
from mirb.protocols import Average
from mirb.scorers import Verdict
from mirb.scores import Arrays, results
from mirb.scores import Scored as Answer
from mirb.tasks import find


def answers(right: dict[str, list[int]], unparsed: int = 0) -> list[Answer]:
    """Answers by task: 1 right, 0 wrong; the last wrong ones of a task are unparsed. Two of food share images."""
    found = []
    for task, values in right.items():
        wrong = [index for index, value in enumerate(values) if not value]
        for index, value in enumerate(values):
            outcome = "correct" if value else "unparsed" if index in wrong[len(wrong) - unparsed :] else "wrong"
            each = question(task, "A", id=f"{task}-{index}", cluster=f"food-{index // 2}" if task == "food" else "")
            found.append(Answer(each, find(task), Verdict(outcome, None, ""), 0.25, False, True, False))
    return found


def run_folder(folder: Path, name: str, scored: list[Answer], average: Average = "macro") -> Path:
    writer = StatisticsWriter(folder / "statistics")
    found = results(scored, average, True, writer.add)
    record = ResultRecord(
        benchmark="mirb", protocol="v2", protocol_hash="p", split={"name": "made-up", "hash": "s", "cases": 60},
        model={"name": name}, run_seed=0, samples_hash=name, encoders=[], results=found, statistics=writer.close(),
    )  # fmt: skip
    write_record(folder, record)
    return folder


A = {"count": [1] * 30 + [0] * 10, "food": [1] * 12 + [0] * 8}
B = {"count": [1] * 12 + [0] * 28, "food": [1] * 10 + [0] * 10}


def test_power_of_a_task_is_that_of_the_exact_test(tmp_path: Path) -> None:
    folders = [run_folder(tmp_path / "a", "a", answers(A)), run_folder(tmp_path / "b", "b", answers(B, 4))]
    contenders = load(folders)
    pairs = {each.group: each for each in pairs_of(contenders, across(contenders, 0.05), 0.05)}
    task = pairs["task=count"]
    assert (task.only_a, task.only_b, task.questions) == (18, 0, 40)
    assert task.needed == items_needed(18 / 40, 0.0) and mcnemar_power(18 / 40, 0, task.needed) >= 0.8
    assert task.shown is not None and 0 < task.shown < 18 / 40
    assert task.worst == pytest.approx(30 / 40 - 16 / 40) and task.best == task.gap.estimate.value
    clustered = pairs["task=food"]
    assert "McNemar" not in clustered.gap.estimate.method and clustered.gap.estimate.extra["clusters"] == 10
    assert pairs["overall"].gap.estimate.value == pytest.approx((18 / 40 + 2 / 20) / 2)
    text = pairs_table(list(pairs.values()), names_of(across(contenders, 0.05)))
    assert {"exact McNemar", "sign flips"} <= {str(row[-1]).partition(";")[0] for row in text.rows}


def test_power_over_tasks_follows_the_standard_error() -> None:
    gap = Difference(Estimate(0.1, 0.0, 0.2, 0.05, extra={"p": 0.05}), True)
    needed, shown = power_of(gap, 100, 0.05)
    both = 1.959964 + 0.841621
    assert shown == pytest.approx(both * 0.05, rel=1e-5) and needed == math.ceil(100 * (both * 0.5) ** 2)
    stricter, _ = power_of(gap, 100, 0.05 / 3)
    assert stricter is not None and stricter > needed
    assert power_of(Difference(Estimate(0.0, -0.1, 0.1, 0.05), True), 100, 0.05)[0] is None


def scored(folder: Path, metric: str, group: str) -> Scored:
    return load([folder, folder])[0].scored(metric, group)


def test_questions_that_one_run_lacks_are_left_out(tmp_path: Path) -> None:
    whole, part = answers(A), answers(B)
    del part[3], part[41]
    sides = [
        scored(run_folder(tmp_path / name, name, given), "accuracy", "overall")
        for name, given in (("a", whole), ("b", part))
    ]
    found = difference(*sides)
    assert found.paired and "58 questions that both answered" in found.estimate.method
    # count-3 and one question of food are gone; both models had them right.
    assert found.estimate.value == pytest.approx((18 / 39 + 2 / 19) / 2)


def test_micro_averages_and_chance_are_paired_as_they_are_averaged(tmp_path: Path) -> None:
    folders = [run_folder(tmp_path / name, name, answers(given), "micro") for name, given in (("a", A), ("b", B))]
    micro = difference(*(scored(each, "accuracy", "overall") for each in folders))
    assert micro.paired and micro.estimate.value == pytest.approx(20 / 60)
    above = difference(*(scored(each, "accuracy_above_chance", "overall") for each in folders))
    assert above.paired and above.estimate.value == pytest.approx(20 / 60 / 0.75)
    assert above.estimate.extra["p"] == pytest.approx(micro.estimate.extra["p"])


def test_other_tasks_are_not_paired(tmp_path: Path) -> None:
    one = scored(run_folder(tmp_path / "a", "a", answers(A)), "accuracy", "overall")
    other = scored(run_folder(tmp_path / "b", "b", answers(A | {"analogy": [1] * 10})), "accuracy", "overall")
    assert not difference(one, other).paired
    shuffled = dict(other.arrays or {})
    shuffled["question"] = np.zeros_like(shuffled["question"])
    assert not difference(one, replace_arrays(one, shuffled)).paired


def replace_arrays(each: Scored, arrays: Arrays) -> Scored:
    result: MetricResult = each.result
    return Scored(
        result, {**(each.arrays or {}), "question": arrays["question"][: len((each.arrays or {})["question"])]}
    )
