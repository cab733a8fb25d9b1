import subprocess
import sys

import pytest

from data_splits.errors import UserError
from model_adapters.methods.merging import table
from model_adapters.methods.merging.method import OWN_INPUTS


def test_every_method_has_its_file_and_settings_with_help() -> None:
    for name in table.METHODS:
        module = table.method_module(name)
        assert callable(module.merge)
        assert all(option.help for option in module.OPTIONS.values())
    assert set(table.all_options()) >= {"scaling", "density", "granularity"}
    assert "ties 0.2" in table.all_options()["density"] and "fw-hard 0.2" in table.all_options()["density"]


def test_no_setting_hides_an_input() -> None:
    assert not OWN_INPUTS.keys() & table.all_options().keys()


def test_settings_are_typed_and_near_names_told() -> None:
    assert table.settings_of("ties", {"density": "0.1"})["density"] == 0.1
    assert table.settings_of("fw-soft", {"corrective": "yes"})["corrective"] is True
    with pytest.raises(UserError, match="Did you mean density"):
        table.settings_of("ties", {"densty": 0.1})
    with pytest.raises(UserError, match="Did you mean fw-hard"):
        table.method_module("fw_hrd")


def test_names_and_settings_are_read_without_torch() -> None:
    code = "import sys; from model_adapters.methods.merging import method as m; m.Merging(); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
