"""An exported adapter, opened by peft, gives the same outputs: with layers of different ranks, and with none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_federations import random_adapters, small_model, small_network
from torch import nn

from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.peft_export import write_peft

peft = pytest.importorskip("peft")


@pytest.mark.parametrize("keep", [[1, 1, 1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0], [1] * 8])
def test_peft_opens_it(keep: list[int], tmp_path: Path) -> None:
    model, adapters = small_model()
    adapters.reset(torch.tensor(keep, dtype=torch.bool))
    random_adapters(adapters)
    write_peft(adapters, tmp_path, "a base")
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(2))
    opened = peft.PeftModel.from_pretrained(small_network(), tmp_path)
    assert torch.allclose(opened(x), model.network(x), atol=1e-5)


def test_a_layer_whose_name_ends_like_another_is_left_alone(tmp_path: Path) -> None:
    def network() -> nn.Sequential:
        return nn.Sequential(nn.Sequential(small_network()[0], nn.Identity()), nn.Linear(4, 3))

    made = network()
    adapters = Adapters(made, 4, 8.0)
    adapters.reset(torch.tensor([1, 0, 0, 0, 0, 0, 0, 0], dtype=torch.bool))
    random_adapters(adapters)
    write_peft(adapters, tmp_path, "a base")
    assert json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"] == r"0\.0"
    assert list(adapters.state()) == ["0.0"]


def test_no_rank_at_all_leaves_no_adapter(tmp_path: Path) -> None:
    _, adapters = small_model()
    adapters.reset(torch.zeros(8, dtype=torch.bool))
    write_peft(adapters, tmp_path, "a base")
    assert [path.name for path in tmp_path.iterdir()] == ["ranks.json"]
