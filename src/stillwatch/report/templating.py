"""How all pages are made out of templates: everything is escaped, and a name that is missing is an error."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["environment_of"]


def environment_of(package: str, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """Templates in the folder ``templates`` of a package.

    filters     By the names that templates use.

    >>> environment_of("stillwatch.report", {}).from_string("{{ text }}").render(text="<b>")
    '&lt;b&gt;'
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= filters
    return made
