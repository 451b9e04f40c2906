"""The rehearsal as one page: what happened when, what crossed, and what was searched for."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from stillwatch.rehearsal.story import Rehearsal

__all__ = ["to_html"]

_PAGE: Final = Path(__file__).with_name("page.html.j2")


def to_html(result: Rehearsal) -> str:
    """One file, no script, nothing from elsewhere."""
    lanes = list(dict.fromkeys(step.who for step in result.steps))
    timed = [(number, step) for number, step in enumerate(result.steps, 1) if step.at_s is not None]
    dots = [
        (130 + 750 * place / max(len(timed) - 1, 1), 30 + 34 * lanes.index(step.who), number)
        for place, (number, step) in enumerate(timed)
    ]
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE.read_text(encoding="utf-8"))
    return template.render(result=result, lanes=lanes, dots=dots)
