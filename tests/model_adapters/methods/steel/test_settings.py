from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.methods.run import read_inputs
from model_adapters.methods.steel.made_up import made_up_steel
from model_adapters.methods.steel.settings import INPUTS, plan_of, require_settings, sizes_of, zoo_source
from model_adapters.methods.steel.vectors import VectorFile


def inputs_of(folder: Path, **changes: Any) -> dict[str, Any]:
    return read_inputs({**made_up_steel(folder), **changes}, INPUTS, "steel")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"candidates": "random"}, "diffusion, gaussian, zoo or sgd"), ({"search": "deep"}, "flat or hierarchical"),
        ({"zoo": "a"}, "not both"), ({"sources": None}, "not both"), ({"rank": 0}, "rank must be at least 1"),
        ({"sample": None}, "examples are missing"), ({"batch": 0}, "batch is 0"), ({"clusters": -1}, "clusters is -1"),
        ({"objective": "mine"}, "Python object"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError, match=what):
        require_settings(inputs_of(tmp_path, **change))


def test_sizes_are_read_or_named() -> None:
    assert sizes_of("1000,250") == (250, 1000)
    for text in ("", "0", "2.5", "5,5"):
        with pytest.raises(UserError, match="list different numbers of candidates"):
            sizes_of(text)


def test_a_plan_changes_with_a_draw_and_with_a_setting(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    require_settings(inputs)
    zoo, drawn = VectorFile(tmp_path / "z.f32", 2), VectorFile(tmp_path / "d.f32", 2)
    zoo.write(0, np.zeros((2, 2), np.float32))
    drawn.write(0, np.zeros((3, 2), np.float32))
    before = plan_of(inputs, 0, "f", zoo, drawn, "h")
    assert (
        plan_of(inputs, 0, "f", zoo, drawn, "h") == before != plan_of({**inputs, "sizes": "9"}, 0, "f", zoo, drawn, "h")
    )
    drawn.write(2, np.ones((1, 2), np.float32))
    assert plan_of(inputs, 0, "f", zoo, drawn, "h") != before


def test_the_zoo_is_what_shaped_the_hypotheses(tmp_path: Path) -> None:
    assert zoo_source(inputs_of(tmp_path)).role == "hypotheses"
