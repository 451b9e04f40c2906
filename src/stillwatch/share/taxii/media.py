"""Media types: what a client accepts and what it sends.

References
----------
TAXII 2.1, section 1.6.8.1 (media types); RFC 9110, sections 8.3.1 and 12.5.1 (content negotiation).
"""

from http import HTTPStatus
from typing import Final

from stillwatch.web.problem import Problem

__all__ = ["STIX_TYPE", "TAXII_TYPE", "check_accept", "check_content_type"]

TAXII_TYPE: Final = "application/taxii+json;version=2.1"
STIX_TYPE: Final = "application/stix+json;version=2.1"
_VERSIONS: Final = {None, "2.1"}
_LONGEST: Final = 2_000


def check_accept(accept: str | None) -> None:
    """Whether the client takes what we answer; a client that says nothing does.

    Raises      Problem 406.

    >>> check_accept("text/html, application/taxii+json;version=2.1;q=0.5")
    """
    if accept is None or (len(accept) <= _LONGEST and any(_takes(part) for part in accept.split(","))):
        return
    raise Problem(HTTPStatus.NOT_ACCEPTABLE, f"Accept must allow {TAXII_TYPE}")


def check_content_type(content_type: str | None) -> None:
    """Whether the client sends what we read.

    Raises      Problem 415.
    """
    name, parameters = _parts(content_type or "")
    if name != "application/taxii+json" or parameters.get("version") not in _VERSIONS:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {TAXII_TYPE}")


def _takes(part: str) -> bool:
    name, parameters = _parts(part)
    if parameters.get("q", "1").rstrip("0").rstrip(".") in ("", "0"):
        return False
    if name in ("*/*", "application/*"):
        return True
    return name == "application/taxii+json" and parameters.get("version") in _VERSIONS


def _parts(text: str) -> tuple[str, dict[str, str]]:
    name, *pairs = (piece.strip() for piece in text.split(";"))
    split = (pair.partition("=") for pair in pairs)
    return name.lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in split}
