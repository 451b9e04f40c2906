"""Smallest builder of SVG that cannot forget to escape."""

from collections.abc import Iterable

from markupsafe import Markup, escape

__all__ = ["circle", "element", "line", "per_cent", "picture", "rectangle", "stretched", "text", "tooltip"]


def element(tag: str, *children: Markup, **attributes: str | float) -> Markup:
    """One element; ``stroke_width`` becomes ``stroke-width`` and ``class_`` becomes ``class``.

    >>> element("rect", x="5%", class_='a"b')
    Markup('<rect x="5%" class="a&#34;b"/>')
    """
    written = "".join(f' {_name(name)}="{escape(_value(value))}"' for name, value in attributes.items())
    inner = "".join(children)
    return Markup(f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>")  # noqa: S704 (escaped above)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-") if name not in {"viewBox", "preserveAspectRatio"} else name


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def per_cent(share: float) -> str:
    """Position from 0 to 1 as per cent, held inside the picture.

    >>> per_cent(0.5), per_cent(1.5)
    ('50%', '100%')
    """
    return f"{100 * min(1.0, max(0.0, share)):.4g}%"


def tooltip(words: str) -> Markup:
    """Text that shows when the pointer rests on the element holding it."""
    return element("title", escape(words))


def picture(title: str, height: float, children: Iterable[Markup]) -> Markup:
    """Whole picture, as wide as its place; `title` is what is read out."""
    return element(
        "svg", *children, class_="picture", width="100%", height=height, role="img", aria_label=title, focusable="false"
    )


def stretched(children: Iterable[Markup], view: tuple[float, float], top: float, height: float) -> Markup:
    """Part of a picture whose own units, `view` wide and high, are stretched over the whole width."""
    return element(
        "svg",
        *children,
        x=0,
        y=top,
        width="100%",
        height=height,
        viewBox=f"0 0 {view[0]:g} {view[1]:g}",
        preserveAspectRatio="none",
    )


def rectangle(css: str, x: float, y: float, width: float, height: float) -> Markup:
    """Rectangle; `x` and `width` are shares of the picture's width, the rest pixels."""
    return element("rect", class_=css, x=per_cent(x), y=y, width=per_cent(width), height=height)


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Line; `x1` and `x2` are shares of the picture's width."""
    return element("line", class_=css, x1=per_cent(x1), y1=y1, x2=per_cent(x2), y2=y2)


def circle(css: str, x: float, y: float, radius: float) -> Markup:
    """Dot; `x` is a share of the picture's width."""
    return element("circle", class_=css, cx=per_cent(x), cy=y, r=radius)


def text(css: str, x: float, y: float, words: str) -> Markup:
    """Text that stays inside: near the left end it starts at `x`, near the right end it stops there."""
    anchor = "start" if x < 0.04 else "end" if x > 0.94 else "middle"
    return element("text", escape(words), class_=css, x=per_cent(x), y=y, text_anchor=anchor)
