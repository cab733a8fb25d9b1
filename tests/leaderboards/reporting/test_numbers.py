from __future__ import annotations

import pytest

from leaderboards.reporting.numbers import compact, count, decimals, interval_text, value_text


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "interval"),
    [
        (0.01234, 0.0110, 0.0137, "0.0123", "0.0110 to 0.0137"),
        (54.2251, 52.3, 56.1, "54.2", "52.3 to 56.1"),
        (1234.5, 1100.0, 1370.0, "1234", "1100 to 1370"),
        (-0.00021, -0.0019, 0.0015, "−0.0002", "−0.0019 to 0.0015"),
        (-0.00001, -0.0019, 0.0019, "0.0000", "−0.0019 to 0.0019"),
        (0.5, 0.5, 0.5, "0.5000", "0.5000 to 0.5000"),
        (1.234e-7, 1.1e-7, 1.37e-7, "1.23×10⁻⁷", "1.10×10⁻⁷ to 1.37×10⁻⁷"),
        (0.0, -1e-7, 1e-7, "0", "−1.0×10⁻⁷ to 1.0×10⁻⁷"),
        (0.0, 0.0, 0.0148, "0", "0 to 0.0148"),
        (-679036216.4, -2.6e9, 1.26e9, "−6.79×10⁸", "−2.60×10⁹ to 1.26×10⁹"),
    ],
)
def test_digits_follow_the_interval(value: float, low: float, high: float, text: str, interval: str) -> None:
    assert value_text(value, low, high) == text
    assert interval_text(value, low, high) == interval


def test_without_an_interval_four_digits_or_the_standard_error() -> None:
    assert value_text(54.22513) == "54.23"
    assert value_text(0.00043219) == "4.322×10⁻⁴" and value_text(0.01234567) == "0.01235"
    assert value_text(54.22513, se=1.0) == "54.2"
    assert value_text(None) == "—" and interval_text(1.0, None, None) == ""
    assert value_text(0.0) == "0"


def test_half_width_of_any_size_keeps_two_digits() -> None:
    for power in range(-9, 4):
        half = 3.4 * 10.0**power
        shown = round(half, decimals(1.0, half))
        assert shown == pytest.approx(half, rel=0.05)


def test_compact_and_count() -> None:
    assert [compact(value) for value in (0.01234, -0.5, 12.34, 1234.5, 3.626e14, 0.0, 0.00001234, None)] == [
        ".0123", "−.500", "12.3", "1234", "3.6e14", "0", "1e−5", "",
    ]  # fmt: skip
    assert count(12345) == "12\u202f345" and count(None) == "—"
