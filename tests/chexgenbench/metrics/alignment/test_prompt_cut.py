"""The share of prompts that a model cannot read: counts by hand, agreement with run.json, and none where none told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_features import score, side

from chexgenbench.metrics.alignment.prompt_cut import METRIC
from chexgenbench.metrics.base import Lengths, MetricInput
from chexgenbench.plan import Plan, resolve
from chexgenbench.protocols import load
from chexgenbench.run_folder import RunConfig
from chexgenbench.stages.sides import Sides
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.prompt_lengths import prompt_lengths
from model_adapters.inference.sample_store import SampleRow, SampleStore

BLACK = np.zeros((4, 4), np.uint8)
TOKENS = (20, 77, 78, 130, 400, 60)


def data(tokens: tuple[int, ...], limit: int, short: int | None = None) -> MetricInput:
    some, lengths = side(np.zeros((3, 0))), np.array(tokens)
    patients = np.array([f"p{row}" for row in range(len(tokens))])
    told = Lengths(patients, lengths, lengths > limit, None if short is None else lengths > short)
    return MetricInput(some, some, "", 7, lengths=told)


def test_counts_by_hand() -> None:
    found = score(METRIC, data(TOKENS, 300, short=77))
    assert found.value == pytest.approx(1 / 6)
    counts = {"over_77": 3, "over_128": 2, "over_300": 1, "longest": 400, "cut": 1, "cut_short": 3, "prompts": 6}
    assert {name: found.extra[name] for name in counts} == counts
    assert score(METRIC, data(TOKENS, 77)).value == 0.5


def test_no_length_of_a_single_prompt_is_stored() -> None:
    arrays = METRIC.measure(data(TOKENS, 300)).arrays
    assert {name: np.asarray(each).size for name, each in arrays.items() if name not in ("cut", "cluster")} == {
        "limits": 3,
        "over": 3,
        "longest": 1,
    }


@pytest.fixture
def plan() -> Plan:
    config = {"model": "embedded", "split": "phantom", "split_options": {"train": "8", "test": "8"}}
    return resolve(RunConfig.model_validate(config | {"metrics": ("prompt_cut",)}))


def test_a_run_gives_what_its_rows_tell(plan: Plan, tmp_path: Path) -> None:
    """The same counts as run.json's, over the evaluated cases alone; a row without a length is left out."""
    samples = SampleStore(tmp_path, {"model": {}})
    infos = [{"tokens": each, "truncated": each > 128} for each in TOKENS[: len(plan.cases) - 1]]
    for case, info in zip(plan.cases, [*infos, None], strict=False):
        samples.append([(SampleRow(case.id, 0, 1, "ok", image_hash(BLACK), info=info), BLACK)])
    other = SampleRow("other", 0, 1, "ok", image_hash(BLACK), info={"tokens": 999, "truncated": True})
    samples.append([(other, BLACK)])
    lengths = Sides(plan, samples, {}, {}).of("")[0].extras.lengths
    assert lengths is not None and lengths.cut_short is None
    counts = prompt_lengths(row for row in samples.rows.values() if row.case_id != "other")
    assert counts is not None
    found = score(METRIC, replace(data(TOKENS, 300), lengths=lengths))
    assert found.extra["prompts"] == counts["prompts"] == len(infos) and found.extra["cut"] == counts["cut"]
    assert {f"over_{limit}": count for limit, count in counts["over"].items()}.items() <= found.extra.items()


def test_without_lengths_there_are_none(plan: Plan, tmp_path: Path) -> None:
    samples = SampleStore(tmp_path, {"model": {}})
    samples.append([(SampleRow(case.id, 0, 1, "ok", image_hash(BLACK)), BLACK) for case in plan.cases])
    assert Sides(plan, samples, {}, {}).of("")[0].extras.lengths is None


def test_only_the_corrected_protocol_has_it() -> None:
    for preset in ("quick", "full"):
        assert "prompt_cut" in {use.metric for use in load("v2", preset).uses}
        assert "prompt_cut" not in {use.metric for use in load("v1", preset).uses}
