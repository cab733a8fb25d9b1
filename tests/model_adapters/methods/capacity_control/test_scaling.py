from typing import Any

import pytest
import torch
from tiny_diffusers import pixart, unet
from torch import nn

from model_adapters.methods.capacity_control.adapting import adapt
from model_adapters.methods.capacity_control.blocks import Allowed
from model_adapters.methods.capacity_control.scaling import last_layers

EVERYTHING = Allowed((), None, True)


def output_of(module: nn.Module, network: Any, call: Any) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    handle = module.register_forward_hook(lambda _, __, out: kept.append(out.detach().clone()))
    with torch.no_grad():
        call(network)
    handle.remove()
    return kept[0]


def draw(network: Any) -> None:
    rng = torch.Generator().manual_seed(0)
    network(
        torch.randn((2, 4, 8, 8), generator=rng), torch.tensor([10, 900]),
        encoder_hidden_states=torch.randn((2, 5, 16), generator=rng),
    )  # fmt: skip


def test_gamma_scales_what_attention_and_feed_forward_add() -> None:
    torch.manual_seed(0)
    network = unet()
    block = network.down_blocks[1].attentions[0].transformer_blocks[0]
    parts = {"attn1.to_out.0": block.attn1, "attn2.to_out.0": block.attn2, "ff.net.2": block.ff}
    # attn1 comes first: its own input does not change with the scales behind it
    before = output_of(parts["attn1.to_out.0"], network, draw)
    adapted = adapt(network, "difffit", EVERYTHING)
    prefix = "down_blocks.1.attentions.0.transformer_blocks.0."
    gammas = {name: each for name, each in adapted.parameters.items() if name.endswith(".gamma")}
    assert len(gammas) == 4 * 3 and {prefix + name + ".gamma" for name in parts} <= gammas.keys()
    assert all(each.shape == (1,) and each.item() == 1.0 for each in gammas.values())
    torch.testing.assert_close(output_of(block.attn1, network, draw), before, rtol=0, atol=0)
    with torch.no_grad():
        gammas[prefix + "attn1.to_out.0.gamma"].fill_(1.75)
    torch.testing.assert_close(output_of(block.attn1, network, draw), 1.75 * before)


def test_channel_scales_and_shifts_act_behind_the_layer() -> None:
    torch.manual_seed(0)
    network = unet()
    before = output_of(network.conv_in, network, draw)
    query = network.mid_block.attentions[0].transformer_blocks[0].attn1.to_q
    adapted = adapt(network, "ssf", EVERYTHING)
    assert "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.beta" not in adapted.parameters
    assert query.bias is None and "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.gamma" in adapted.parameters
    gamma, beta = adapted.parameters["conv_in.gamma"], adapted.parameters["conv_in.beta"]
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        gamma.copy_(torch.randn(gamma.shape, generator=rng))
        beta.copy_(torch.randn(beta.shape, generator=rng))
    after = output_of(network.conv_in, network, draw)
    torch.testing.assert_close(after, gamma.detach()[:, None, None] * before + beta.detach()[:, None, None])


@pytest.mark.parametrize("family", ["difffit", "ssf", "svdiff"])
def test_folded_weights_compute_the_same(family: str) -> None:
    torch.manual_seed(0)
    network = unet()
    adapted = adapt(network, family, EVERYTHING)
    rng = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for each in adapted.parameters.values():
            each.add_(0.1 * torch.randn(each.shape, generator=rng))
    before = output_of(network.conv_out, network, draw)
    adapted.fold()
    assert torch.equal(output_of(network.conv_out, network, draw), before)
    assert set(network.state_dict()) == set(unet().state_dict())
    assert all(type(module).__name__[:12] != "Parametrized" for module in network.modules())


def test_transformers_end_their_parts_with_linear_layers_too() -> None:
    assert set(last_layers(pixart())) == {
        f"transformer_blocks.0.{name}" for name in ("attn1.to_out.0", "attn2.to_out.0", "ff.net.2")
    }
