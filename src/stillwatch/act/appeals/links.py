"""Signed links: each names one decision and ends by itself; whoever has none cannot make one or guess one.

A link is ``PUBLIC_URL/appeal/TOKEN``; the token is base64url of version, decision, time of expiry and an HMAC-SHA256 of
them, 76 characters. HMAC and not a signature: only the service makes links and only the service reads them, and a
decision pays a few microseconds for one.
"""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from stillwatch.act.secret import MAC_BYTES, ServiceSecret
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Decision

__all__ = ["TOKEN_CHARACTERS", "AppealLinks", "Claim"]

_VERSION: Final = b"\1"
_USE: Final = "appeal link"
_TIME_BYTES: Final = 8
_BODY_BYTES: Final = 1 + 16 + _TIME_BYTES
TOKEN_CHARACTERS: Final = (_BODY_BYTES + MAC_BYTES) * 4 // 3
_NOTHING: Final = bytes(_BODY_BYTES + MAC_BYTES)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says.

    is_good     Whether the service made it; without that the rest is of nothing, whatever the token says, and is looked
                up all the same: neither answer nor time tells whether a decision that somebody names is there.
    """

    is_good: bool
    decision_id: str
    expires_at: datetime


class AppealLinks:
    """Makes links and reads them.

    public_url  Where customers reach the page.
    lasts       How long a customer may file.

    >>> now = datetime(2026, 11, 27, tzinfo=UTC)
    >>> links = AppealLinks(ServiceSecret(bytes(32)), "https://api.example/")
    >>> token = links.token("00000000-0000-4000-8000-000000000001", now)
    >>> len(token), links.read(token).is_good, links.read("B" + token[1:]).is_good
    (76, True, False)
    """

    def __init__(self, key: ServiceSecret, public_url: str, lasts: timedelta = timedelta(days=30)) -> None:
        self.key: Final = key
        self.lasts: Final = lasts
        self._base: Final = public_url.rstrip("/") + "/appeal/"

    def appeal_url(self, decision: Decision) -> str:
        """Link for the customer whom a decision concerns; the same whenever it is asked for.

        Raises      InvalidInput when the decision's id is no UUID.
        """
        return self._base + self.token(decision.decision_id, decision.decided_at + self.lasts)

    def token(self, decision_id: str, expires_at: datetime) -> str:
        """The part of a link that counts.

        Raises      InvalidInput when the decision's id is no UUID.
        """
        try:
            name = uuid.UUID(decision_id).bytes
        except ValueError as error:
            message = f"a decision must be named by a UUID, got {len(decision_id)} characters that are none"
            raise InvalidInput(message) from error
        body = _VERSION + name + int(expires_at.timestamp()).to_bytes(_TIME_BYTES)
        return base64.urlsafe_b64encode(body + self.key.mac(_USE, body)).decode()

    def read(self, token: str) -> Claim:
        """What a token claims; whatever is wrong with it, the same is computed."""
        raw = _decoded(token)
        body, mac = (raw or _NOTHING)[:_BODY_BYTES], (raw or _NOTHING)[_BODY_BYTES:]
        is_good = self.key.is_of(_USE, body, mac) & (raw is not None) & (body[:1] == _VERSION)
        told = body if is_good else _NOTHING[:_BODY_BYTES]
        return Claim(is_good, str(uuid.UUID(bytes=told[1:17])), datetime.fromtimestamp(int.from_bytes(told[17:]), UTC))


def _decoded(token: str) -> bytes | None:
    """Bytes of a token, None unless it is spelled as `token` spells it."""
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return raw if len(raw) == len(_NOTHING) else None
