"""Pictures: well-formed, escaped, with their axes; what is drawn is where it should be."""

import xml.etree.ElementTree as ET

import numpy as np

from stillwatch.bench.line_plot import Axis, Band, Line, plot

SVG = "{http://www.w3.org/2000/svg}"
AXIS = Axis("from <zero> & up", 0.0, 2.0, {0.0: "0", 1.0: "one", 2.0: "2"})


def drawn(*lines: Line, band: Band | None = None) -> ET.Element:
    """The picture as a tree."""
    return ET.fromstring(plot("A <title>", AXIS, AXIS, lines, band))  # noqa: S314 (made here)


def corners(element: ET.Element) -> list[tuple[float, float]]:
    """Points of a polyline."""
    return [(float(a), float(b)) for a, b in (pair.split(",") for pair in element.attrib["points"].split())]


def test_it_is_labelled() -> None:
    """Title, both axes, every tick and every name are text of the picture."""
    ramp = np.array([0.0, 1.0, 2.0])
    picture = drawn(
        Line("ramp", ramp, ramp), Line("promise", ramp, ramp, is_bound=True), band=Band("b", ramp, ramp, ramp)
    )
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert words.count("from <zero> & up") == 2
    assert {"A <title>", "one", "ramp", "promise", "b"} <= set(words)
    assert picture.attrib["aria-label"] == "A <title>"


def test_lines_go_where_the_numbers_are() -> None:
    """A ramp runs from the lower left to the upper right in equal steps; what is outside is held at the edge."""
    ramp = np.array([0.0, 1.0, 2.0])
    (line,) = [e for e in drawn(Line("r", ramp, ramp * 1.5)).iter(f"{SVG}polyline") if e.attrib["class"] == "line l0"]
    (x0, y0), (x1, y1), (x2, y2) = corners(line)
    assert x1 - x0 == x2 - x1 > 0
    assert y0 > y1 > y2
    (top,) = drawn(Line("r", ramp, ramp)).iter(f"{SVG}polyline")
    assert corners(top)[2] == (x2, y2)


def test_unknown_values_cut_a_line() -> None:
    """NaN leaves two pieces; nothing is drawn across it, nor is NaN written anywhere."""
    x = np.arange(5.0) / 4
    text = plot("cut", AXIS, AXIS, [Line("cut", x, np.array([1, 1, np.nan, 1, 1.0]))])
    assert text.count("<polyline") == 2
    assert "nan" not in text.lower()


def test_dots_are_circles() -> None:
    """Categories are not joined by lines."""
    x = np.array([0.0, 1.0])
    picture = drawn(Line("dots", x, x, is_dots=True))
    assert len(list(picture.iter(f"{SVG}circle"))) == 2
    assert not list(picture.iter(f"{SVG}polyline"))


def test_dark_and_light() -> None:
    """Colours follow the reader's choice, and nothing is loaded from elsewhere."""
    text = plot("t", AXIS, AXIS, [])
    assert "prefers-color-scheme:dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
