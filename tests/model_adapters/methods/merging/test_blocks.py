import pytest

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of

NAMES = ["decoder.0", "decoder.1", "encoder.0", "norm"]


def test_every_tensor_is_in_one_block() -> None:
    assert blocks_of(NAMES, "task") == {"model": tuple(NAMES)}
    assert blocks_of(NAMES, "layer") == {name: (name,) for name in NAMES}
    assert blocks_of(NAMES, "enc*, *.0") == {
        "enc*": ("encoder.0",), "*.0": ("decoder.0",), "rest": ("decoder.1", "norm"),
    }  # fmt: skip


@pytest.mark.parametrize("granularity", ["layers", "enc*,x*", ","])
def test_patterns_that_match_nothing_are_told(granularity: str) -> None:
    with pytest.raises(UserError, match="no tensor matches"):
        blocks_of(NAMES, granularity)
