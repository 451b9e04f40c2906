"""A hash of an exchange that proves it once it is shown, and tells nothing before.

The hash is SHA-256 of a salt of 32 bytes and the row as canonical JSON. Without a salt, whoever has the hash could try
prompts until one fits; so the salt is not handed out with the hash but with the row, when that is disclosed. It is
made from the service's secret and the exchange's id: the same exchange has the same hash in every bundle, so that what
is disclosed next year is held against the bundle of today, and nothing has to be kept but the secret.

References: RFC 8785 (2020), canonical JSON.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import rfc8785

from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import InvalidInput
from stillwatch.signing.stamp import stamp

__all__ = ["canonical_row", "commitment_of", "salt_of"]

_USE: Final = "evidence salt"


def canonical_row(row: Mapping[str, Any]) -> str:
    """An exchange as canonical JSON: what is not known is left out, the time is spelled as in the ledger.

    Raises      InvalidInput for what is no JSON.

    >>> canonical_row({"exchange_id": "x", "output_text": None, "temperature": 1.0})
    '{"exchange_id":"x","temperature":1}'
    """
    told = {n: stamp(v) if isinstance(v, datetime) else v for n, v in row.items() if v is not None}
    try:
        return rfc8785.dumps(told).decode()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        message = "an exchange must be text, numbers that everybody reads alike, and times, to be hashed"
        raise InvalidInput(message) from error


def salt_of(secret: ServiceSecret, exchange_id: str) -> bytes:
    """Salt of an exchange, 32 bytes."""
    return secret.mac(_USE, exchange_id.encode())


def commitment_of(salt: bytes, row: str) -> str:
    """Hash of a row as `canonical_row` spells it, 64 hexadecimal digits."""
    return hashlib.sha256(salt + row.encode()).hexdigest()
