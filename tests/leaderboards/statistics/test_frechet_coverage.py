"""Do 95 % intervals of Frechet distances hold the populations' distance, and does the rule refuse those that do not?

Populations are Gaussian (or heavy-tailed with the same covariance), so the true distance is known. Images of a patient
share a part of their deviation (intraclass correlation). The negative controls are the regime that the rule refuses,
with the rule switched off, and the percentile bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.linalg import expm

from leaderboards.statistics import frechet_pair
from leaderboards.statistics.blocks import paired_blocks
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.frechet import frechet
from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Design:
    """d dimensions; patients with `images` each; `shared` is the real images' intraclass correlation."""

    dimension: int
    patients: int
    images: int = 1
    shared: float = 0.0
    blocks: int = 50
    heavy: bool = False

    def populations(self, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Factor of the real covariance, of the generated one, and the mean difference."""
        d = self.dimension
        spectrum = 1 / np.arange(1, d + 1)
        real = np.diag(np.sqrt(spectrum))
        if kind == "equal":
            return real, real, np.zeros(d)
        if kind == "collapsed":
            return real, np.diag(np.sqrt(np.where(np.arange(d) < 8, spectrum, 1e-5 * spectrum))), np.full(d, 0.03)
        skew = np.random.default_rng(0).normal(size=(d, d)) * 0.3 / np.sqrt(d)
        return real, expm(skew - skew.T) @ real * np.sqrt(1.2), np.full(d, 0.03)

    def draw(self, rng: np.random.Generator, factor: np.ndarray, shared: float) -> np.ndarray:
        size = (self.patients, self.images, self.dimension)
        of_patient = rng.normal(size=(self.patients, 1, self.dimension)) * np.sqrt(shared)
        noise = of_patient + rng.normal(size=size) * np.sqrt(1 - shared)
        if self.heavy:
            noise *= np.sqrt(3 / rng.chisquare(5, size=(self.patients, 1, 1)))
        return noise.reshape(-1, self.dimension) @ factor.T

    def simulate(self, kind: str, seed: int) -> tuple[float, Estimate, np.ndarray, np.ndarray]:
        """True distance, estimate, and the features of one repetition."""
        real, made, mean = self.populations(kind)
        inner = np.linalg.eigvalsh(real.T @ made @ made.T @ real)
        truth = (mean**2).sum() + (real**2).sum() + (made**2).sum() - 2 * np.sqrt(np.clip(inner, 0, None)).sum()
        rng = np.random.default_rng((self.dimension, seed))
        reference = self.draw(rng, real, self.shared).astype(np.float32)
        generated = (self.draw(rng, made, self.shared / 2) + mean).astype(np.float32)
        names = np.repeat(np.arange(self.patients), self.images).astype(str)
        blocks = paired_blocks(names, names, self.blocks, seed)
        arrays = {"generated": generated, "generated_block": blocks[0]}
        arrays |= {"reference": reference, "reference_block": blocks[1]}
        return float(truth), frechet(arrays), generated, reference


def coverage(design: Design, kind: str, repetitions: int) -> tuple[float, float]:
    """Share of the given intervals that hold the truth, and share of repetitions with an interval."""
    held, given = [], []
    for seed in range(repetitions):
        truth, result, _, _ = design.simulate(kind, seed)
        given.append(result.low is not None)
        if result.low is not None and result.high is not None:
            held.append(result.low <= truth <= result.high)
    return float(np.mean(held)) if held else float("nan"), float(np.mean(given))


ALLOWED = {
    "64-d, NIH-sized": Design(64, 123, 2, 0.5),
    "64-d, alike within patients": Design(64, 110, 3, 0.9),
    "64-d, MIMIC test": Design(64, 293, 17, 0.5, blocks=14),
    "64-d, few blocks": Design(64, 150, 2, 0.5, blocks=7),
    "64-d, least": Design(64, 110),
    "64-d, heavy tails": Design(64, 500, heavy=True),
    "128-d": Design(128, 240),
    "128-d, clustered": Design(128, 240, 3, 0.9),
}


@pytest.mark.parametrize("kind", ["equal", "rotated", "collapsed"])
@pytest.mark.parametrize("name", ALLOWED)
def test_where_an_interval_is_given_it_covers(name: str, kind: str) -> None:
    """At 100 repetitions of a true 95 % the binomial spread is 2 points; conservative intervals reach 100 %."""
    design = ALLOWED[name]
    covered, given = coverage(design, kind, 100 if design.dimension == 64 else 40)
    assert given >= 0.8
    assert covered >= 0.90


@pytest.mark.parametrize("kind", ["equal", "rotated"])
def test_it_covers_at_256_dimensions(kind: str) -> None:
    covered, given = coverage(Design(256, 600, 3, 0.9), kind, 24)
    assert given == 1
    assert covered >= 0.87


@pytest.mark.parametrize("design", [Design(768, 400), Design(128, 150), Design(64, 21, 9, 0.9), Design(64, 90)])
def test_the_rule_refuses_what_would_not_cover(design: Design) -> None:
    assert coverage(design, "equal", 3)[1] == 0


def test_below_the_rule_the_jackknife_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frechet_pair, "required_count", lambda dimension: 0.0)
    covered, given = coverage(Design(128, 64, blocks=20), "equal", 20)
    assert given == 1
    assert covered < 0.5


def test_the_percentile_bootstrap_fails() -> None:
    """It moves away from the truth: nearly all of its intervals miss, where the jackknife's hold."""
    held = []
    for seed in range(20):
        truth, result, generated, reference = Design(64, 300).simulate("rotated", seed)
        rng = np.random.default_rng(seed)
        resampled = []
        for _ in range(100):
            rows = rng.integers(0, 300, 300)
            sides = (Gaussian.of_features(side[rows]) for side in (generated, reference))
            resampled.append(frechet_distance(*sides))
        low, high = np.quantile(resampled, [0.025, 0.975])
        held.append((low <= truth <= high, low <= (result.value or 0) <= high))
    assert np.mean(held, axis=0).max() < 0.1
