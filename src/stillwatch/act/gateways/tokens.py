"""Where gateways show the token that they prove themselves with."""

from collections.abc import Mapping
from typing import Final

from stillwatch.act.gateways.decision_words import PREFIX

__all__ = ["TOKEN_HEADER", "tokens_shown"]

TOKEN_HEADER: Final = f"{PREFIX}token"
_LONGEST: Final = 4096


def tokens_shown(headers: Mapping[str, str]) -> tuple[str, ...]:
    """All that a call shows as a token; names in lower case.

    A gateway sends its client's headers along with its own. Any one that is valid counts: else a client could spoil the
    gateway's call with a header of its own, and the gateway would fail open.

    >>> tokens_shown({"x-api-key": "a", "authorization": "Bearer b"})
    ('a', 'b')
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    shown = (
        headers.get(TOKEN_HEADER, ""),
        headers.get("x-api-key", ""),
        bearer.strip() if scheme.lower() == "bearer" else "",
    )
    return tuple(token for token in shown if 0 < len(token) <= _LONGEST)
