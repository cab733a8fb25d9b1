from pathlib import Path

import pytest
import torch
from tiny_diffusers import pixart, unet

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.blocks import Allowed, blocks, blocks_of, read_mask


def test_every_block_of_stable_diffusion_has_a_bit_also_the_third_of_each_up_stage() -> None:
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        names = blocks_of(UNet2DConditionModel(cross_attention_dim=768))
    assert [sum(name.startswith(stage) for name in names) for stage in ("down", "mid", "up")] == [6, 1, 9]
    assert names[5:9] == (
        "down_blocks.2.attentions.1", "mid_block.attentions.0", "up_blocks.1.attentions.0", "up_blocks.1.attentions.1",
    )  # fmt: skip
    assert "up_blocks.3.attentions.2" in names  # the published masks stop one before it


def test_a_transformers_blocks_count_up_also_beyond_nine() -> None:
    network = torch.nn.Module()
    network.transformer_blocks = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(12))
    assert blocks_of(network) == tuple(f"transformer_blocks.{index}" for index in range(12))
    assert blocks_of(pixart()) == ("transformer_blocks.0",)


def test_blocks_are_told_from_a_configuration_alone(tiny_sd: Path) -> None:
    assert blocks(tiny_sd) == blocks_of(unet())
    assert blocks("embedded") == (
        "down_blocks.2.attentions.0", "mid_block.attentions.0", "up_blocks.0.attentions.0", "up_blocks.0.attentions.1",
    )  # fmt: skip


def test_a_mask_is_read_from_text_or_list() -> None:
    assert read_mask("01", ("a", "b")) == (False, True) == read_mask([0, True], ("a", "b"))
    assert read_mask(None, ("a",)) is None and read_mask("", ("a",)) is None


@pytest.mark.parametrize(
    ("mask", "words"), [("011", "has 3 bits; this model has 2 blocks: a, b"), ("0x", "text of 0 and 1"), (10, None)]
)
def test_a_mask_of_another_length_or_alphabet_is_refused(mask: object, words: str | None) -> None:
    if words is None:
        assert read_mask(mask, ("a", "b")) == (True, False)  # a number from a TOML file
        return
    with pytest.raises(UserError, match=words):
        read_mask(mask, ("a", "b"))


def test_a_bit_speaks_for_its_block_and_outside_for_the_rest() -> None:
    closed = Allowed(("x.1", "x.10"), (False, True), outside=False)
    assert not closed("x.1.weight") and closed("x.10.weight") and not closed("conv.weight")
    assert Allowed(("x.1",), (False,), outside=True)("conv.weight")
    assert Allowed(("x.1",), None, outside=False)("conv.weight")
