"""What decisions are about: one account's exchanges of one campaign, never all that the account sends."""

import hashlib
from typing import NamedTuple

from stillwatch.model.decision import Facts, Request

__all__ = ["Stream", "place_of", "stream_of"]

_HASH_BYTES = 8
_PLACES = 1 << (8 * _HASH_BYTES)


class Stream(NamedTuple):
    """Name of a stream."""

    campaign_id: str
    account_id: str


def stream_of(request: Request, facts: Facts) -> Stream | None:
    """Accused stream that a request is of; None for everything else its account sends."""
    return None if facts.stream is None else Stream(facts.stream.campaign_id, request.account_id)


def place_of(stream: Stream, key: bytes) -> float:
    """Where a stream stands in a staged roll-out, from 0 to below 1: a stage of 0.1 acts on those below 0.1.

    A stage that grows keeps the streams it had. Without the key nobody knows who comes first, and cannot choose
    account ids to come last.

    key     Of the installation, 16 to 64 bytes.

    >>> 0 <= place_of(Stream("c", "a"), bytes(32)) < 1
    True
    """
    name = f"{len(stream.campaign_id)}:{stream.campaign_id}{stream.account_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(name, key=key, digest_size=_HASH_BYTES).digest()) / _PLACES
