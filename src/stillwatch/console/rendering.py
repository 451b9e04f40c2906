"""Make a page out of a template, with headers that let the browser load and run nothing but our own files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from stillwatch import __version__
from stillwatch.console.static_files import static_path
from stillwatch.console.wording import WORDS
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.templating import environment_of
from stillwatch.report.visible import pieces, visible

__all__ = ["HEADERS", "rendered"]

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


@cache
def _environment() -> Environment:
    """Templates with everything escaped and every missing name an error."""
    made = environment_of(
        "stillwatch.console",
        {
            "bits": quantities.bits,
            "count": quantities.count,
            "short": quantities.short,
            "usd": quantities.usd,
            "share": quantities.share,
            "named": sentences.named,
            "visible": visible,
            "shown": _shown,
            "when": _when,
            "day": _day,
            "ago": _ago,
            "plural": _plural,
        },
    )
    made.globals |= {
        "static": static_path,
        "verdicts": wording.VERDICTS,
        "words": WORDS,
        "version": __version__,
    }
    return made


def rendered(template: str, values: Mapping[str, Any], status: int = HTTPStatus.OK) -> HTMLResponse:
    """Answer with a page.

    template    In `templates`, without its ending.
    values      What it shows; strings are escaped, whatever they hold.
    """
    text = _environment().get_template(f"{template}.html.j2").render(values)
    return HTMLResponse(text, status, HEADERS)


def _when(time: datetime | None) -> Markup:
    """A time in UTC, which the browser writes in the viewer's zone; UTC stays in what is shown on hover."""
    if time is None:
        return Markup("–")
    at = time.astimezone(UTC)
    told = f"{at:%Y-%m-%d %H:%M} UTC"
    return _time(at, told, "")


def _day(time: datetime | None) -> Markup:
    """A day, as above."""
    if time is None:
        return Markup("–")
    at = time.astimezone(UTC)
    return _time(at, f"{at:%Y-%m-%d}", " data-day")


def _time(at: datetime, told: str, more: str) -> Markup:
    exactly = at.isoformat(sep=" ", timespec="seconds")[:19]
    element = f'<time datetime="{exactly.replace(" ", "T")}+00:00"{more} title="{exactly} UTC">{told}</time>'
    return Markup(element)  # noqa: S704 - digits of a time; escaping them a thousand times a page takes long


def _ago(time: datetime | None, now: datetime) -> str:
    """How long ago, or in how long, in the largest unit that fits."""
    if time is None:
        return "never"
    seconds = (now - time).total_seconds()
    size, words = abs(seconds), "less than a minute"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if size >= length:
            words = _plural(int(size // length), unit)
            break
    return f"in {words}" if seconds < 0 else f"{words} ago"


def _plural(n: int, one: str, many: str | None = None) -> str:
    """Number with its noun."""
    return f"{quantities.count(n)} {one if n == 1 else many or f'{one}s'}"


def _shown(text: str) -> Markup:
    """Text of strangers: hidden characters as their codes, its direction held inside, line feeds kept."""
    drawn = Markup("").join(
        Markup('<span class="mark" title="hidden character">{}</span>').format(piece.text)
        if piece.is_mark
        else escape(piece.text)
        for piece in pieces(text, layout="\n\t")
    )
    return Markup('<bdi dir="auto">{}</bdi>').format(drawn)
