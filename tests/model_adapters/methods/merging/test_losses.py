import math

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.merging.losses import named, tensor_of


def test_cross_entropy_by_hand() -> None:
    loss = named("cross-entropy")
    output, targets = torch.tensor([[0.0, math.log(3.0)], [2.0, 2.0]]), torch.tensor([0, 1])
    assert loss.losses(output, targets).tolist() == pytest.approx([math.log(4.0), math.log(2.0)])
    three = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert loss.entropies(output).tolist() == pytest.approx([three, math.log(2.0)])
    assert loss.scores(output, targets).tolist() == [0.0, 0.0]
    assert loss.scores(output, torch.tensor([1, 0])).tolist() == [1.0, 1.0]


def test_findings_leave_out_what_is_unknown() -> None:
    loss = named("binary-cross-entropy")
    output = torch.tensor([[0.0, math.log(3.0), 9.0]])
    targets = torch.tensor([[1.0, 0.0, float("nan")]])
    assert loss.losses(output, targets).tolist() == pytest.approx([(math.log(2.0) + math.log(4.0)) / 2])
    assert loss.scores(output, targets).tolist() == [0.0]
    assert loss.scores(-output - 1, targets).tolist() == [0.5]
    even = loss.entropies(torch.zeros(1, 3))
    assert even.tolist() == pytest.approx([math.log(2.0)])


def test_tokens_look_one_ahead_and_skip_what_is_not_asked() -> None:
    loss = named("tokens")
    output = torch.zeros(1, 4, 2)
    output[0, 1] = torch.tensor([math.log(3.0), 0.0])
    targets = torch.tensor([[1, -100, 0, 1]])
    # Position 1 foretells token 0 with 3/4, position 2 token 1 with 1/2; position 0 is not asked, 3 foretells nothing.
    assert loss.losses(output, targets).tolist() == pytest.approx([(math.log(4 / 3) + math.log(2.0)) / 2])
    assert loss.scores(output, targets).tolist() == [0.5]
    assert loss.entropies(torch.zeros(2, 3, 4)).tolist() == pytest.approx([math.log(4.0)] * 2)


def test_squares_are_means_of_an_example() -> None:
    loss = named("mean-square")
    assert loss.losses(torch.tensor([[[1.0, 3.0]]]), torch.tensor([[0.0, 0.0]])).tolist() == [5.0]
    with pytest.raises(UserError, match="no entropy"):
        loss.entropies(torch.zeros(1))
    assert loss.scores(torch.ones(1, 1), torch.zeros(1, 1)).tolist() == [-1.0]


def test_names_and_outputs() -> None:
    with pytest.raises(UserError, match="Did you mean cross-entropy"):
        named("crossentropy")

    class Output:
        sample = torch.ones(1)

    for output in (torch.ones(1), (torch.ones(1), 3), Output()):
        assert np.asarray(tensor_of(output)).tolist() == [1.0]
