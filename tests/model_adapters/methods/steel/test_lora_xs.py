import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.steel.lora_xs import add_lora_xs


def network() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3, bias=False))


def test_a_zero_adapter_changes_nothing_and_only_adapters_learn() -> None:
    plain, adapted, x = network(), network(), torch.randn(4, 5)
    shapes = add_lora_xs(adapted, 2)
    assert shapes == {"0.lora_xs": (2, 2), "2.lora_xs": (2, 2)}
    torch.testing.assert_close(adapted(x), plain(x))
    assert [name for name, each in adapted.named_parameters() if each.requires_grad] == ["0.lora_xs", "2.lora_xs"]
    assert set(plain.state_dict()) | set(shapes) == set(adapted.state_dict())


def test_an_adapter_is_left_times_r_times_right_by_hand() -> None:
    adapted, x = network(), torch.randn(4, 5)
    weight = adapted[0].weight.detach().double().numpy()
    add_lora_xs(adapted, 3, ["0"])
    matrix = torch.randn(3, 3)
    with torch.no_grad():
        adapted[0].lora_xs.copy_(matrix)  # type: ignore[operator, union-attr]
    left, values, right = np.linalg.svd(weight, full_matrices=False)
    sign = np.sign(left[np.abs(left).argmax(axis=0), np.arange(5)])
    left, right = left * sign, right * sign[:, None]
    merged = weight + left[:, :3] * values[:3] @ matrix.double().numpy() @ right[:3]
    expected = x.double().numpy() @ merged.T + adapted[0].bias.detach().double().numpy()  # type: ignore[union-attr, operator]
    np.testing.assert_allclose(adapted[0](x).detach().numpy(), expected, atol=1e-5)


def test_layers_that_are_absent_or_too_small_are_named() -> None:
    with pytest.raises(UserError, match="No linear layer is called head"):
        add_lora_xs(network(), 2, ["head"])
    with pytest.raises(UserError, match="rank is 4; 2 needs"):
        add_lora_xs(network(), 4)
