from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from data_splits.errors import UserError
from model_adapters.check_method import check_method
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext
from model_adapters.scaffold.templates import method as my_adapter


def test_keeps_the_contract() -> None:
    checks = check_method(f"{my_adapter.__name__}:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


def test_the_average_is_the_mean_of_the_models(tmp_path: Path) -> None:
    method = my_adapter.build(BuildContext())
    inputs = method.made_up_inputs(tmp_path / "inputs")
    artifact = run_method(method, inputs, tmp_path / "output")
    models = [load_file(path) for path in inputs["models"]]
    for name, array in load_file(artifact.folder / "model.safetensors").items():
        np.testing.assert_allclose(array, np.mean([model[name] for model in models], axis=0), atol=1e-6)


def test_one_model_is_no_pool_and_a_budget_holds(tmp_path: Path) -> None:
    method = my_adapter.build(BuildContext())
    inputs = method.made_up_inputs(tmp_path / "inputs")
    with pytest.raises(UserError, match="not 1"):
        run_method(method, {"models": inputs["models"][:1]}, tmp_path / "one")
    with pytest.raises(UserError, match="2 to 2 models"):
        run_method(method, {**inputs, "at_most": 2}, tmp_path / "budget")
