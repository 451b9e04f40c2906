"""The last head of a ledger that its party has signed, found where anybody may have written a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.ledger.head import Head, verify_head
from stillwatch.ledger.tables import HEADS
from stillwatch.signing.keys import Keys
from stillwatch.signing.refused import Refused

__all__ = ["Signed", "latest_head"]

_MOST_HEADS: Final = 16


@dataclass(frozen=True, slots=True)
class Signed:
    """A head with a good signature.

    told        As it was signed.
    """

    head: Head
    told: Mapping[str, Any]


def latest_head(connection: Connection, keys: Keys) -> Signed | None:
    """The last head with a good signature among the last few, so that one that was made up takes nothing away."""
    wanted = select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(_MOST_HEADS)
    for told in connection.execute(wanted).scalars():
        try:
            return Signed(verify_head(told, keys), told)
        except (Refused, AttributeError, TypeError):  # no document of a head at all
            continue
    return None
