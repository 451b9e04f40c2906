"""Make a page: one document with its style inside, and headers that let the browser load and run nothing else."""

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from stillwatch.report.templating import environment_of
from stillwatch.report.visible import visible
from stillwatch.service.pages.wording import when

__all__ = ["page"]

_STYLE: Final = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


@cache
def _environment() -> Environment:
    """Templates with everything escaped and every missing name an error."""
    made = environment_of(
        "stillwatch.service.pages", {"when": when, "visible": lambda text: visible(text, layout="\n")}
    )
    made.globals["style"] = Markup(_STYLE)  # noqa: S704 - our own file, hashed in the policy
    return made


def page(
    name: str, values: dict[str, Any], status: HTTPStatus = HTTPStatus.OK, retry_after_s: int | None = None
) -> HTMLResponse:
    """Answer with a page.

    name        Of the template, without its ending.
    values      What it shows; strings are escaped, whatever they hold.
    """
    text = _environment().get_template(f"{name}.html.j2").render(values)
    headers = _HEADERS if retry_after_s is None else {**_HEADERS, "retry-after": str(retry_after_s)}
    return HTMLResponse(text, status, headers)
