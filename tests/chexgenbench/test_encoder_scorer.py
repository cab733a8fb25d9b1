"""Floors, needs and counts, with metrics that report what they were shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chexgenbench import protocols
from chexgenbench.encoder_scorer import Context, EncoderScorer
from chexgenbench.metrics.base import Asked, Measurement, Metric, MetricInput
from chexgenbench.parts import Cases, EncodedSplit, Extras, Rows, side_of
from data_splits.case import Case


def cases(prefix: str, n: int) -> tuple[Case, ...]:
    return tuple(Case(f"{prefix}{i:03d}", f"{prefix}{i // 2}", prompt="p", sex="FM"[i // 2 % 2]) for i in range(n))


def features(n: int) -> np.ndarray:
    return np.arange(n * 3, dtype=np.float32).reshape(n, 3)


def asked(part: tuple[Case, ...]) -> Asked:
    side = side_of(features(len(part)), part, None)
    return Asked(side, np.zeros(len(part), np.int64), side, np.arange(len(part)))


class Seen:
    """Collects the inputs of a metric."""

    def __init__(self) -> None:
        self.inputs: list[MetricInput] = []

    def metric(self, measured: Callable[[], Measurement] | None = None, **facts: Any) -> Metric:
        def measure(data: MetricInput) -> Measurement:
            self.inputs.append(data)
            return measured() if measured else Measurement({"value": np.array([1.0])})

        given = {"name": "kid", "display": "x", "family": "fidelity", "direction": "lower", "estimator": "scalar"}
        return Metric(**(given | {"measure": measure, "source": "", "cost": ""} | facts))  # type: ignore[arg-type]


def scorer(metric: Metric, extras: Extras | None = None) -> tuple[EncoderScorer, Rows]:
    chosen = Cases(cases("e", 40), cases("e", 40), cases("f", 10), cases("h", 30))
    encoded = EncodedSplit("enc", features(40), features(40), features(10), features(30), extras=extras or Extras())
    protocol = protocols.load("v2").narrowed(["kid_lite0"], None)
    context = Context(protocol, chosen, None, False, lambda *_: None, None, {"delta": 0.5}, None)
    found = EncoderScorer(context, "enc", encoded)
    found.metrics = [metric]
    return found, Rows(np.arange(40), np.arange(40), np.arange(30))


def test_the_held_out_floor_is_one_half_of_the_evaluated_patients_against_the_other() -> None:
    seen = Seen()
    subject, rows = scorer(seen.metric(floor="held_out"))
    results = [result for _, result in subject.results("overall", rows)]
    assert [result.variant for result in results] == ["raw", "floor"]
    floor = seen.inputs[1]
    one, other = set(floor.generated.patients), set(floor.reference.patients)
    assert one and other and not one & other and len(floor.generated) + len(floor.reference) == 40
    assert floor.generated.source == "enc.reference", "rows are looked up where they were stored"
    assert np.array_equal(floor.generated.features, features(40)[floor.generated.rows])


def test_the_ordinary_floor_is_training_images_and_metrics_of_prompts_have_none() -> None:
    seen = Seen()
    subject, rows = scorer(seen.metric())
    assert [result.variant for _, result in subject.results("overall", rows)] == ["raw", "floor"]
    assert seen.inputs[1].generated.ids[0].startswith("h")
    extras = Extras(probes=asked(cases("t", 6)))
    subject, rows = scorer(seen.metric(needs=frozenset({"encoder", "probes"})), extras)
    assert [result.variant for _, result in subject.results("overall", rows)] == ["raw"]


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("corpus", "no training images to search"),
        ("probes", "prompt of a training case"),
        ("controls", "drawn more than once"),
        ("synthetic", "prompt of a training case"),
        ("texts", "some cases have no prompt"),
        ("noise", "no white box"),
        ("masks", "the split has no masks"),
        ("pair_head", "no Siamese network"),
        ("class_head", "no class head"),
    ],
)
def test_what_is_lacking_is_the_reason_and_the_metric_is_not_asked(need: str, words: str) -> None:
    seen = Seen()
    subject, rows = scorer(seen.metric(needs=frozenset({"encoder", need}), floor=False))
    ((_, result),) = subject.results("overall", rows)
    assert result.value is None and words in str(result.reason) and seen.inputs == []


def test_a_group_sees_what_was_asked_for_its_own_cases_and_the_whole_corpus() -> None:
    probes, corpus = asked(cases("t", 8)), side_of(features(9), cases("c", 9), None)
    seen = Seen()
    subject, rows = scorer(seen.metric(), Extras(corpus=corpus, probes=probes))
    women = np.array([i for i in range(40) if cases("e", 40)[i].sex == "F"])
    list(subject.results("sex=F", replace(rows, generated=women, reference=women)))
    data = seen.inputs[0]
    assert data.probes is not None and data.corpus is not None
    assert {case.sex for case in data.probes.images.cases} == {"F"} and len(data.probes) == 4
    assert len(data.probes.real) == 8 and len(data.corpus) == 9
    assert data.options == {"delta": 0.5}
    assert len(subject.context.shared) == 0 and data.shared is subject.context.shared


def test_a_metric_may_rest_on_other_images_than_the_two_sides() -> None:
    def measured() -> Measurement:
        return Measurement({"value": np.array([2.0])}, n_generated=7, n_reference=3)

    subject, rows = scorer(Seen().metric(measured, floor=False))
    ((_, result),) = subject.results("overall", rows)
    assert (result.n_generated, result.n_reference) == (7, 3)
