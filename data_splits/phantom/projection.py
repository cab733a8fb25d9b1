"""The ray sum of one study: path lengths through air, water, bone and metal, added up to a line integral."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_splits.phantom import skeleton
from data_splits.phantom.acquisition import Acquisition
from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.devices import CARINA_BELOW_KNOB, TOP, device_tubes, smooth
from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Findings
from data_splits.phantom.geometry import (
    SIDES,
    TABLE_Y,
    Ellipse,
    Grid,
    LungShape,
    heart_ellipses,
    lung_shape,
    make_grid,
)
from data_splits.phantom.opacities import fluid_share, lesion_path, logistic, lung_tissue, plates, smooth_noise
from data_splits.phantom.tubes import Tubes, draw, join, polyline
from data_splits.phantom.vessels import vessel_tubes

# Effective linear attenuation coefficients per mm near 60 keV (a filtered 110 to 120 kV beam); bone as its excess over
# the water it displaces. Rounded from the standard tables: water 0.0206, cortical bone 0.060.
MU_WATER = 0.020
MU_BONE = 0.036
MU_DEVICE = 0.45


@dataclass(frozen=True)
class Masks:
    """True outlines, bool [size, size]: lung fields (without the heart, fluid included), heart, clavicles."""

    left_lung: np.ndarray
    right_lung: np.ndarray
    heart: np.ndarray
    left_clavicle: np.ndarray
    right_clavicle: np.ndarray


@dataclass(frozen=True)
class Scene:
    """The placed anatomy of one study."""

    body: Anatomy
    shot: Acquisition
    found: Findings
    grid: Grid
    lungs: dict[str, LungShape]
    ventricle: Ellipse
    atrium: Ellipse


def place(body: Anatomy, shot: Acquisition, found: Findings, size: int) -> Scene:
    """Put patient, findings and acquisition together on a grid of `size` pixels a side."""
    lungs = {side: lung_shape(body, shot, found, side) for side in SIDES}
    ventricle, atrium = heart_ellipses(body, shot, found)
    return Scene(body, shot, found, make_grid(shot, size), lungs, ventricle, atrium)


def line_integral(scene: Scene) -> np.ndarray:
    """Attenuation line integral (dimensionless) at each pixel, float64 [size, size], 0 in open air."""
    body, shot, found, grid = scene.body, scene.shot, scene.found, scene.grid
    coarse = smooth_noise(Draws(found.seed, "coarse"), grid, 16.0)
    fine = smooth_noise(Draws(body.vessel_seed, "fine"), grid, 5.0)
    water = _trunk(scene) * (1 + 0.012 * coarse)
    middle = _mediastinum(scene)
    lesions = lesion_path(found, scene.lungs, grid) if found.lesions else None
    vessels, bands = _vessels(scene), _sum_tubes(plates(found, scene.lungs), grid)
    for lung in scene.lungs.values():
        outer, path = _lung_path(grid, lung)
        air_path = np.maximum(path - middle, 0)
        share = lung_tissue(body, shot, found, lung, grid, coarse, fine)
        if found.thickening_side == lung.side:
            share = _thicken(share, found, lung, grid, outer)
        solid = vessels + bands
        if found.pneumothorax_side == lung.side:
            share, kept = _collapse(share, scene, lung)
            solid = solid * kept
        added = np.minimum(solid + (0 if lesions is None else lesions), 0.9 * air_path) * (1 - share)
        if (found.effusion_left if lung.side == "left" else found.effusion_right) > 0:
            fluid = fluid_share(found, shot, lung, grid, outer)
            share, added = share + (1 - share) * fluid, added * (1 - fluid)
        water = water - air_path * (1 - share) + added
    water = np.maximum(water - _airways_and_bubble(scene), 0)
    to_draw = join([skeleton.ribs(body, found, scene.lungs), skeleton.shoulders(body, shot)])
    bone = _sum_tubes(join([to_draw, *skeleton.clavicles(body, shot).values()]), grid)
    bone += skeleton.spine_path(body, grid)
    metal = _sum_tubes(device_tubes(body, found, scene.lungs, scene.ventricle), grid)
    return MU_WATER * water + MU_BONE * bone + MU_DEVICE * metal


def masks(scene: Scene) -> Masks:
    """The outlines that segmentation metrics compare with."""
    grid = scene.grid
    heart = (scene.ventricle.form(grid) < 1) | (scene.atrium.form(grid) < 1)
    field = {}
    for side, lung in scene.lungs.items():
        inner, outer = grid.look_up(lung.inner), grid.look_up(lung.outer)
        distance = grid.x * SIDES[side]
        inside = (distance > inner) & (distance < outer) & (grid.y > lung.apex)
        field[side] = inside & (grid.y < lung.dome_at(distance)) & ~heart
    bones = {side: _sum_tubes(part, grid) > 0.5 for side, part in skeleton.clavicles(scene.body, scene.shot).items()}
    return Masks(field["left"], field["right"], heart, bones["left"], bones["right"])


def _sum_tubes(tubes: Tubes, grid: Grid) -> np.ndarray:
    return draw(tubes, grid.size, grid.to_pixels, grid.mm_per_pixel)


def _trunk(scene: Scene) -> np.ndarray:
    """Water path through skin, muscle, neck, arms and breasts as if the lungs were full."""
    body, shot, grid = scene.body, scene.shot, scene.grid
    chest = body.chest_half_width + body.wall
    blend = _smoothstep((TABLE_Y + 45.0) / -75.0)
    shoulder = _smoothstep((TABLE_Y - body.shoulder_y + 16.0) / -38.0)
    width = (chest + 4.0 * np.sin(TABLE_Y / 60.0)) * (1 - blend) + (chest + 62.0) * blend
    width = width * (1 - shoulder) + 64.0 * shoulder
    depth = body.body_depth * (1 - 0.26 * _smoothstep((TABLE_Y + 60.0) / -90.0))
    depth = depth * (1 - 0.06 * _smoothstep((TABLE_Y - 80.0) / 80.0))
    u2 = np.square(grid.x / grid.look_up(width))
    water = grid.look_up(depth) * np.sqrt(np.maximum(1 - u2 * u2, 0))
    thick = 33.0 + 0.25 * body.wall
    arm = np.zeros_like(water)
    for sign in SIDES.values():
        x = body.scapula_x * body.chest_half_width + 66.0 - 8.0 * shot.arms
        lean = (20.0 * (1 - shot.arms) + 8.0) / 214.0
        off = (grid.x * sign - x - lean * (grid.y - body.shoulder_y)) / float(np.sqrt(1 + lean * lean))
        off2 = np.square(off) + np.square(np.minimum(grid.y - body.shoulder_y, 0))
        arm = np.maximum(arm, 2 * np.sqrt(np.maximum(thick**2 - off2, 0)))
    water = np.sqrt(np.square(water) + np.square(arm))
    if body.breast_radius:
        fall = 1.12 if shot.view == "PA" else 0.95  # standing breasts hang; lying ones spread
        for sign in SIDES.values():
            dx, dy = grid.x - sign * body.breast_x, grid.y - body.breast_y
            q = np.square(dx / (body.breast_radius * (2.06 - fall))) + np.square(dy / (body.breast_radius * fall))
            slope = np.clip(0.62 + 0.5 * dy / body.breast_radius, 0, 1)
            water += 0.62 * body.breast_radius * np.sqrt(np.maximum(1 - q, 0)) * slope
    return water


def _smoothstep(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def _lung_path(grid: Grid, lung: LungShape) -> tuple[np.ndarray, np.ndarray]:
    """The outer edge at each pixel, and the ray's path through the lung above the dome."""
    inner, outer = grid.look_up(lung.inner), grid.look_up(lung.outer)
    distance = grid.x * SIDES[lung.side]
    u2 = np.square((2 * distance - inner - outer) / (outer - inner))
    path = grid.look_up(lung.depth) * np.sqrt(np.maximum(1 - u2 * u2, 0))
    # The dome is curved in depth too: below its crest a ray still meets lung in front of and behind it.
    under = np.sqrt(np.clip((grid.y - lung.dome_at(np.abs(distance))) / 44.0, 0, 1))
    return outer, path * (1 - 0.62 * under - 0.38 * np.sqrt(under))


