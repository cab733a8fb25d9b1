from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from signs import named, random_sample

from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.claim import Refused, Source
from leaderboards.statistics.certificates.verify import verify
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.steel.choose import Chosen, choose, fine_tune
from model_adapters.methods.steel.continuous_bound import continuous_bound
from model_adapters.methods.steel.vectors import Layout, Moments, VectorFile

STANDARD: dict[str, Any] = {
    "search": "flat", "clusters": 0, "top_clusters": 1, "delta": 0.05, "simultaneous": 1, "sgd_steps": 30,
    "sgd_rate": 0.1,
}  # fmt: skip
ZOO = Source("hypotheses", "zoo", named(4, "train"))


class Host:
    """A place for one tensor."""

    layout = Layout({"w": (3,)})


def course(folder: Path) -> Course:
    return Course(folder / "c", {"search": 9}, lambda done, total: None)


def chosen(folder: Path, sample: Sample, sizes: tuple[int, ...], used: str = "same", **changes: Any) -> Chosen:
    drawn = VectorFile(folder / "candidates.f32", 3)
    drawn.write(0, np.random.default_rng(1).standard_normal((200, 3)).astype(np.float32))
    return choose(
        "mine", {**STANDARD, **changes}, sizes, Host(), sample, ZOO, Moments(np.zeros(3), np.ones(3)), drawn,  # type: ignore[arg-type]
        Plan(folder / "plan.json", {"draws": "same"}), lambda: {"draws": used}, folder, course(folder), 0,
    )  # fmt: skip


def test_one_of_all_candidates_by_hand(tmp_path: Path) -> None:
    sample = random_sample(60)
    found = chosen(tmp_path, sample, (200,))
    rows = VectorFile(tmp_path / "candidates.f32", 3).rows(0, 200)
    sums = [sample.errors(Host.layout.tensors(row), sample.all()).sum() for row in rows]
    assert found.certificate is not None and found.certificate.loss_sum == min(sums)
    assert found.certificate.value == pytest.approx(float(exact_occam(min(sums), 60, np.log(200), 0.05)))
    assert found.certificate.looked_at == 200 and not verify(found.certificate) and not verify(found.test_set)
    first, second = sample.halves()
    half = [sample.errors(Host.layout.tensors(row), first).sum() for row in rows]
    tested = {
        float(held_out(sample.errors(Host.layout.tensors(row), second).sum(), 30, 0.05))
        for row, wrong in zip(rows, half, strict=True)
        if wrong == min(half)
    }
    assert any(found.test_set.value == pytest.approx(each) for each in tested)


def test_the_number_of_candidates_is_a_choice_that_is_paid(tmp_path: Path) -> None:
    sample = random_sample(60)
    found = chosen(tmp_path, sample, (5, 50, 200)).certificate
    assert found is not None and [each.options for each in found.choices] == [3] and not verify(found)
    assert found.complexity is not None and found.complexity.parameters["hypotheses"] in (5, 50, 200)
    nats = found.complexity.nats + np.log(3)
    assert found.value == pytest.approx(float(exact_occam(found.loss_sum, 60, nats, 0.05)))


def test_by_clusters_all_candidates_are_paid_though_few_are_scored(tmp_path: Path) -> None:
    found = chosen(tmp_path, random_sample(60), (200,), search="hierarchical", clusters=20).certificate
    assert found is not None and found.looked_at < 150
    assert found.complexity is not None and found.complexity.parameters == {"hypotheses": 200}


def test_draws_that_were_exchanged_after_the_plan_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        chosen(tmp_path, random_sample(20), (200,), used="others")
    assert refused.value.rule == "fixed_before"


def test_fine_tuning_gets_no_certificate_but_that_of_its_half(tmp_path: Path) -> None:
    sample = random_sample(60)
    found = fine_tune("mine", STANDARD, Host(), sample, ZOO, tmp_path, course(tmp_path))  # type: ignore[arg-type]
    assert found.certificate is None and found.test_set.n == 30 and not verify(found.test_set)
    errors = sample.errors(Host.layout.tensors(found.vector), sample.all())
    assert found.facts["risk"] == errors.mean() < 0.25
    assert found.facts["continuous_bound"] == pytest.approx(float(continuous_bound(errors.mean(), 60, 3, 0.05)))


def test_a_zoo_that_saw_the_sample_voids_it(tmp_path: Path) -> None:
    sample = random_sample(20)
    seen = replace(ZOO, data=sample.named(np.array([2])))
    with pytest.raises(Refused, match="share 1 case"):
        fine_tune("mine", STANDARD, Host(), sample, seen, tmp_path, course(tmp_path))  # type: ignore[arg-type]
