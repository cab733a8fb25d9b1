from pathlib import Path
from typing import Any

import pytest
from signs import axes_pool, named, random_sample

from data_splits.errors import UserError
from model_adapters.methods.certificates.fusion import CertifiedFusion, made_up_sample
from model_adapters.methods.certificates.sample import pool_source
from model_adapters.methods.certificates.setup import numbers, pool_of, require_common, sample_of
from model_adapters.methods.run import read_inputs


def inputs_of(folder: Path, **changes: Any) -> dict[str, Any]:
    return read_inputs({**made_up_sample(folder), **changes}, CertifiedFusion.inputs, "certified-fusion")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"delta": 1.5}, "failure probability"), ({"model_kind": "method"}, "predictor, generator"),
        ({"loss": "mean-square"}, "not bounded"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError, match=what):
        require_common(inputs_of(tmp_path, **change))


def test_numbers_are_read_or_named() -> None:
    assert numbers("1, 3,5", "iterations") == (1, 3, 5) and numbers(7, "iterations") == (7,)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="iterations is '1,x'"):
        numbers("1,x", "iterations")


def test_the_sample_is_bound_to_its_bytes(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path / "in")
    pool, source = pool_of(inputs)
    assert source.role == "pool" and sample_of(inputs, pool, source, tmp_path / "work", "cpu").size == 24
    other = {**inputs, "sample": inputs["sample"].replace("task-1", "task-2")}
    with pytest.raises(UserError, match="when the work began"):
        sample_of(other, pool, source, tmp_path / "work", "cpu")
    with pytest.raises(UserError, match="needs network"):
        sample_of({**inputs, "sample": None}, pool, source, tmp_path / "work", "cpu")


def test_an_objective_of_python_goes_in_place_of_files(tmp_path: Path) -> None:
    sample = random_sample(12)
    inputs = {**inputs_of(tmp_path / "in"), "objective": sample.objective, "cases": named(12)}
    pool, source = axes_pool(tmp_path), pool_source(named(2, "train"), None)
    assert sample_of(inputs, pool, source, tmp_path / "work", "cpu").objective is sample.objective
    with pytest.raises(UserError, match="Python object"):
        sample_of({**inputs, "objective": "mine"}, pool, source, tmp_path / "work", "cpu")