def _mediastinum(scene: Scene) -> np.ndarray:
    """Water path that heart, great vessels and hila take from the lungs."""
    body, found, shot, grid = scene.body, scene.found, scene.shot, scene.grid
    x0 = shot.obliquity
    wide = found.wide_mediastinum
    size = body.hilum_size * (1 + 0.35 * found.edema)
    heart = scene.ventricle
    parts = [
        heart,
        scene.atrium,
        Ellipse(body.knob_x + x0, body.knob_y, body.knob_radius, body.knob_radius * 1.1, 0.0, 26.0),
        Ellipse(22.0 + x0 + 0.2 * wide, -26.0, 17.0, 27.0, -0.25, 30.0),
        # The outflow tract: it fills the waist between the ventricle and the great vessels.
        Ellipse(
            0.26 * heart.x + 8.0 + x0, heart.y - 0.75 * heart.b, 0.62 * heart.a, 0.80 * heart.b + 18.0, -0.45, 34.0
        ),
        Ellipse(-14.0 + x0, -34.0, 16.0 + 0.5 * body.unfolding + 0.4 * wide, 50.0, 0.1, 30.0),
        Ellipse(16.0 + body.unfolding, 5.0, 15.0 + 0.4 * body.unfolding, 95.0, 0.0, 18.0),
    ]
    # The heart is blunter than an ellipsoid: its path rises fast from the edge.
    path = np.zeros_like(grid.x)
    for part in parts:
        path = np.maximum(path, 2 * part.half_path * np.sqrt(np.maximum(1 - np.square(part.form(grid)), 0)))
    hila = [
        Ellipse(-33.0 + x0, body.hilum_right_y, 12.0 * size, 21.0 * size, 0.35, 24.0 * size),
        Ellipse(36.0 + x0, body.hilum_left_y, 12.0 * size, 19.0 * size, -0.35, 24.0 * size),
    ]
    for hilum in hila:
        q = hilum.form(grid)
        path = np.maximum(path, 2 * hilum.half_path * np.square(np.maximum(1 - 0.6 * q, 0)))
    return path


