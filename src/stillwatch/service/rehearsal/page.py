"""The rehearsal as one page: no script, nothing from elsewhere."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined

from stillwatch import __version__
from stillwatch.report.visible import visible
from stillwatch.service.rehearsal.history import EVERY
from stillwatch.service.rehearsal.picture import hours_picture
from stillwatch.service.rehearsal.result import Rehearsed
from stillwatch.service.rehearsal.words import lasted, percent

__all__ = ["to_html"]

_PAGE: Final = "page.html.j2"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(Path(__file__).parent), PackageLoader("stillwatch.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"percent": percent, "visible": visible}
    return made


def to_html(result: Rehearsed) -> str:
    """Whole page."""
    after_s = result.alarm_after_s
    return (
        _environment()
        .get_template(_PAGE)
        .render(
            result=result,
            picture=hours_picture(result),
            alarm_after=None if after_s is None else lasted(timedelta(seconds=after_s)),
            upheld=next((entry for entry in result.entries if entry.mark == "upheld"), None),
            looks_h=EVERY // timedelta(hours=1),
            version=__version__,
        )
    )
