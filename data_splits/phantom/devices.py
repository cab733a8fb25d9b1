"""Support devices as dense thin tubes and plates, placed by the anatomy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Findings
from data_splits.phantom.geometry import SIDES, Ellipse, LungShape
from data_splits.phantom.tubes import Tubes, join, polyline

TOP = -225.0  # above the picture
CARINA_BELOW_KNOB = 14.0

Point = tuple[float, float]


def smooth(points: list[Point], per_leg: int = 8) -> np.ndarray:
    """A Catmull-Rom curve through the points, (n, 2)."""
    p = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = np.linspace(0, 1, per_leg, endpoint=False)[:, None]
    legs = [
        0.5
        * (
            2 * p[i]
            + (p[i + 1] - p[i - 1]) * t
            + (2 * p[i - 1] - 5 * p[i] + 4 * p[i + 1] - p[i + 2]) * t**2
            + (3 * p[i] - p[i - 1] - 3 * p[i + 1] + p[i + 2]) * t**3
        )
        for i in range(1, len(p) - 2)
    ]
    return np.concatenate([*legs, p[-2:-1]])


def device_tubes(body: Anatomy, found: Findings, lungs: dict[str, LungShape], ventricle: Ellipse) -> Tubes:
    """All devices of the study; weights are millimetres of device material per mm of path."""
    place: dict[str, Callable[[Draws], list[Tubes]]] = {
        "endotracheal tube": lambda d: _endotracheal(body, d),
        "central line": lambda d: _central_line(body, d),
        "pacemaker": lambda d: _pacemaker(body, ventricle, d),
        "chest tube": lambda d: _chest_tube(found, lungs, d),
        "sternal wires": lambda d: _sternal_wires(d),
        "nasogastric tube": lambda d: _nasogastric(body, lungs, d),
    }
    parts: list[Tubes] = []
    for name in found.devices:
        # Wires and pacemakers stay in the patient, so their detail comes from the patient's key.
        lasting = name in ("pacemaker", "sternal wires")
        parts += place[name](Draws(body.vessel_seed if lasting else found.seed, name))
    if any(name in found.devices for name in ("endotracheal tube", "central line", "nasogastric tube")):
        parts += _monitor_leads(Draws(found.seed, "leads"))
    return join(parts)


def _endotracheal(body: Anatomy, d: Draws) -> list[Tubes]:
    tip = body.knob_y + CARINA_BELOW_KNOB - d.uniform(18.0, 55.0)
    x = body.trachea_shift
    middle = smooth([(x + 3.0, TOP), (x + 1.0, -150.0), (x, tip)])
    side = np.array([4.0, 0.0])
    return [polyline(middle, 5.0, 0.14, bore=0.7), polyline(middle + side, 1.1, 1.0)]


def _central_line(body: Anatomy, d: Draws) -> list[Tubes]:
    cavity = (-body.mediastinum + 5.0, d.uniform(-30.0, 12.0))
    bend = (-body.mediastinum + 2.0, -85.0)
    way = d.choice(("jugular", "subclavian", "picc", "left subclavian"))
    if way == "jugular":
        points = [(-48.0, TOP), (-40.0, -160.0), (-27.0, -115.0), bend, cavity]
    elif way == "subclavian":
        points = [(-130.0, -75.0), (-90.0, -112.0), (-45.0, -112.0), bend, cavity]
    elif way == "picc":
        points = [(-235.0, -20.0), (-170.0, -90.0), (-110.0, -108.0), (-45.0, -108.0), bend, cavity]
    else:
        points = [(130.0, -75.0), (90.0, -110.0), (40.0, -108.0), (-5.0, -88.0), (bend[0], -62.0), cavity]
    return [polyline(smooth(points), 1.7, 0.95)]


def _pacemaker(body: Anatomy, ventricle: Ellipse, d: Draws) -> list[Tubes]:
    sign = d.choice((1.0, 1.0, 1.0, -1.0))
    box = (sign * d.uniform(88.0, 104.0), d.uniform(-88.0, -70.0))
    can = np.array([[box[0] - 9.0, box[1] - 3.0], [box[0] + 9.0, box[1] + 3.0]])
    cavity = (-body.mediastinum + 5.0, -50.0)
    tip = (ventricle.x + 0.45 * ventricle.a, ventricle.y + 0.5 * ventricle.b)
    vein: list[Point] = [(box[0] - sign * 8.0, box[1] - 12.0), (sign * 52.0, -112.0), (sign * 8.0, -92.0)]
    parts = [
        polyline(can, 18.0, 0.16),
        polyline(smooth([*vein, cavity, (-26.0, 30.0), (2.0, 72.0), tip]), 1.6, 1.1),
    ]
    if d.chance(0.6):
        hook: list[Point] = [(cavity[0] - 2.0, -48.0), (-30.0, 20.0), (-36.0, 42.0), (-22.0, 36.0)]
        parts.append(polyline(smooth([*vein, *hook]), 1.6, 1.1))
    return parts


def _chest_tube(found: Findings, lungs: dict[str, LungShape], d: Draws) -> list[Tubes]:
    side = found.chest_tube_side
    sign = SIDES[side]
    wall = lungs[side].half_width
    entry = d.uniform(40.0, 75.0)
    x, y = lungs[side].point(d.uniform(0.35, 0.6), d.uniform(0.06, 0.2))
    points = [
        (sign * (wall + 75.0), entry + 25.0),
        (sign * (wall + 10.0), entry),
        (sign * 0.78 * wall, entry - 45.0),
        (x, y),
    ]
    middle = smooth(points)
    return [polyline(middle, 4.8, 0.17, bore=0.65), polyline(middle + np.array([0.0, 2.5]), 1.1, 1.1)]


def _sternal_wires(d: Draws) -> list[Tubes]:
    parts = []
    t = np.linspace(0, 2 * np.pi, 15)
    for number in range(6):
        x, y = d.normal(0.0, 1.5), -82.0 + 23.0 * number + d.normal(0.0, 2.0)
        lean = d.normal(0.0, 0.25)
        ring = np.stack([x + 6.5 * np.cos(t), y + 4.0 * np.sin(t) + lean * 6.5 * np.cos(t)], axis=1)
        tail = np.array([[x, y + 4.0], [x + d.normal(0.0, 2.0), y + 8.0]])
        parts += [polyline(ring, 0.95, 3.2), polyline(tail, 1.1, 3.4)]
    return parts


def _nasogastric(body: Anatomy, lungs: dict[str, LungShape], d: Draws) -> list[Tubes]:
    base = lungs["left"].dome_top
    points = [
        (5.0, TOP),
        (3.0, -140.0),
        (7.0, -60.0),
        (10.0, 30.0),
        (20.0, base + 15.0),
        (52.0, base + d.uniform(30.0, 52.0)),
    ]
    return [polyline(smooth(points), 2.2, 0.75)]


def _monitor_leads(d: Draws) -> list[Tubes]:
    parts = []
    for sign in SIDES.values():
        x, y = sign * d.uniform(95.0, 130.0), d.uniform(-75.0, 40.0)
        pad = np.array([[x - 1.5, y], [x + 1.5, y]])
        run: list[Point] = [
            (x, y),
            (x + d.normal(0.0, 25.0), y + 45.0),
            (x + sign * d.uniform(10.0, 60.0), 130.0),
            (x * 1.1, 240.0),
        ]
        parts += [polyline(pad, 4.5, 0.30), polyline(smooth(run), 0.8, 1.4)]
    return parts
