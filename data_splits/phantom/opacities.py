"""How much tissue or fluid each point of a lung holds: the healthy parenchyma and every finding that changes it.

Everything here is a fraction of the lung's path that is water-dense: about 0.27 in health, 1 in fluid, 0 in free air.
"""

from __future__ import annotations

import numpy as np

from data_splits.phantom.acquisition import Acquisition
from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Findings
from data_splits.phantom.geometry import SIDES, TABLE_Y, Grid, LungShape
from data_splits.phantom.tubes import Tubes, join, polyline

LOBE_PLACES = {  # side, across, down
    "right upper": ("right", 0.55, 0.26),
    "right middle": ("right", 0.36, 0.70),
    "right lower": ("right", 0.60, 0.86),
    "left upper": ("left", 0.55, 0.26),
    "lingula": ("left", 0.68, 0.66),
    "left lower": ("left", 0.66, 0.88),
}


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), clipped so that it never overflows."""
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def smooth_noise(draws: Draws, grid: Grid, cell: float) -> np.ndarray:
    """Bilinear noise on a lattice of `cell` mm fixed to the patient; about zero mean, unit variance at the nodes."""
    n = int(700 / cell) + 3
    lattice = draws.normal_field((n, n)).ravel()
    gx, gy = (grid.x + 350.0) / cell, (grid.y + 350.0) / cell
    ix, iy = np.clip(gx.astype(np.int64), 0, n - 2), np.clip(gy.astype(np.int64), 0, n - 2)
    fx, fy = gx - ix, gy - iy
    at = iy * n + ix
    top = lattice[at] + fx * (lattice[at + 1] - lattice[at])
    low = lattice[at + n] + fx * (lattice[at + n + 1] - lattice[at + n])
    return top + fy * (low - top)


def lung_tissue(
    body: Anatomy,
    shot: Acquisition,
    found: Findings,
    lung: LungShape,
    grid: Grid,
    coarse: np.ndarray,
    fine: np.ndarray,
) -> np.ndarray:
    """Water-dense share of the path through one lung, [size, size] in [0, 1], before pleural fluid and free air."""
    distance = grid.x * SIDES[lung.side]
    height = (grid.y - lung.apex) / (lung.dome_top - lung.apex)
    share = body.lung_density - 0.0012 * shot.inspiration + 0.05 * np.clip(height - 0.3, 0, 1)
    share = share * (1 + 0.05 * coarse + 0.07 * fine)
    if found.edema:
        hilum = body.hilum_left_y if lung.side == "left" else body.hilum_right_y
        bat = np.exp(-np.square((distance - 42.0) / 46.0) - np.square((grid.y - hilum - 22.0) / 62.0))
        haze = found.edema * (0.50 * bat * (1 + 0.22 * coarse + 0.10 * fine) + 0.12 * np.clip(height, 0, 1))
        share = share + (1 - share) * np.clip(haze, 0, 0.9)
    for spot in found.consolidations:
        side, across, down = LOBE_PLACES[spot.lobe]
        if side != lung.side:
            continue
        d = Draws(found.seed, "consolidation", spot.lobe)
        x, y = lung.point(across + d.normal(0.0, 0.06), down + d.normal(0.0, 0.03))
        stretch = d.uniform(0.75, 1.05)
        r = np.sqrt(np.square(grid.x - x) + np.square((grid.y - y) / stretch)) / spot.radius
        blob = logistic((1.0 - r + 0.20 * coarse + 0.03 * fine) * 5.0)
        share = share + (1 - share) * blob * spot.density * np.clip(0.92 + 0.05 * fine, 0.4, 1)
    if found.atelectasis_side == lung.side:
        base = logistic((grid.y - lung.dome_top + 8.0) / 9.0) * found.atelectasis / 30.0
        share = share + (1 - share) * 0.35 * base
    return np.clip(share, 0.02, 1)


def fluid_share(found: Findings, shot: Acquisition, lung: LungShape, grid: Grid, outer: np.ndarray) -> np.ndarray:
    """Share of the path that is pleural fluid: below a level that climbs at the chest wall (the meniscus).

    A lying patient's fluid spreads behind the lung: its upper edge is soft.
    """
    height = found.effusion_left if lung.side == "left" else found.effusion_right
    wall = np.maximum(outer - grid.x * SIDES[lung.side], 0)
    level = lung.angle_y - height
    edge = level + 8.0 - (14.0 + 0.16 * height) * np.exp(-wall / 16.0)
    soft = 14.0 if shot.view == "AP" else 4.0
    share = logistic((grid.y - edge) / soft)
    if shot.view == "AP":
        share = share + (1 - share) * min(0.30, 0.0035 * height) * np.clip((grid.y - lung.apex) / 200.0, 0, 1)
    return share


def plates(found: Findings, lungs: dict[str, LungShape]) -> Tubes:
    """Discoid atelectasis (bands above a raised dome) and the septal lines of edema, weighted in mm of water."""
    parts: list[Tubes] = []
    if found.atelectasis:
        d = Draws(found.seed, "plates")
        lung = lungs[found.atelectasis_side]
        for band in range(2 + d.integer(0, 1)):
            x, y = lung.point(d.uniform(0.10, 0.30), 0.78 + 0.075 * band + d.normal(0.0, 0.015))
            run, tilt = d.uniform(55.0, 80.0), d.normal(0.06, 0.10)
            t = np.linspace(0, 1, 9)
            xs = x + SIDES[lung.side] * run * t
            ys = y + run * tilt * t - 5.0 * np.sin(np.pi * t)
            parts.append(polyline(np.stack([xs, ys], axis=1), d.uniform(2.6, 4.2), 3.0 + found.atelectasis / 10.0))
    if found.edema > 0.3:
        d = Draws(found.seed, "septal")
        for side, lung in lungs.items():
            for line in range(6):
                y = lung.dome_top - 8.0 - 9.0 * line + d.normal(0.0, 2.0)
                edge = float(lung.outer[round(y - TABLE_Y[0])]) - 3.0
                run = d.uniform(11.0, 19.0)
                ends = np.array([[edge, y], [edge - run, y + d.normal(0.0, 1.5)]])
                parts.append(polyline(ends * np.array([SIDES[side], 1.0]), 0.9, 6.0 * found.edema))
    return join(parts)


def lesion_path(found: Findings, lungs: dict[str, LungShape], grid: Grid) -> np.ndarray:
    """Path (mm) through the round lesions, spheres with slightly uneven outlines."""
    total = np.zeros_like(grid.x)
    for number, lesion in enumerate(found.lesions):
        d = Draws(found.seed, "lesion", number)
        x, y = lungs[lesion.side].point(lesion.across, lesion.down)
        dx, dy = grid.x - x, grid.y - y
        squash = d.uniform(0.85, 1.15)
        q = (np.square(dx * squash) + np.square(dy / squash)) / lesion.radius**2
        q = q * (1 + d.uniform(0.0, 0.25) * dx * dy / (dx * dx + dy * dy + 1.0))
        total = np.maximum(total, 3.5 * lesion.radius * np.sqrt(np.maximum(1 - q, 0)))
    return total
