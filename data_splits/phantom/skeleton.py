"""The bones as ray sums: spine, ribs (posterior and anterior arcs), clavicles, shoulder girdle."""

from __future__ import annotations

import numpy as np

from data_splits.phantom.acquisition import Acquisition
from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.findings import Findings
from data_splits.phantom.geometry import SIDES, TABLE_Y, Grid, LungShape
from data_splits.phantom.tubes import Tubes, join, polyline

RIBS = 10
RIB_SEGMENTS = 36


def ribs(body: Anatomy, found: Findings, lungs: dict[str, LungShape]) -> Tubes:
    """Both sides' ribs 1 to 10 as hollow tubes on tilted rings, with their fractures."""
    return join([_rib(body, found, lungs[side], number) for side in SIDES for number in range(1, RIBS + 1)])


def _rib(body: Anatomy, found: Findings, lung: LungShape, number: int) -> Tubes:
    first = 1.0 / (1.0 + 0.45 * (number - 1))  # the upper ribs are short and steep
    y0 = body.rib_first_y + body.rib_spacing * (number - 1)
    drop = body.rib_drop * (1 - 0.30 * first) + body.rib_wobble * np.sin(1.7 * number)
    lateral = np.clip(y0 + 0.5 * drop - TABLE_Y[0], 0, len(TABLE_Y) - 1)
    reach = float(lung.outer[int(lateral)]) + 3.0
    if number >= 10:
        reach *= 1 - 0.05 * (number - 9)
    end = 2.55 - 0.16 * max(0, number - 6) if number > 1 else 2.35
    angle = np.linspace(0.10, end, RIB_SEGMENTS + 1)
    x = reach * np.power(np.sin(angle), 0.92)
    x = np.maximum(x, 14.0)
    y = y0 + drop * (1 - np.cos(angle)) / 2 - 7.0 * np.sin(2 * angle) * (1 - first)
    points = np.stack([SIDES[lung.side] * x, y], axis=1)
    front = np.clip((angle[:-1] - 1.5) / 0.9, 0, 1)
    radius = body.rib_radius * (1 - 0.2 * first) * (1 + 0.12 * front)
    # Anterior ends turn to cartilage, which hardly shows.
    weight = body.bone_density * (1 - 0.55 * front) * np.clip((angle[-1] - angle[:-1]) / 0.25, 0.15, 1)
    for crack in found.fractures:
        if crack.side == lung.side and crack.rib == number:
            at = int(crack.along * RIB_SEGMENTS)
            points[at + 1 :, 1] += crack.step * np.clip(1.0 - np.arange(RIB_SEGMENTS - at) / 14.0, 0, 1)
            points[at + 1 :, 0] += SIDES[lung.side] * 0.4 * crack.step
            weight[at] = 0.0
            weight[at - 2 : at] *= 2.0  # overlapping, impacted ends
            weight[at + 1 : at + 3] *= 2.0
    return polyline(points, radius, 2.1 * weight * (0.7 if number > 8 else 1.0), bore=0.78)


def clavicles(body: Anatomy, shot: Acquisition) -> dict[str, Tubes]:
    """Each clavicle: an S from the sternum to the shoulder."""
    parts = {}
    for side, sign in SIDES.items():
        t = np.linspace(0, 1, 19)
        span = 1.05 * body.chest_half_width
        x = 17.0 + span * t
        rise = np.tan(body.clavicle_angle) * span * t + body.clavicle_curve * np.sin(2 * np.pi * t)
        y = body.clavicle_y - shot.clavicle_lift * (0.6 + 0.4 * t) - rise
        thick = 6.2 + 3.0 * np.square(1 - t[:-1]) + 1.2 * t[:-1]
        points = np.stack([sign * x + shot.obliquity * (1 - t), y], axis=1)
        parts[side] = polyline(points, thick, 1.45 * body.bone_density, bore=0.72)
    return parts


def shoulders(body: Anatomy, shot: Acquisition) -> Tubes:
    """Scapulae, humeral heads and shafts, drawn faintly: they lie mostly outside the lungs."""
    parts = []
    for sign in SIDES.values():
        edge = body.scapula_x * body.chest_half_width - 8.0 * shot.arms
        top = body.shoulder_y
        border = np.array([[edge - 10, top + 2], [edge - 2, top + 35], [edge + 8, top + 75], [edge + 22, top + 118]])
        outer = np.array([[edge + 22, top + 118], [edge + 36, top + 70], [edge + 48, top + 20]])
        spine = np.array([[edge - 8, top + 14], [edge + 20, top - 4], [edge + 52, top - 18]])
        blade = np.array([[edge + 14, top + 8], [edge + 20, top + 88]])
        head_x = edge + 66.0
        lean = 18.0 * (1 - shot.arms) + 8.0
        head = np.array([[head_x, top - 6], [head_x + 2, top + 6]])
        shaft = np.array([[head_x + 4, top + 10], [head_x + lean, top + 320]])
        flip = np.array([sign, 1.0])
        parts += [
            polyline(border * flip, 3.0, 0.9),
            polyline(outer * flip, 4.5, 0.9),
            polyline(spine * flip, 4.5, 0.9),
            polyline(blade * flip, 19.0, 0.10),
            polyline(head * flip, 22.0, 0.35),
            polyline(shaft * flip, 12.0, 0.9, bore=0.6),
        ]
    return join(parts)


def spine_path(body: Anatomy, grid: Grid) -> np.ndarray:
    """Path through the spine (mm of bone): bodies with bright endplates, dark discs, pedicles, spinous processes."""
    table = body.spine_bend * np.sin(TABLE_Y / 95.0 + body.spine_phase)
    # Only the columns near the midline can hold bone.
    near = np.flatnonzero((np.abs(grid.x) < 48.0).any(axis=0))
    columns = slice(int(near[0]), int(near[-1]) + 1)
    x = (grid.x - grid.look_up(table))[:, columns]
    y = grid.y[:, columns]
    phase = (y - body.rib_first_y) / body.vertebra
    p = phase - np.floor(phase) - 0.5  # -0.5 and 0.5: the disc; 0: mid vertebra
    low = np.clip((y + 140.0) / 260.0, 0, 1)
    half = 13.5 + 5.0 * low - 1.6 * np.cos(2 * np.pi * p) * 1.0
    column = np.sqrt(np.maximum(1 - np.square(np.square(x / half)), 0))
    gap = np.clip((np.abs(p) - 0.39) / 0.07, 0, 1)
    plate = np.exp(-np.square((np.abs(p) - 0.37) / 0.045))
    path = column * (15.0 * (1 - 0.55 * gap) + 6.5 * plate)
    side = np.abs(x) - (8.0 + 2.0 * low)
    path += 7.0 * np.sqrt(np.maximum(1 - np.square(side / 3.6) - np.square((p + 0.08) / 0.20), 0))
    path += 7.0 * np.sqrt(np.maximum(1 - np.square(x / 3.4) - np.square((p - 0.22) / 0.26), 0))
    wing = np.abs(x) - 20.0
    path += 4.0 * np.sqrt(np.maximum(1 - np.square(wing / 9.5) - np.square((p + 0.12) / 0.15), 0))
    total = np.zeros_like(grid.x)
    total[:, columns] = 0.48 * path * body.bone_density
    return total
