import math
from pathlib import Path

import numpy as np
import pytest
import torch
from signs import Signs, named, random_sample, sample_of

from data_splits.errors import UserError
from leaderboards.statistics.certificates.bounded_loss import bounded_cross_entropy
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.claim import Refused
from model_adapters.methods.certificates.sample import open_sample, pool_source, require_independent
from model_adapters.methods.merging.objective import gradient, value

W = {"w": torch.tensor([1.0, 0.0])}
X, Y = [[2.0, 0.0], [1.0, 5.0], [-1.0, 1.0], [3.0, 3.0]], [1, -1, 1, 1]


def test_errors_are_one_minus_scores_of_the_rows_asked_for() -> None:
    sample = sample_of(X, Y)
    assert sample.errors(W, sample.all()).tolist() == [0, 1, 1, 0]
    assert sample.errors(W, np.array([3, 1])).tolist() == [0, 1]
    assert sample.named(np.array([3, 1])).cases == ("case-3", "case-1")


def test_halves_are_disjoint_and_follow_from_the_ids_alone() -> None:
    sample = random_sample(31)
    first, second = sample.halves()
    assert sorted([*first, *second]) == list(range(31)) and len(second) == 16
    order = np.random.default_rng(0).permutation(31)
    shuffled = open_sample(Signs(np.zeros((31, 2)), np.ones(31)), sample.named(order))
    assert {shuffled.cases.cases[row] for row in shuffled.halves()[0]} == {sample.cases.cases[row] for row in first}
    with pytest.raises(UserError, match="cannot be halved"):
        sample_of(X[:1], Y[:1]).halves()


def test_a_part_is_an_objective_of_its_rows() -> None:
    part = sample_of(X, Y).part(np.array([0, 1]))
    loss = (math.log1p(math.exp(-2)) + math.log1p(math.exp(1))) / 2
    assert value(part, W) == pytest.approx(loss)
    found, slope = gradient(part, W)
    expected = (-2 / (1 + math.exp(2)) + 1 / (1 + math.exp(-1))) / 2
    assert found == pytest.approx(loss) and float(slope["w"][0]) == pytest.approx(expected)


def test_the_bounded_loss_is_that_of_the_certificates() -> None:
    sample = sample_of([[2.0, 0.0], [-40.0, 0.0]], [1, 1])
    found = sample.part(sample.all(), p_min=0.01).losses(W, "signs", torch.arange(2)).numpy()
    probability = [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(40))]
    np.testing.assert_allclose(found, bounded_cross_entropy(probability, 0.01))
    assert found[1] == 1.0


def test_cases_come_from_a_file_in_the_order_of_the_examples(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("case,patient\na,p\nb,q\n")
    sample = open_sample(Signs(np.ones((2, 2)), np.ones(2)), file)
    assert sample.cases.cases == ("a", "b") and sample.loss == "zero-one"
    with pytest.raises(UserError, match="3 examples and cases names 2"):
        open_sample(Signs(np.ones((3, 2)), np.ones(3)), file)


def test_a_share_of_right_answers_is_no_zero_one_loss() -> None:
    class Shares(Signs):
        zero_one = False

    assert open_sample(Shares(np.ones((2, 2)), np.ones(2)), named(2)).loss == "bounded"


def test_only_one_task() -> None:
    class Two(Signs):
        tasks = ("a", "b")

    with pytest.raises(UserError, match="about one task"):
        open_sample(Two(np.ones((2, 2)), np.ones(2)), named(2))


def test_what_the_pool_saw_must_be_known() -> None:
    with pytest.raises(UserError, match="void if the models saw the sample"):
        pool_source(None, "  ")
    assert pool_source(named(2), None).data == named(2)
    assert pool_source(None, "other hospital").statement == "other hospital"


def test_what_would_void_the_certificate_is_told_before_anything_is_learnt() -> None:
    sample = sample_of(X, Y)
    require_independent(sample, pool_source(named(3, "elsewhere"), None))
    with pytest.raises(Refused, match="share 2 cases"):
        require_independent(sample, pool_source(named(2), None))
    twice = open_sample(sample.objective, CaseSet(("a", "b", "c", "d"), ("p", "p", "q", "r")))
    with pytest.raises(Refused, match="4 cases of 3 patients are not independent"):
        require_independent(twice, pool_source(None, "other hospital"))
