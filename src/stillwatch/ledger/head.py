"""Signed tree heads: the maker of a ledger says how long it is and what its root is, and cannot take it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import HEX
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import MEMBER, signed, verify_signed
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["Head", "head_of", "signed_head", "verify_head"]

_MEMBERS: Final = {"ledger": str, "size": int, "root": str, "time": str, MEMBER: str}
_MOST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Head:
    """State of a ledger.

    ledger      Random name of the ledger: heads of two ledgers say nothing of one another.
    """

    ledger: str
    size: int
    root: bytes
    time: datetime


def signed_head(head: Head, key: SigningKey) -> dict[str, Any]:
    """Head as JSON with the maker's signature.

    >>> from datetime import UTC
    >>> key = SigningKey.generate()
    >>> head = Head("a", 0, bytes(32), datetime(2026, 11, 27, tzinfo=UTC))
    >>> verify_head(signed_head(head, key), {key.key_id: key.verify_key}) == head
    True
    """
    told = {"ledger": head.ledger, "size": head.size, "root": head.root.hex(), "time": stamp(head.time)}
    return signed(told, key)


def head_of(told: Mapping[str, Any]) -> Head:
    """Head that a document tells, its signature not looked at.

    Raises      Refused (malformed) when it tells none.
    """
    fits = told.keys() == _MEMBERS.keys() and all(type(told[name]) is kind for name, kind in _MEMBERS.items())
    if not fits or not HEX.fullmatch(told["root"]) or told["size"] < 0 or not 0 < len(told["ledger"]) <= _MOST_NAME:
        raise Refused(Reason.MALFORMED, f"a head must have exactly the members {', '.join(_MEMBERS)}")
    try:
        return Head(told["ledger"], told["size"], bytes.fromhex(told["root"]), time_of(told["time"]))
    except InvalidInput as error:
        raise Refused(Reason.MALFORMED, f"a head's time cannot be read: {error}") from error


def verify_head(told: Mapping[str, Any], keys: Keys) -> Head:
    """Head whose signature is good.

    Raises      Refused, with the reason.
    """
    head = head_of(told)
    verify_signed(told, keys)
    return head
