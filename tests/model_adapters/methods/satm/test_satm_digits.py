"""The pilot's direction on digits: the ascent flattens the outer loss and costs no clean accuracy (references, 2.5)."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
import torch

ARMS = {name: {"method": name} for name in ("mtt", "truncated", "satm", "sam-mtt")}


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """The script, found in the repository's root."""
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    torch.set_num_threads(1)
    return importlib.import_module("benchmarks.satm_digits")


def test_a_short_run_beats_the_images_it_began_with(digits: ModuleType) -> None:
    found = digits.outcomes(0, 25, {"random": {"method": "random"}, "satm": {"method": "satm"}})
    assert found["satm"].loss < 0.8 * found["random"].loss and found["satm"].clean > found["random"].clean + 0.03


@pytest.mark.slow
def test_three_seeds_are_flatter_robuster_and_no_worse(digits: ModuleType) -> None:
    found = digits.means([digits.outcomes(seed, digits.ITERATIONS, ARMS) for seed in range(3)])
    satm, truncated, mtt, whole = (found[name] for name in ("satm", "truncated", "mtt", "sam-mtt"))
    assert satm.gap < 0.95 * truncated.gap and whole.gap < 0.95 * mtt.gap
    assert satm.perturbed > truncated.perturbed and whole.perturbed > mtt.perturbed
    assert satm.clean > truncated.clean - 0.005 and satm.clean > 0.8
    assert satm.seconds < whole.seconds
