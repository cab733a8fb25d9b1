from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.merging.made_up import made_up_pool


def test_always_the_same_and_each_model_knows_its_task(tmp_path: Path) -> None:
    made = made_up_pool(tmp_path / "one")
    made_up_pool(tmp_path / "two")
    assert file_hashes(tmp_path / "one") == file_hashes(tmp_path / "two")
    for model, task in zip(made["models"], made["tasks"], strict=False):
        weights, data = load_file(model), load_file(task)
        hidden = np.maximum(data["inputs"] @ weights["0.weight"].T + weights["0.bias"], 0)
        assert ((hidden @ weights["2.weight"].T + weights["2.bias"]).argmax(axis=1) == data["targets"]).all()
