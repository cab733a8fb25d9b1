import json
from pathlib import Path

import numpy as np
import pytest
import torch
from merge_runs import pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.networks import build_network, network_names
from model_adapters.methods.merging.pool import open_pool

RNG = np.random.default_rng(0)


def layers() -> dict[str, np.ndarray]:
    """net.2 before net.10: names are read as people count."""
    shapes = {"net.2.weight": (5, 4), "net.2.bias": (5,), "net.10.weight": (3, 5), "net.10.bias": (3,)}
    return {name: RNG.standard_normal(shape) for name, shape in shapes.items()}


def test_mlp_written_out(tmp_path: Path) -> None:
    model = layers()
    pool = pool_of(tmp_path, [model])
    network = build_network("mlp", pool)
    names = network_names(network, pool)
    x = RNG.standard_normal((6, 4))
    weights = {names[name]: pool.read(1, name).float() for name in pool.merged}
    found = torch.func.functional_call(network, weights, (torch.from_numpy(x).float(),)).numpy()
    hidden = np.maximum(x @ model["net.2.weight"].T + model["net.2.bias"], 0)
    np.testing.assert_allclose(found, hidden @ model["net.10.weight"].T + model["net.10.bias"], rtol=1e-4, atol=1e-5)


def test_mlp_needs_linear_layers(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="linear layers only"):
        build_network("mlp", pool_of(tmp_path, [{"conv.weight": np.zeros((2, 2, 3, 3))}]))


class Normed(torch.nn.Module):
    """A network whose statistics are copied."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = torch.nn.BatchNorm1d(2)


def normed() -> Normed:
    return Normed()


def not_a_network() -> int:
    return 3


def test_statistics_come_from_the_base_and_names_are_checked(tmp_path: Path) -> None:
    state = {name: tensor.numpy() for name, tensor in Normed().state_dict().items()}
    state["bn.running_mean"] = np.array([3.0, 4.0], dtype=np.float32)
    pool = pool_of(tmp_path, [state, state])
    assert pool.merged == ("bn.bias", "bn.weight")
    network = build_network(f"{__name__}:normed", pool)
    assert network.bn.running_mean.tolist() == [3.0, 4.0]
    with pytest.raises(UserError, match="has no 'other'"):
        network_names(network, pool_of(tmp_path / "x", [{"other": np.ones(2)}]))
    with pytest.raises(UserError, match="in the pool and"):
        network_names(network, pool_of(tmp_path / "y", [{"bn.weight": np.ones(3)}]))


def test_what_is_no_network_is_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [{"w": np.ones(2)}])
    for spec, message in (
        ("nowhere.at_all:build", "cannot be made"), ("math", "cannot be made"),
        (f"{__name__}:not_a_network", "not an nn.Module"),
        (f"diffusers:{tmp_path}", "no config.json"), ("peft:one", "two folders"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=message):
            build_network(spec, pool)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "NoSuchModel"}))
    with pytest.raises(UserError, match="no class 'NoSuchModel'"):
        build_network(f"diffusers:{tmp_path}", pool)


def test_a_unet_by_its_folder(tmp_path: Path) -> None:
    from diffusers import UNet2DModel

    network = UNet2DModel(
        sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(4, 4), norm_num_groups=2,
        down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    network.save_pretrained(tmp_path / "unet")
    pool = open_pool([str(tmp_path / "unet")])
    made = build_network(f"diffusers:{tmp_path / 'unet'}", pool)
    assert set(network_names(made, pool)) == set(network.state_dict())


def test_a_language_model_and_its_adapters_by_their_folders(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=11, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    base = LlamaForCausalLM(config)
    base.save_pretrained(tmp_path / "base")
    whole = open_pool([str(tmp_path / "base")])
    assert len(network_names(build_network(f"transformers:{tmp_path / 'base'}", whole), whole)) == len(whole.merged)
    peft = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    peft.save_pretrained(tmp_path / "adapter")
    pool = open_pool([str(tmp_path / "adapter")], "zeros")
    assert len(pool.merged) == 4
    network = build_network(f"peft:{tmp_path / 'base'}:{tmp_path / 'adapter'}", pool)
    names = network_names(network, pool)
    assert all(".default.weight" in name for name in names.values())
    tokens = torch.tensor([[1, 2, 3]])
    weights = {names[name]: pool.read(1, name) for name in pool.merged}
    with torch.no_grad():
        found = torch.func.functional_call(network, weights, (tokens,)).logits
        zero = torch.func.functional_call(network, {names[n]: pool.read(0, n) for n in pool.merged}, (tokens,)).logits
        expected, bare = peft(tokens).logits, base
        peft.unload()
        plain = bare(tokens).logits
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(zero, plain)
    assert not torch.allclose(found, zero)
