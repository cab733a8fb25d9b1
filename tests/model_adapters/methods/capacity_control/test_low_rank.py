import builtins
from typing import Any

import pytest
import torch
from tiny_diffusers import unet

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.adapting import adapt
from model_adapters.methods.capacity_control.blocks import Allowed
from model_adapters.methods.capacity_control.low_rank import KINDS, targets_of

EVERYTHING = Allowed((), None, True)


def draw(network: Any) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        out: torch.Tensor = network(
            torch.randn((2, 4, 8, 8), generator=rng), torch.tensor([10, 900]),
            encoder_hidden_states=torch.randn((2, 5, 16), generator=rng),
        ).sample  # fmt: skip
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_starts_at_the_base_and_folds_into_what_it_computed(kind: str) -> None:
    pytest.importorskip("peft")
    torch.manual_seed(0)
    network = unet()
    base = draw(network)
    adapted = adapt(network, kind, EVERYTHING, rank=4, seed=5)
    torch.testing.assert_close(draw(network), base, rtol=1e-5, atol=1e-5)
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for each in adapted.parameters.values():
            each.add_(0.3 * torch.randn(each.shape, generator=rng))
    unmerged = draw(network)
    assert float((unmerged - base).abs().max()) > 1e-3
    adapted.fold()
    torch.testing.assert_close(draw(network), unmerged, rtol=1e-4, atol=1e-5)
    assert set(network.state_dict()) == set(unet().state_dict()) and not hasattr(network, "peft_config")


def test_first_values_follow_from_the_seed_and_leave_the_global_state_alone() -> None:
    pytest.importorskip("peft")
    torch.manual_seed(0)
    network, other = unet(), unet()
    state = torch.random.get_rng_state()
    one = adapt(network, "lora", EVERYTHING, rank=2, seed=5).parameters
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(99)
    two = adapt(other, "lora", EVERYTHING, rank=2, seed=5).parameters
    assert all(torch.equal(one[name], two[name]) for name in one)
    three = adapt(unet(), "lora", EVERYTHING, rank=2, seed=6).parameters
    assert any(not torch.equal(one[name], three[name]) for name in one)


def test_targets_are_the_eight_linear_layers_of_each_block() -> None:
    found = targets_of(unet())
    assert len(found) == 4 * 8 and all(".attn1.to_" in name or ".attn2.to_" in name for name in found)


def test_says_what_to_install_without_peft(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name == "peft":
            raise ImportError(name)
        return plain(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"needs the package peft: pip install"):
        adapt(unet(), "lora", EVERYTHING)
