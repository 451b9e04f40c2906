"""Exponents, words for numbers and pictures of growth."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from benchmarks.growth import exponent_words, fit_power, markdown, picture, pretty_bytes, pretty_count
from hypothesis import given
from hypothesis import strategies as st


@given(exponent=st.floats(-1, 3), factor=st.floats(1e-3, 1e3))
def test_a_power_law_is_found_again(exponent: float, factor: float) -> None:
    """What grows exactly as a power gives that power, its factor and its values."""
    sizes = [0.25, 1.0, 4.0, 16.0]
    found = fit_power(sizes, [factor * size**exponent for size in sizes])
    assert found.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.at(64.0) == pytest.approx(factor * 64.0**exponent, rel=1e-6)


def test_least_squares_as_numpy_has_them() -> None:
    """With noise the fit is the straight line of least squares through the logarithms."""
    sizes, values = [1.0, 2.0, 4.0, 8.0], [3.0, 5.0, 14.0, 22.0]
    x, y = np.log(sizes), np.log(values)
    slope = ((x - x.mean()) * (y - y.mean())).sum() / np.square(x - x.mean()).sum()
    assert fit_power(sizes, values).exponent == pytest.approx(slope)


def test_one_size_has_no_exponent() -> None:
    """Nothing grows that was measured once; values of zero say nothing."""
    assert np.isnan(fit_power([1.0], [2.0]).exponent)
    assert exponent_words([1.0, 2.0], [0.0, 2.0]) == "-"


def test_exponent_from_a_size_on() -> None:
    """Small sizes are left out when asked."""
    assert exponent_words([0.25, 1, 4, 16], [9, 1, 4, 16], least=1) == "1.00"


def test_words_for_numbers() -> None:
    """Three digits and a unit, at the edges too."""
    assert [pretty_bytes(b) for b in (0, 999, 1000, 2e12)] == ["0 B", "999 B", "1.00 kB", "2.00 TB"]
    assert [pretty_count(n) for n in (1, 1e6, 1e10, 4.268e12, 4e16)] == [
        "1",
        "1 million",
        "10 billion",
        "4.27 trillion",
        "40,000 trillion",
    ]


def test_a_table_has_a_line_a_row() -> None:
    """Heads, a rule, and the rows."""
    assert markdown(("a",), [("1",), ("2",)]).splitlines() == ["| a |", "| --- |", "| 1 |", "| 2 |"]


def test_picture_has_its_curves_and_a_promise() -> None:
    """Every curve is named, and proportional growth is dashed beside them; a zero leaves a gap."""
    drawn = picture("Growth", "seconds", [0.25, 1, 4], {"one": [1, 4, 16], "two": [0, 1, 2]})
    words = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert {"one", "two", "proportional", "million exchanges"} <= set(words)
