import pytest
import torch

from model_adapters.methods.capacity_control.average import decay_at, follow


def test_is_the_weighted_sum_of_all_values() -> None:
    values = torch.randn((40, 3), generator=torch.Generator().manual_seed(0))
    average = {"a": torch.zeros(3)}
    for update, value in enumerate(values, start=1):
        follow(average, {"a": value, "not followed": value}, 0.8, update)
    weights = [
        (1 - decay_at(0.8, t)) * torch.tensor([decay_at(0.8, later) for later in range(t + 1, 41)]).prod()
        for t in range(1, 41)
    ]
    torch.testing.assert_close(average["a"], sum(w * v for w, v in zip(weights, values, strict=True)))


def test_the_decay_grows_to_its_limit() -> None:
    assert decay_at(0.999, 1) == pytest.approx(2 / 11)
    assert decay_at(0.999, 10**6) == 0.999 and decay_at(0.5, 100) == 0.5


def test_without_an_average_nothing_happens() -> None:
    follow({}, {"a": torch.ones(1)}, 0.9, 1)
