"""Numbers as people read them: as many digits as the interval supports, and no more."""

from __future__ import annotations

import math
from collections.abc import Mapping

ARROWS = {"lower": "↓", "higher": "↑", "zero": "→0"}
DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "zero": "closer to zero is better"}

SIGNIFICANT = 4
"""Digits of a number of unknown uncertainty."""
MOST_DECIMALS = 5
"""Beyond this, powers of ten are easier to read than zeros."""
MOST_DIGITS = 6
"""As many digits before the point, and more, are easier to read as a power of ten."""

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimals(value: float, half_width: float | None = None) -> int:
    """Decimal places for a value: two significant digits of half its interval, else four of the value itself."""
    if half_width is not None and half_width > 0 and math.isfinite(half_width):
        return max(0, 1 - math.floor(math.log10(half_width)))
    if value == 0:
        return 0
    return max(0, SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))


def number(value: float, places: int) -> str:
    """A number at a fixed number of places, with a true minus sign; as a power of ten where places run out.

    An exact zero is "0" and so told apart from a value that rounds to it.
    """
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent >= MOST_DIGITS:
        return _power(value, exponent, 2)
    if places > MOST_DECIMALS:
        if exponent < -2:
            return _power(value, exponent, min(3, max(0, places + exponent)))
        places = min(places, SIGNIFICANT - 1 - exponent)
    text = f"{value:.{min(places, 12)}f}"
    return _minus(text[1:] if float(text) == 0 and text.startswith("-") else text)


def _power(value: float, exponent: int, places: int) -> str:
    return _minus(f"{value / 10**exponent:.{places}f}×10") + str(exponent).translate(_SUPERSCRIPT)


def value_text(
    value: float | None, low: float | None = None, high: float | None = None, se: float | None = None
) -> str:
    """A value with digits fit for its interval (or standard error); an em dash where there is none."""
    return "—" if value is None else number(value, _places(value, low, high, se))


def interval_text(value: float | None, low: float | None, high: float | None) -> str:
    """The interval, "0.011 to 0.014", at the value's places; "" where there is none."""
    if value is None or low is None or high is None:
        return ""
    places = _places(value, low, high, None)
    return f"{number(low, places)} to {number(high, places)}"


def interval_centre(method: str, extra: Mapping[str, float]) -> float | None:
    """What an interval stands around where that is not the value: the value with its bias of few images removed.

    Such an interval may leave the value out, which a reader must be told.

    Args:
        method: of the interval, as the estimator names it. extra: further numbers of the same estimator.
    """
    return extra.get("bias_corrected") if "around the bias-corrected" in method else None


def compact(value: float | None) -> str:
    """Three significant digits, for cells of a heat map; "" where there is none."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -3:
        return _minus(f"{value:.0e}".replace("e-0", "e-"))
    if exponent >= MOST_DIGITS:
        return _minus(f"{value:.1e}".replace("e+0", "e").replace("e+", "e"))
    text = f"{value:.{max(0, 2 - exponent)}f}"
    return _minus(text.replace("0.", ".", 1) if abs(value) < 1 else text)


def count(value: int | None) -> str:
    """An integer with narrow no-break spaces between thousands."""
    return "—" if value is None else f"{value:,}".replace(",", "\u202f")


def _places(value: float, low: float | None, high: float | None, se: float | None) -> int:
    half = (high - low) / 2 if low is not None and high is not None else 1.96 * se if se is not None else None
    return decimals(value, half)


def _minus(text: str) -> str:
    return text.replace("-", "−")
