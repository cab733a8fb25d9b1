import subprocess
import sys

import pytest

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.families import FAMILIES, require_family


def test_published_rates() -> None:
    published = {name: family.rate for name, family in FAMILIES.items() if family.published}
    assert published == {
        "full": 5e-5, "attention": 1e-4, "bias": 5e-4, "norm-bias-attention": 1e-4, "svdiff": 1e-4, "difffit": 1e-4,
    }  # fmt: skip


def test_an_unknown_family_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"Did you mean norm-bias\?"):
        require_family("norm_bias")
    with pytest.raises(UserError, match="It is one of full, full-without-attention"):
        require_family("qqq")


def test_card_and_inputs_are_read_without_torch() -> None:
    told = "import sys; import model_adapters.methods.capacity_control.method; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
