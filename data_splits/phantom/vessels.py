"""The pulmonary vessels: a branching tree per patient and lung, in coordinates that stretch with the breath."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.draws import Draws
from data_splits.phantom.geometry import SIDES, TABLE_Y, LungShape
from data_splits.phantom.tubes import Tubes

MAIN_BRANCHES = 9
GENERATIONS = 4
STEPS = 3
RADII = (3.3, 2.3, 1.6, 1.1)  # mm


@lru_cache(maxsize=64)
def _tree(seed: str, side: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end (n, 2) in lung fractions from the hilum (across, up or down), and radius (mm)."""
    d = Draws(seed, "vessels", side)
    start: list[tuple[float, float]] = []
    end: list[tuple[float, float]] = []
    radius: list[float] = []
    for branch in range(MAIN_BRANCHES):
        aim = -1.45 + 2.95 * (branch + 0.5) / MAIN_BRANCHES + d.normal(0.0, 0.10)
        tips = [(0.0, d.normal(0.0, 0.05), aim)]
        for generation in range(GENERATIONS):
            grown: list[tuple[float, float, float]] = []
            for x, y, angle in tips:
                stride = (0.34, 0.24, 0.19, 0.14)[generation] * d.uniform(0.75, 1.2) / STEPS
                for step in range(STEPS):
                    angle += d.normal(0.0, 0.13)
                    nx, ny = x + stride * np.cos(angle), y + stride * np.sin(angle)
                    start.append((x, y))
                    end.append((nx, ny))
                    shrink = 1 - 0.25 * step / STEPS
                    radius.append(RADII[generation] * shrink)
                    x, y = nx, ny
                fork = d.uniform(0.25, 0.55)
                grown += [(x, y, angle - fork), (x, y, angle + d.uniform(0.15, 0.5))]
            tips = grown
    return np.array(start), np.array(end), np.array(radius)


def vessel_tubes(body: Anatomy, lung: LungShape, shift: float, swelling: float) -> Tubes:
    """One lung's vessels in mm; `swelling` (0 to 1) widens them, most in the upper lung, as congestion does."""
    start, end, radius = _tree(body.vessel_seed, lung.side)
    hilum_y = body.hilum_left_y if lung.side == "left" else body.hilum_right_y
    sign = SIDES[lung.side]

    def place(at: np.ndarray) -> np.ndarray:
        up = hilum_y - lung.apex
        down = lung.angle_y - hilum_y
        y = hilum_y + at[:, 1] * np.where(at[:, 1] < 0, up, down)
        row = np.clip(y - TABLE_Y[0], 0, len(TABLE_Y) - 1).astype(np.int64)
        x = 26.0 + at[:, 0] * (np.maximum(lung.outer[row], 40.0) - 26.0)
        return np.stack([sign * x + shift, y], axis=1)

    upper = np.where(start[:, 1] < 0, 1.0, 0.5)
    wide = radius * body.vessel_gain * (1 + swelling * upper)
    wide = wide * np.where(start[:, 1] < 0, 0.85, 1.1)
    return Tubes(place(start), place(end), wide, np.ones(len(wide)), np.zeros(len(wide)))
