"""Analogies from thumbnails: lists as the generator has them, comparison of steps, and learning on a handful."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from data_splits.mirb_procedural import analogy as generator
from model_adapters.vlms.embedded_analogy import ANSWERS, FACTORS, SIZES, STEPS, Analogy


def test_the_lists_are_those_of_the_generator() -> None:
    for name, values in FACTORS.items():
        if name in generator.RANGES:
            low, high = generator.RANGES[name]
            assert values == tuple(map(str, range(low, high + 1)))
            assert STEPS[name] == tuple(map(str, range(low - high, high - low + 1)))
        else:
            assert values == STEPS[name] == tuple(map(str, range(generator.CYCLES[name])))
    assert set(FACTORS) == set(generator.CHANGES)


def surely(*places: int) -> list[Tensor]:
    """Steps that leave no doubt: per factor, the place in its list."""
    return [
        100.0 * torch.nn.functional.one_hot(torch.tensor([place]), len(steps)).float()
        for place, steps in zip(places, STEPS.values(), strict=True)
    ]


def told(model: Analogy, one: list[Tensor], two: list[Tensor]) -> str:
    return ANSWERS[int(model.compare(one, two)[0].argmax())]


def test_with_a_weight_on_every_factor_one_unlike_step_is_enough_for_no() -> None:
    model = Analogy()
    with torch.no_grad():
        model.verdict.weight.copy_(torch.tensor([[-1.0] * 5, [1.0] * 5]))
        model.verdict.bias.copy_(torch.tensor([0.0, 2.0]))
        assert told(model, surely(1, 2, 3, 0, 1), surely(1, 2, 3, 0, 1)) == "Yes"
        for factor in range(len(STEPS)):
            places = [1, 2, 3, 0, 1]
            places[factor] = (places[factor] + 1) % len(list(STEPS.values())[factor])
            assert told(model, surely(1, 2, 3, 0, 1), surely(*places)) == "No"


def test_doubt_is_the_chance_of_the_same_step() -> None:
    model = Analogy()
    with torch.no_grad():
        model.verdict.weight.zero_()
        model.verdict.weight[1, 3] = 1.0  # fill alone
        model.verdict.bias.zero_()
        one, two = surely(0, 0, 0, 0, 0), surely(0, 0, 0, 0, 0)
        one[3], two[3] = torch.tensor([[0.3, 0.7]]).log(), torch.tensor([[0.6, 0.4]]).log()
        logit = float(model.compare(one, two)[0, 1])
    assert logit == pytest.approx(torch.tensor(0.3 * 0.6 + 0.7 * 0.4).log().item(), rel=1e-5)


def test_a_question_is_read_as_in_a_batch_and_in_order() -> None:
    torch.manual_seed(0)
    model, pixels = Analogy().eval(), torch.randn(8, 3, 96, 96)
    with torch.no_grad():
        read = model.read(pixels)
        assert read.shape == (8, sum(SIZES))
        pairs = read.view(2, 4, -1)
        both = model.compare(model.steps(pairs[:, :2]), model.steps(pairs[:, 2:]))
        assert torch.allclose(model(pixels[4:]), both[1], atol=1e-5)
        assert not torch.allclose(model(pixels[[5, 4, 6, 7]]), both[1], atol=1e-6)
