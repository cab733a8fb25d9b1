from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.methods.merging.objective import value
from model_adapters.methods.steel.made_up import made_up_steel
from model_adapters.methods.steel.tasks import fine_tuned, open_host


def test_a_host_holds_the_base_and_takes_adapters(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path)
    host = open_host("mlp", made["weights"], 2, ["*"], tmp_path / "one.safetensors")
    assert dict(host.layout.shapes) == {"0.lora_xs": (2, 2), "2.lora_xs": (2, 2)} and host.layout.size == 8
    base = load_file(made["weights"])
    x = torch.randn(3, 5)
    plain = torch.relu(x @ base["0.weight"].T + base["0.bias"]) @ base["2.weight"].T + base["2.bias"]
    torch.testing.assert_close(host.network(x), plain)
    with pytest.raises(UserError, match="a network with weights"):
        open_host("mlp", None, 2, ["*"], tmp_path / "one.safetensors")


def test_fine_tuning_is_that_of_autograd_and_lowers_the_loss(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path)
    host = open_host("mlp", made["weights"], 2, ["2"], tmp_path / "one.safetensors")
    objective = host.objective([made["sample"]], "cross-entropy")
    found = fine_tuned(objective, host.layout, np.zeros(4, np.float32), 25, 0.05)
    data, network = load_file(made["sample"]), host.network
    parameter = network.get_parameter("2.lora_xs").requires_grad_()
    optimiser = torch.optim.Adam([parameter], lr=0.05)
    for _ in range(25):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(data["inputs"]), data["targets"]).backward()
        optimiser.step()
    np.testing.assert_allclose(found, parameter.detach().reshape(-1).numpy(), atol=1e-4)
    start = value(objective, host.layout.tensors(np.zeros(4, np.float32)))
    assert value(objective, host.layout.tensors(found)) < start - 0.05


def test_a_zoo_of_the_networks_own_tensors_needs_no_injection(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path)
    host = open_host("mlp", made["weights"], 0, ["*"], Path(made["weights"]))
    assert host.layout.size == 5 * 6 + 6 + 6 * 3 + 3
    save_file({"other": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError):
        open_host("mlp", str(tmp_path / "other.safetensors"), 0, ["*"], Path(made["weights"]))
