"""Streamed statistics equal those of all inputs at once, whatever the batch."""

from __future__ import annotations

import pytest
import torch
from made_federations import small_client, small_model

from model_adapters.methods.fedp2eft.input_statistics import input_statistics, standard


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_statistics_are_those_of_the_whole_set(batch: int) -> None:
    model, adapters = small_model()
    adapters.reset(torch.zeros(adapters.size, dtype=torch.bool))
    client = small_client()
    layers = {name: module.base for name, module in adapters.modules.items()}
    found = input_statistics(model, layers, client, batch)
    first = client.train["inputs"]
    second = torch.tanh(layers["0"](first)).detach()
    expected = [float(first.mean()), float(second.mean())]
    expected += [float((each.var(correction=0) + 1e-5).sqrt()) for each in (first, second)]
    assert found.tolist() == pytest.approx([*expected, float(torch.log(torch.tensor(12.0)))], abs=1e-6)


def test_standard_centres_the_clients_it_was_made_of() -> None:
    rows = [torch.tensor([1.0, 5.0]), torch.tensor([3.0, 5.0])]
    mean, deviation = standard(rows)
    assert mean.tolist() == [2.0, 5.0] and deviation.tolist() == pytest.approx([1.0, 1e-3])