def _vessels(scene: Scene) -> np.ndarray:
    found = scene.found
    parts = []
    for side, lung in scene.lungs.items():
        if found.pneumothorax_side == side:
            lung = _collapsed_shape(scene, side)
        parts.append(vessel_tubes(scene.body, lung, scene.shot.obliquity, 0.75 * found.edema))
    grid = scene.grid
    return 3.2 * _sum_tubes(join(parts), grid)


def _collapsed_shape(scene: Scene, side: str) -> LungShape:
    return lung_shape(scene.body, scene.shot, scene.found, side, shrink=scene.found.pneumothorax)


def _collapse(share: np.ndarray, scene: Scene, lung: LungShape) -> tuple[np.ndarray, np.ndarray]:
    """Free air outside the collapsed lung, denser lung in it, the pleural line between; and where lung remains."""
    grid, found = scene.grid, scene.found
    small = _collapsed_shape(scene, lung.side)
    gap = grid.look_up(small.outer) - grid.x * SIDES[lung.side]  # > 0 inside the collapsed lung
    inside = np.minimum(gap, 1.5 * (grid.y - small.apex))
    kept = logistic(inside / 0.8)
    line = np.exp(-np.square((inside - 1.5) / 1.3)) * (grid.y > small.apex)
    dense = np.clip(share * (1 + found.pneumothorax / 70.0), 0, 1)
    return np.clip(0.05 + (dense - 0.05) * kept + 0.22 * line, 0, 1), kept


def _thicken(share: np.ndarray, found: Findings, lung: LungShape, grid: Grid, outer: np.ndarray) -> np.ndarray:
    """A rind of pleura along the lower chest wall and the apex."""
    wall = outer - grid.x * SIDES[lung.side]
    rind = logistic((1.5 * found.thickening - wall) / 1.5) * logistic((grid.y + 30.0) / 14.0)
    cap = logistic((lung.apex + 1.3 * found.thickening - grid.y) / 2.0)
    return share + (1 - share) * 0.85 * np.maximum(rind, cap)


def _airways_and_bubble(scene: Scene) -> np.ndarray:
    """Air that does not lie in the lungs: trachea, main bronchi, stomach bubble."""
    body, shot, grid = scene.body, scene.shot, scene.grid
    x, carina = body.trachea_shift + 0.5 * shot.obliquity, body.knob_y + CARINA_BELOW_KNOB
    pipe = smooth([(x + 1.0, TOP), (x, -120.0), (x - 1.5, carina)])
    right = smooth([(x - 2.0, carina - 2.0), (x - 16.0, carina + 17.0), (x - 31.0, carina + 36.0)])
    left = smooth([(x + 1.0, carina - 2.0), (x + 20.0, carina + 18.0), (x + 40.0, carina + 31.0)])
    radius = 8.6 if body.sex == "M" else 7.4
    tubes = join([polyline(pipe, radius, 1.5), polyline(right, 6.2, 1.2), polyline(left, 5.4, 1.2)])
    air = _sum_tubes(tubes, grid)
    if body.stomach_bubble > 0.35:
        lung = scene.lungs["left"]
        bubble = Ellipse(54.0, lung.dome_top + 26.0, 30.0 * body.stomach_bubble, 15.0 * body.stomach_bubble, 0.05, 15.0)
        air += bubble.path(grid)
    return air
