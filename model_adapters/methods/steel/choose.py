"""From drawn candidates and a sample to a chosen adapter with its certificates; and the control that fine-tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import sha256_bytes
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Choice, Source
from leaderboards.statistics.certificates.codes.uniform import uniform
from leaderboards.statistics.certificates.families import FAMILIES, Terms
from leaderboards.statistics.certificates.union import choice_nats
from model_adapters.methods.certificates.course import Course, Stage
from model_adapters.methods.certificates.issue import finite_family, occam, test_set_bound
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Rows, Sample
from model_adapters.methods.steel.clusters import cluster
from model_adapters.methods.steel.continuous_bound import continuous_bound
from model_adapters.methods.steel.search import Scores, search
from model_adapters.methods.steel.tasks import Host, fine_tuned
from model_adapters.methods.steel.vectors import Float, Moments, VectorFile


@dataclass(frozen=True)
class Chosen:
    """An adapter.

    Attributes:
        vector: of the adapter. certificate: of it, None where no finite set was fixed. test_set: of the one chosen on
            half of the sample. facts: for the record.
    """

    vector: Float
    certificate: Certificate | None
    test_set: Certificate
    facts: Mapping[str, Any]


def choose(
    name: str, inputs: Mapping[str, Any], sizes: Sequence[int], host: Host, sample: Sample, source: Source,
    scale: Moments, drawn: VectorFile, plan: Plan, used: Callable[[], Mapping[str, Any]], output: Path, course: Course,
    seed: int,
) -> Chosen:  # fmt: skip
    """Search on half of the sample and test on the other; search on all of it and certify."""
    most = max(sizes)
    hierarchical = inputs["search"] == "hierarchical"
    clusters = cluster(drawn, most, scale, inputs["clusters"], seed) if hierarchical else None
    scores = Scores(drawn, host.layout, sample, output / "scores.f32", course["search"])
    first, second = sample.halves()
    search(scores, most, inputs["search"], clusters, inputs["top_clusters"], first)
    half = drawn.rows(scores.best(first, most).index, 1)[0]
    beside = _tested(name, host, sample, source, half, first, second, inputs, output)
    search(scores, most, inputs["search"], clusters, inputs["top_clusters"], sample.all())
    scores.finish()

    n, family = sample.size, finite_family(sample.loss)
    share = inputs["delta"] / inputs["simultaneous"]
    bounds = {}
    for size in sizes:
        if size == most or any(index < size for index in scores.errors):
            best = scores.best(sample.all(), size)
            nats = uniform(size) + choice_nats(len(sizes))
            terms = Terms(n, best.errors, min(best.errors / n, 1.0), nats, share)
            bounds[size] = (float(FAMILIES[family].bound(terms)), best)
    size = min(bounds, key=lambda each: bounds[each][0])
    chosen = bounds[size][1].index
    vector = drawn.rows(chosen, 1)[0]
    losses = sample.errors(host.layout.tensors(vector), sample.all())
    choices = (Choice("number of candidates", options=len(sizes)),) if len(sizes) > 1 else ()
    # Candidates beyond the size taken were scored too; they are candidates of the other sizes, which the choice pays.
    looked = sum(index < size for index in scores.errors)
    certificate = occam(
        name, sample, losses, "uniform", {"hypotheses": size}, looked, choices, (source,),
        plan.kept(used()), inputs["delta"], inputs["simultaneous"],
    )  # fmt: skip
    facts = {
        "certified": "the adapter written", "chosen": chosen, "candidates": size, "candidates_scored": len(scores),
        "sizes": {str(each): found[0] for each, found in bounds.items()},
        "clusters": None if clusters is None else len(clusters.medoids),
        "silhouette": None if clusters is None else clusters.silhouette,
    }  # fmt: skip
    return Chosen(vector, certificate, beside, facts)


def fine_tune(
    name: str, inputs: Mapping[str, Any], host: Host, sample: Sample, source: Source, output: Path, course: Course
) -> Chosen:
    """The control: an adapter fine-tuned on the sample, and on half of it for the test-set bound."""
    first, second = sample.halves()
    half = _fine_tuned(inputs, host, sample, first, output / "half.f32", course["search"], 1)
    beside = _tested(name, host, sample, source, half, first, second, inputs, output)
    vector = _fine_tuned(inputs, host, sample, sample.all(), output / "whole.f32", course["search"], 2)
    risk = float(sample.errors(host.layout.tensors(vector), sample.all()).mean())
    share = inputs["delta"] / inputs["simultaneous"]
    number = float(continuous_bound(risk, sample.size, host.layout.size, share))
    facts = {
        "certified": "nothing: a fine-tuned adapter is of no finite set; the test-set bound is of one from half",
        "risk": risk, "continuous_bound": number, "continuous_bound_is": "eq. 7 of arXiv 2502.06970, for comparison",
    }  # fmt: skip
    return Chosen(vector, None, beside, facts)


def _fine_tuned(
    inputs: Mapping[str, Any], host: Host, sample: Sample, rows: Rows, path: Path, stage: Stage, step: int
) -> Float:
    file = VectorFile(path, host.layout.size)
    if not len(file):
        start = np.zeros(host.layout.size, np.float32)
        vector = fine_tuned(sample.part(rows), host.layout, start, inputs["sgd_steps"], inputs["sgd_rate"])
        file.write(0, vector[None])
        stage.tell(step)
    return file.rows(0, 1)[0]


def _tested(
    name: str, host: Host, sample: Sample, source: Source, vector: Float, learnt_on: Rows, tested_on: Rows,
    inputs: Mapping[str, Any], output: Path,
) -> Certificate:  # fmt: skip
    """The test-set bound of an adapter chosen on one half; its hash is written down before the other is judged."""
    facts = {"chosen": "on one half of the sample", "vector": sha256_bytes(vector.astype("<f4").tobytes())}
    plan = Plan(output / "test-set-plan.json", facts, "before the other half was judged")
    losses = sample.errors(host.layout.tensors(vector), tested_on)
    return test_set_bound(
        f"{name}, chosen on half of the sample", sample, learnt_on, tested_on, losses,
        (replace(source, role="pool"),), plan.kept(facts), inputs["delta"], inputs["simultaneous"],
    )  # fmt: skip
