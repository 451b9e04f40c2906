"""A token in every form: what is sent comes from a page that we made for this link, and not long ago."""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from stillwatch.act.secret import MAC_BYTES, ServiceSecret

__all__ = ["LASTS", "form_token", "is_form_token"]

LASTS: Final = timedelta(hours=4)
"""Time to write; the text stays in the form when it is over."""
_USE: Final = "appeal form"
_NONCE_BYTES: Final = 15
_TIME_BYTES: Final = 8
_BYTES: Final = _TIME_BYTES + _NONCE_BYTES + MAC_BYTES


def form_token(key: ServiceSecret, link: str, now: datetime) -> str:
    """A fresh token for the form of a link.

    >>> now = datetime(2026, 11, 27, tzinfo=UTC)
    >>> key = ServiceSecret(bytes(32))
    >>> token = form_token(key, "a link", now)
    >>> is_form_token(key, "a link", token, now), is_form_token(key, "another", token, now)
    (True, False)
    """
    told = int(now.timestamp()).to_bytes(_TIME_BYTES) + secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(told + key.mac(_USE, told + link.encode())).decode()


def is_form_token(key: ServiceSecret, link: str, token: str, now: datetime) -> bool:
    """Whether a token was made for this link, and is not too old."""
    if len(token) > 2 * _BYTES or not token.isascii():
        return False
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    told, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(raw) != _BYTES or not key.is_of(_USE, told + link.encode("utf-8", "surrogatepass"), mac):
        return False
    age = now - datetime.fromtimestamp(int.from_bytes(told[:_TIME_BYTES]), UTC)
    return timedelta(minutes=-1) <= age <= LASTS
