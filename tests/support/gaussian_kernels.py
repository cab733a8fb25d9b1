"""Kernel distances of Gaussians in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cubic_mmd(dim: int, shift: float, s: float, t: float) -> float:
    """MMD^2 of N(shift, s^2 I) and N(0, t^2 I) under the kernel (x.y / dim + 1)^3, by moments of x.y."""

    def expected(a: NDArray[np.float64], sa: float, b: NDArray[np.float64], sb: float) -> float:
        ab = float(a @ b)
        rest = sb**2 * float(a @ a) + sa**2 * float(b @ b) + sa**2 * sb**2 * dim
        third = ab**3 + 3 * ab * rest + 6 * sa**2 * sb**2 * ab
        return 1 + 3 * ab / dim + 3 * (ab**2 + rest) / dim**2 + third / dim**3

    a, b = np.full(dim, shift), np.zeros(dim)
    return expected(a, s, a, s) + expected(b, t, b, t) - 2 * expected(a, s, b, t)
