"""The pilot's figures on digits: the ascent flattens the outer loss and costs no clean accuracy (references, 2.5)."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

ARMS = ("mtt", "truncated", "satm", "satm-18", "sam-mtt")


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """The script, found in the repository's root."""
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    return importlib.import_module("benchmarks.satm_digits")


def test_a_short_run_beats_the_images_it_began_with(digits: ModuleType) -> None:
    found = digits.outcomes(0, 25, {"random": {"method": "random"}, "satm": {"method": "satm"}})
    assert found["satm"].loss < 0.8 * found["random"].loss and found["satm"].clean > found["random"].clean + 0.03


@pytest.mark.slow
def test_three_seeds_are_flatter_robuster_and_no_worse(digits: ModuleType) -> None:
    """At the references' setting.

    Bounds were set after seeds 10 to 12, before these were run: there the gap fell by 8 to 11 %, perturbed accuracy
    rose by 1.5 to 2.7 points, and clean accuracy was -0.2 (satm), 0.0 (satm-18) and +0.2 (sam-mtt) from that of mtt.
    """
    assert digits.ITERATIONS == 600
    arms = {name: digits.ARMS[name] for name in ARMS}
    found = digits.means([digits.outcomes(seed, digits.ITERATIONS, arms) for seed in range(3)])
    mtt, truncated, satm, satm_18, whole = (found[name] for name in ARMS)
    assert satm.gap < 0.95 * truncated.gap and satm.gap < 0.95 * mtt.gap and whole.gap < 0.95 * mtt.gap
    assert satm.perturbed > mtt.perturbed + 0.01 and satm.perturbed > truncated.perturbed + 0.01
    assert whole.perturbed > mtt.perturbed
    # Not inferior by half a point; keeping 15 of 20 steps costs up to a point before any ascent.
    assert min(whole.clean, satm_18.clean) > mtt.clean - 0.005 and satm.clean > truncated.clean - 0.005
    assert satm.clean > mtt.clean - 0.01 and mtt.clean > 0.9
