"""Ray sums through bent tubes (ribs, clavicles, vessels, lines, wires): many short cylinders drawn at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = (3, 4, 5, 6, 7, 8, 10, 13, 18)
MIN_RADIUS_PX = 0.75  # a thinner tube is drawn this wide with its cross-section kept, so that it never breaks up


@dataclass(frozen=True)
class Tubes:
    """Cylinder segments: start and end (n, 2) in mm as x, y; radii, weights, bores (inner radius share), each (n,)."""

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    weight: np.ndarray
    bore: np.ndarray


def polyline(
    points: np.ndarray, radius: float | np.ndarray, weight: float | np.ndarray = 1.0, bore: float = 0.0
) -> Tubes:
    """A tube along points (n + 1, 2) in mm; radius and weight are scalars or one per segment (n,).

    Long legs are cut up, because a slanting segment is drawn in a square window as wide as it is long.
    """
    one = np.ones(len(points) - 1)
    radii, weights = one * radius, one * weight
    leg = np.diff(points, axis=0)
    pieces = np.ceil(np.sqrt(leg[:, 0] ** 2 + leg[:, 1] ** 2) / np.maximum(8.0, 1.5 * radii)).astype(np.int64)
    pieces = np.maximum(pieces, 1)
    at = np.repeat(np.arange(len(leg)), pieces)
    number = np.arange(len(at)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = points[at] + leg[at] * (number / pieces[at])[:, None]
    end = points[at] + leg[at] * ((number + 1) / pieces[at])[:, None]
    return Tubes(start, end, radii[at], weights[at], np.full(len(at), bore))


def join(parts: list[Tubes]) -> Tubes:
    """All segments of all parts."""
    if not parts:
        empty = np.zeros(0)
        return Tubes(np.zeros((0, 2)), np.zeros((0, 2)), empty, empty, empty)
    return Tubes(
        *(np.concatenate([getattr(p, f) for p in parts]) for f in ("start", "end", "radius", "weight", "bore"))
    )


def draw(tubes: Tubes, size: int, to_pixels: np.ndarray, mm_per_pixel: float) -> np.ndarray:
    """Path length (mm, times weight) through all tubes for each pixel: float64 [size, size].

    The path through a cylinder of radius r at distance d from its axis is 2 sqrt(r^2 - d^2), less the bore's share.
    `to_pixels` is the 2 x 3 affine map from mm to pixel columns and rows. Neighbouring segments share their joint by a
    one-pixel ramp that sums to one. Segments are batched by the size of their window.
    """
    if not len(tubes.radius):
        return np.zeros((size, size))
    a, b = _affine(tubes.start, to_pixels), _affine(tubes.end, to_pixels)
    along = b - a
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2)
    radius = tubes.radius / mm_per_pixel
    drawn = np.maximum(radius, MIN_RADIUS_PX)
    gain = tubes.weight * (radius / drawn) ** 2 * mm_per_pixel
    unit = along / np.maximum(length, 1e-9)[:, None]
    middle = np.rint(a + along / 2)
    reach_x = np.ceil(np.abs(along[:, 0]) / 2 + drawn + 1).astype(np.int64)
    reach_y = np.ceil(np.abs(along[:, 1]) / 2 + drawn + 1).astype(np.int64)
    reach = np.maximum(reach_x, reach_y)
    pad = int(reach.max()) + 1
    seen = (middle > -pad).all(axis=1) & (middle < size + pad).all(axis=1) & (length > 1e-6) & (gain > 0)
    side = size + 4 * pad  # windows may hang over the edge into a margin that is cut off at the end
    total = np.zeros(side * side)
    for low, high in zip((0, *BINS), (*BINS, 10**6), strict=True):
        pick = np.flatnonzero(seen & (reach > low) & (reach <= high))
        if len(pick):
            _draw_windows(
                total,
                side,
                pad,
                int(reach[pick].max()),
                *(v[pick] for v in (middle, a, unit, length, drawn, drawn * tubes.bore, gain)),
            )
    return total.reshape(side, side)[2 * pad : 2 * pad + size, 2 * pad : 2 * pad + size]


def _draw_windows(
    total: np.ndarray,
    side: int,
    pad: int,
    half: int,
    middle: np.ndarray,
    start: np.ndarray,
    unit: np.ndarray,
    length: np.ndarray,
    radius: np.ndarray,
    bore: np.ndarray,
    gain: np.ndarray,
) -> None:
    """Add segments, each in a window of 2 half + 1 pixels, to the flat padded picture."""
    span = np.arange(-half, half + 1)
    ux, uy = unit[:, 0, None], unit[:, 1, None]
    dx = middle[:, 0, None] - start[:, 0, None] + span
    dy = middle[:, 1, None] - start[:, 1, None] + span
    s = (dx * ux)[:, None, :] + (dy * uy)[:, :, None]
    d2 = np.square((dx * uy)[:, None, :] - (dy * ux)[:, :, None])
    path = np.sqrt(np.maximum(np.square(radius)[:, None, None] - d2, 0))
    if bore.any():
        path -= np.sqrt(np.maximum(np.square(bore)[:, None, None] - d2, 0))
    path *= np.clip(np.minimum(s + 0.5, length[:, None, None] - s + 0.5), 0, 1)
    path *= 2 * gain[:, None, None]
    corner = (middle.astype(np.int64) + 2 * pad) @ np.array([1, side])
    flat = corner[:, None, None] + (span[:, None] * side + span[None, :])
    total += np.bincount(flat.ravel(), weights=path.ravel(), minlength=len(total))


def _affine(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Written out, not as a matrix product: BLAS may sum in any order."""
    x, y = points[:, 0], points[:, 1]
    return np.stack(
        [matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2], matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]], axis=1
    )
