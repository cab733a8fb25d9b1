"""Ray sums through bent tubes (ribs, clavicles, vessels, lines, wires): many short cylinders drawn in one vectorised go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MIN_RADIUS_PX = 0.75  # a thinner tube is drawn this wide with its cross-section kept, so that it never breaks up


@dataclass(frozen=True)
class Tubes:
    """Cylinder segments: start and end (n, 2) in mm as x, y; radii, weights and bore (inner radius share), each (n,)."""

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    weight: np.ndarray
    bore: np.ndarray


def polyline(
    points: np.ndarray, radius: float | np.ndarray, weight: float | np.ndarray = 1.0, bore: float = 0.0
) -> Tubes:
    """A tube along points (n + 1, 2) in mm; radius and weight are scalars or one per segment (n,)."""
    n = len(points) - 1
    one = np.ones(n)
    return Tubes(points[:-1], points[1:], one * radius, one * weight, one * bore)


def join(parts: list[Tubes]) -> Tubes:
    """All segments of all parts."""
    if not parts:
        empty = np.zeros(0)
        return Tubes(np.zeros((0, 2)), np.zeros((0, 2)), empty, empty, empty)
    return Tubes(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("start", "end", "radius", "weight", "bore")))


def draw(tubes: Tubes, size: int, to_pixels: np.ndarray, mm_per_pixel: float) -> np.ndarray:
    """Path length (mm, times weight) through all tubes for each pixel: float64 [size, size].

    The path through a cylinder of radius r at distance d from its axis is 2 sqrt(r^2 - d^2), less the bore's share.
    `to_pixels` is the 2 x 3 affine map from mm to pixel columns and rows. Neighbouring segments share their joint by a
    one-pixel ramp that sums to one. Segments are batched by the size of their window.
    """
    total = np.zeros(size * size)
    if not len(tubes.radius):
        return total.reshape(size, size)
    a, b = _affine(tubes.start, to_pixels), _affine(tubes.end, to_pixels)
    along = b - a
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2)
    keep = length > 1e-6
    a, along, length = a[keep], along[keep], length[keep]
    radius = tubes.radius[keep] / mm_per_pixel
    drawn = np.maximum(radius, MIN_RADIUS_PX)
    gain = tubes.weight[keep] * (radius / drawn) ** 2 * mm_per_pixel
    bore = drawn * tubes.bore[keep]
    unit = along / length[:, None]
    centre = a + along / 2
    reach = np.ceil(length / 2 + drawn + 1).astype(np.int64)
    for low, high in ((0, 4), (4, 7), (7, 11), (11, 18), (18, 10**6)):
        pick = np.flatnonzero((reach > low) & (reach <= high))
        if not len(pick):
            continue
        half = int(reach[pick].max())
        span = np.arange(-half, half + 1)
        col = np.rint(centre[pick, 0]).astype(np.int64)[:, None, None] + span[None, None, :]
        row = np.rint(centre[pick, 1]).astype(np.int64)[:, None, None] + span[None, :, None]
        dx = col - a[pick, 0][:, None, None]
        dy = row - a[pick, 1][:, None, None]
        ux, uy = unit[pick, 0][:, None, None], unit[pick, 1][:, None, None]
        s = dx * ux + dy * uy
        d2 = np.square(dx * uy - dy * ux)
        path = 2 * np.sqrt(np.maximum(np.square(drawn[pick])[:, None, None] - d2, 0))
        inner = np.square(bore[pick])[:, None, None]
        if inner.any():
            path -= 2 * np.sqrt(np.maximum(inner - d2, 0))
        ramp = np.minimum(s + 0.5, length[pick][:, None, None] - s + 0.5)
        path *= np.clip(ramp, 0, 1) * gain[pick][:, None, None]
        inside = (path > 0) & (col >= 0) & (col < size) & (row >= 0) & (row < size)
        flat = (row * size + col)[inside]
        total += np.bincount(flat, weights=path[inside], minlength=size * size)
    return total.reshape(size, size)


def _affine(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Written out, not as a matrix product: BLAS may sum in any order."""
    x, y = points[:, 0], points[:, 1]
    return np.stack(
        [matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2], matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]], axis=1
    )
