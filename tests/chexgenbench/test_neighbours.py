from __future__ import annotations

import contextlib
import dataclasses
import io
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from chexgenbench import neighbours
from chexgenbench.neighbours import K, Neighbours

Features = NDArray[np.float32]


def independent(generated: Features, reference: Features) -> dict[str, float]:
    """The `prdc` package on float64 features; on float32 ones its own rounding decides near ties."""
    from prdc import compute_prdc

    with contextlib.redirect_stdout(io.StringIO()):
        return dict(compute_prdc(reference.astype(np.float64), generated.astype(np.float64), K))


def ours(result: Neighbours) -> dict[str, float]:
    return {
        "precision": result.in_reference.mean(),
        "recall": result.in_generated.mean(),
        "density": result.balls.mean() / result.k,
        "coverage": result.covered.mean(),
    }


def normal(n: int, d: int, seed: int, shift: float = 0.0) -> Features:
    return (np.random.default_rng(seed).normal(size=(n, d)) + shift).astype(np.float32)


def modes(spread: float) -> Features:
    centres = np.random.default_rng(3).normal(size=(10, 30))
    return np.repeat(centres, 12, axis=0).astype(np.float32) + np.float32(spread) * normal(120, 30, 4)


CASES: dict[str, Callable[[], tuple[Features, Features]]] = {
    "equal": lambda: (normal(200, 16, 0), normal(260, 16, 1)),
    "many dimensions, off centre": lambda: (normal(150, 768, 0, 5), normal(120, 768, 1, 5)),
    "constant": lambda: (np.ones((90, 30), np.float32), normal(80, 30, 1)),
    "copies of real images": lambda: (normal(200, 30, 1)[:70], normal(200, 30, 1)),
    "collapsed to ten modes": lambda: (modes(1e-5), normal(200, 30, 3)),
    "integers with ties": lambda: (
        np.random.default_rng(0).integers(0, 3, (140, 6)).astype(np.float32),
        np.random.default_rng(1).integers(0, 3, (150, 6)).astype(np.float32),
    ),
    "one outlier": lambda: (normal(60, 8, 0), np.concatenate([normal(60, 8, 1), normal(1, 8, 2, 1e4)])),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_prdc(case: str) -> None:
    generated, reference = CASES[case]()
    expected = independent(generated, reference)
    assert ours(Neighbours.of(generated, reference)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_bits_do_not_depend_on_block_and_tile(case: str) -> None:
    generated, reference = CASES[case]()
    base = Neighbours.of(generated, reference)
    for block, tile in ((17, 31), (256, 8), (5, 300)):
        other = Neighbours.of(generated, reference, block=block, tile=tile)
        for each in dataclasses.fields(Neighbours):
            assert np.array_equal(getattr(base, each.name), getattr(other, each.name)), each.name


def test_row_order_moves_nothing_but_rows() -> None:
    generated, reference = CASES["equal"]()
    order = np.random.default_rng(5).permutation(len(generated))
    base, shuffled = Neighbours.of(generated, reference), Neighbours.of(generated[order], reference)
    assert np.array_equal(shuffled.balls, base.balls[order])
    assert np.array_equal(shuffled.generated_radii, base.generated_radii[order])
    assert np.array_equal(shuffled.covered, base.covered)


def test_swapping_sides_swaps_precision_and_recall() -> None:
    generated, reference = CASES["equal"]()
    one, other = Neighbours.of(generated, reference), Neighbours.of(reference, generated)
    assert np.array_equal(one.in_reference, other.in_generated)
    assert np.array_equal(one.in_generated, other.in_reference)


def test_mode_collapse_lowers_recall_and_leaves_precision() -> None:
    """Guards the convention: a collapsed generator is precise; swapped sides would say the opposite."""
    reference = np.concatenate([normal(150, 8, 0), normal(150, 8, 1, 12)])
    full = Neighbours.of(np.concatenate([normal(150, 8, 2), normal(150, 8, 3, 12)]), reference)
    collapsed = Neighbours.of(normal(300, 8, 4), reference)
    assert full.in_generated.mean() > 0.9 and full.in_reference.mean() > 0.9
    assert collapsed.in_reference.mean() > 0.9
    assert collapsed.in_generated.mean() < 0.55 and collapsed.covered.mean() < 0.55


def test_shared_results_are_computed_once_and_never_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    generated, reference = CASES["equal"]()
    first = Neighbours.shared(generated, reference)
    assert Neighbours.shared(generated.copy(), reference.copy()) is first
    assert Neighbours.shared(reference, generated) is not first
    assert np.array_equal(Neighbours.shared(reference, generated).in_reference, first.in_generated)
    assert Neighbours.shared(generated, reference, 3).k == 3
    monkeypatch.setattr(neighbours, "REMEMBERED", 1)
    Neighbours.shared(reference, generated, 2)
    assert len(neighbours._RECENT) == 1


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match="need 6"):
        Neighbours.of(normal(5, 3, 0), normal(9, 3, 1))


def test_memory_grows_with_the_block_not_with_the_square() -> None:
    """An n x n float32 matrix would take 100 MB; peak beside the features stays at a few tiles."""
    generated, reference = normal(5000, 16, 0), normal(5000, 16, 1)
    block, tile = 256, 512
    tracemalloc.start()
    Neighbours.of(generated, reference, block=block, tile=tile)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25e6
