import pytest
import torch
from tiny_diffusers import pixart, unet

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.adapting import adapt
from model_adapters.methods.capacity_control.blocks import Allowed, blocks_of
from model_adapters.methods.capacity_control.families import FAMILIES
from model_adapters.methods.capacity_control.spectral import VECTOR_RATE

# The tiny U-Net, layer by layer (4 transformer blocks of width 16: down, middle, up, up).
ATTENTION = 2 * (4 * 16 * 16 + 16)  # of a block: two layers of q, k, v, out, only out with a bias
BLOCK_NORMS = 2 * (16 + 3 * 16)  # group norm and three layer norms
RESNET_NORMS = 2 * ((8 + 8) + (8 + 16) + (32 + 16) + (24 + 16) + (24 + 8) + (16 + 8) + 2 * (16 + 16) + 8)
BLOCK_BIASES = 16 + 16 + 16 + 128 + 16 + 16  # in, two outs, feed-forward, feed-forward, out
OTHER_BIASES = 8 + 2 * 32 + 3 * 8 + 8 + 3 * 4 * 16 + 16 + 2 * 4 * 8 + 2 * 3 * 16 + 4
NORM = 4 * BLOCK_NORMS + RESNET_NORMS
BIAS = 4 * BLOCK_BIASES + OTHER_BIASES + NORM // 2
SINGULAR = (
    8 + (8 + 32) + 3 * 8 + 8  # conv_in, time, first stage, its way down
    + 4 * (16 + 8 * 16 + 16 + 16 + 16)  # the blocks
    + (3 * 16 + 8) + 2 * 4 * 16 + 16 + 2 * 4 * 8 + 2 * 3 * 16 + 4
)  # fmt: skip

COUNTS = {
    "attention": 4 * ATTENTION,
    "attention-down-blocks": ATTENTION,
    "attention-up-blocks": 2 * ATTENTION,
    "bias": BIAS,
    "norm": NORM,
    "norm-bias": NORM // 2 + BIAS,
    "norm-bias-attention": NORM // 2 + BIAS + 4 * (ATTENTION - 2 * 16),
    "lora": 4 * 8 * 4 * (16 + 16),
    "loha": 4 * 8 * 2 * 4 * (16 + 16),
    "oft": 4 * 8 * (16 * 15 // 2),
    "svdiff": SINGULAR + NORM // 2,
    "difffit": NORM // 2 + BIAS + 4 * 3,
    "ssf": BIAS + (BIAS + 4 * 2 * 3 * 16),
    "freeze": 0,
}


def everything(network: object) -> Allowed:
    return Allowed(blocks_of(network), None, False)


@pytest.mark.parametrize(("family", "count"), COUNTS.items())
def test_trains_exactly_what_its_definition_says(family: str, count: int) -> None:
    network = unet()
    adapted = adapt(network, family, everything(network))
    assert adapted.count == count
    free = {id(each) for each in network.parameters() if each.requires_grad}
    assert free == {id(each) for each in adapted.parameters.values()}


def test_attention_and_the_rest_make_up_everything() -> None:
    counts = {}
    for family in ("full", "attention", "full-without-attention"):
        network = unet()
        counts[family] = set(adapt(network, family, everything(network)).parameters)
    assert counts["attention"] | counts["full-without-attention"] == counts["full"]
    assert not counts["attention"] & counts["full-without-attention"]
    assert counts["full"] == set(dict(unet().named_parameters()))


@pytest.mark.parametrize(
    ("family", "bits"),
    [
        *((name, "0100") for name in FAMILIES if name != "freeze"),
        ("full", "0000"),
        ("lora", "0000"),
        ("svdiff", "1011"),
    ],
)
def test_a_mask_freezes_what_it_says(family: str, bits: str) -> None:
    network = unet()
    names = blocks_of(network)
    whole, masked = unet(), network
    allowed = Allowed(names, tuple(bit == "1" for bit in bits), False)
    found = adapt(masked, family, allowed).parameters
    everywhere = adapt(whole, family, everything(whole)).parameters
    shown = tuple(name + "." for name, bit in zip(names, bits, strict=True) if bit == "1")
    wanted = {name for name in everywhere if name.startswith(shown)} if shown else set()
    assert set(found) == wanted


def test_outside_of_blocks_is_trained_with_a_mask_where_asked() -> None:
    network = unet()
    found = adapt(network, "bias", Allowed(blocks_of(network), (False,) * 4, True)).parameters
    assert sum(each.numel() for each in found.values()) == OTHER_BIASES + RESNET_NORMS // 2


def test_norm_shifts_of_svdiff_have_their_own_rate() -> None:
    network = unet()
    adapted = adapt(network, "svdiff", everything(network))
    slow = {name for name, rate in adapted.fixed_rates.items() if rate == VECTOR_RATE}
    assert slow == {name for name in adapted.parameters if "norm" in name.split(".")[-3]}
    assert sum(adapted.parameters[name].numel() for name in slow) == NORM // 2


def test_a_family_with_nothing_in_a_network_is_told() -> None:
    with pytest.raises(UserError, match="attention-up-blocks trains nothing in a PixArtTransformer2DModel"):
        adapt(pixart(), "attention-up-blocks", everything(pixart()))


def test_gradients_reach_every_trained_number_of_a_transformer() -> None:
    network = pixart()
    adapted = adapt(network, "difffit", everything(network))
    rng = torch.Generator().manual_seed(0)
    out = network(
        torch.randn((2, 4, 8, 8), generator=rng), encoder_hidden_states=torch.randn((2, 5, 16), generator=rng),
        timestep=torch.tensor([10, 900]), added_cond_kwargs={"resolution": None, "aspect_ratio": None},
    ).sample  # fmt: skip
    out.square().mean().backward()
    silent = [name for name, each in adapted.parameters.items() if each.grad is None or not each.grad.any()]
    # a bias of the keys shifts all logits of a query alike: softmax does not see it
    assert all(".to_k.bias" in name for name in silent)
