import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from model_adapters.methods.capacity_control.spectral import SpectralShift, VectorShift


@pytest.mark.parametrize("shape", [(5, 3), (3, 7), (4, 3, 3, 3)])
def test_no_shift_is_the_weight_bit_for_bit(shape: tuple[int, ...]) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    spectral = SpectralShift(weight)
    assert torch.equal(spectral(weight), weight)
    assert len(spectral.shift) == min(shape[0], weight[0].numel())


def test_a_shift_moves_singular_values_and_nothing_else() -> None:
    weight = torch.randn((4, 3, 3, 3), generator=torch.Generator().manual_seed(1))
    spectral = SpectralShift(weight)
    with torch.no_grad():
        spectral.shift.copy_(torch.tensor([0.5, -0.25, 0.0, -100.0]))
    sigma = torch.linalg.svdvals(weight.flatten(1))
    wanted = torch.relu(sigma + spectral.shift.detach()).sort(descending=True).values
    torch.testing.assert_close(torch.linalg.svdvals(spectral(weight).detach().flatten(1)), wanted, atol=1e-5, rtol=1e-5)


def test_the_gradient_is_that_of_the_dense_matrix_along_each_pair_of_singular_vectors() -> None:
    rng = torch.Generator().manual_seed(2)
    weight, inputs = torch.randn((5, 4), generator=rng), torch.randn((7, 4), generator=rng)
    spectral = SpectralShift(weight)
    with torch.no_grad():
        spectral.shift.add_(0.1)
    spectral.shift.data[-1] = -100.0  # below zero: cut off by the relu, so its gradient is zero
    dense = spectral(weight).detach().requires_grad_(True)
    (inputs @ dense.T).pow(3).sum().backward()
    (inputs @ spectral(weight).T).pow(3).sum().backward()
    assert dense.grad is not None and spectral.shift.grad is not None
    by_hand = torch.einsum("oi,ok,ki->k", dense.grad, spectral.u, spectral.vh)
    by_hand[-1] = 0.0
    torch.testing.assert_close(spectral.shift.grad, by_hand, rtol=1e-4, atol=1e-3)


def test_a_vector_is_shifted_as_it_is_also_where_it_is_negative() -> None:
    layer = nn.LayerNorm(3)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([-1.0, 0.5, 2.0]))
    shift = VectorShift(layer.weight)
    parametrize.register_parametrization(layer, "weight", shift)
    assert torch.equal(layer.weight, torch.tensor([-1.0, 0.5, 2.0]))
    shift.shift.data += 1.0
    torch.testing.assert_close(layer.weight, torch.tensor([0.0, 1.5, 3.0]))
