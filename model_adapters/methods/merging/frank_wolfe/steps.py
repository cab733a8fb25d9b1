"""How far a Frank-Wolfe step goes, as a share of its segment.

open-loop    alpha * scaling * 2 / (t + 2): looks at nothing, so a certificate may count what it could have done
line-search  the least objective on the segment (bounded Brent; or the best of `grid` + 1 even points)
short-step   min(1, -slope / (L |d|^2)): L given, or found by doubling until the quadratic bound holds (Pedregosa
             et al. 2020)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_splits.errors import UserError

RULES = ("open-loop", "line-search", "short-step")

PRECISION = 1e-6
"""Of a line search, as a share of the segment."""

DOUBLINGS = 60


def step_size(
    rule: str, iteration: int, settings: Mapping[str, Any], along: Callable[[float], float], here: float,
    slope: float, length: float, smoothness: float,
) -> tuple[float, float]:  # fmt: skip
    """The step, in [0, 1], and the smoothness L to begin with next time.

    Args:
        along: step -> objective there. here: the objective at 0. slope: its derivative at 0. length: |d|^2.
        smoothness: L so far; 0 where unknown.

    Raises:
        UserError: an unknown rule.
    """
    if rule == "open-loop":
        return min(1.0, settings["alpha"] * settings["scaling"] * 2.0 / (iteration + 2.0)), smoothness
    if rule == "line-search":
        return line_search(along, here, settings["grid"]), smoothness
    if rule == "short-step":
        return short_step(along, here, slope, length, settings["smoothness"], smoothness)
    raise UserError(f"step is {rule!r}; it is one of {', '.join(RULES)}.")


def line_search(along: Callable[[float], float], here: float, grid: int = 0) -> float:
    """The step of least objective; of equal ones on a grid the smallest, else the end of the segment."""
    if grid > 0:
        values = [here] + [along(index / grid) for index in range(1, grid + 1)]
        return values.index(min(values)) / grid
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(along, bounds=(0.0, 1.0), method="bounded", options={"xatol": PRECISION, "maxiter": 60})
    end = along(1.0)
    # Brent never tries the ends, and a step of exactly 1 is what drops a vertex.
    if end <= min(float(found.fun), here):
        return 1.0
    return float(found.x) if found.fun < here else 0.0


def short_step(
    along: Callable[[float], float], here: float, slope: float, length: float, given: float, known: float
) -> tuple[float, float]:
    """The minimiser of the quadratic bound here + step * slope + step^2 * L * length / 2, and L."""
    if slope >= 0.0 or length <= 0.0:
        return 0.0, known
    if given > 0.0:
        return min(1.0, -slope / (given * length)), given
    smoothness = 0.9 * known if known > 0.0 else -slope / length
    for _ in range(DOUBLINGS):
        step = min(1.0, -slope / (smoothness * length))
        if along(step) <= here + step * slope + 0.5 * step**2 * smoothness * length + 1e-12 * abs(here):
            return step, smoothness
        smoothness *= 2.0
    return 0.0, known
