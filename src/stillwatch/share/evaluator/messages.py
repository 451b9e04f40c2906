"""What asker and evaluator send one another: JSON of one form, everything else refused.

::

    POST /v1/evaluate  {"purpose": "check", "epoch": 2969, "elements": [base64 of 32 bytes, ...]}
                       {"epoch": 2969, "elements": [...], "proof": base64 of 64 bytes, "left": 1998976}
    GET /v1/keys       {"days": 7, "keys": {"2969": base64 of 32 bytes, ...}}
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from stillwatch.errors import InvalidInput
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.oprf.group import ELEMENT_BYTES, read_element
from stillwatch.share.oprf.proof import PROOF_BYTES
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = [
    "ELEMENTS",
    "LARGEST_ASK",
    "LARGEST_REPLY",
    "Ask",
    "Reply",
    "read_ask",
    "read_keys",
    "read_reply",
    "write_ask",
    "write_keys",
    "write_reply",
]

ELEMENTS: Final = 1_024
"""Most elements of one request."""
LARGEST_ASK: Final = 64 << 10
"""Bytes: 1,024 elements take 48,128 and the rest little."""
LARGEST_REPLY: Final = LARGEST_ASK
_DEPTH: Final = 2
_EPOCHS: Final = 2**31
_EPOCH: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Ask:
    """Elements to evaluate, 32 bytes each; whether they are any is not known yet."""

    purpose: Purpose
    epoch: int
    elements: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Evaluated elements, their proof, and what is left of the budget."""

    epoch: int
    elements: tuple[bytes, ...]
    proof: bytes
    left: int


def _object(data: bytes, largest: int, names: frozenset[str]) -> dict[str, Any]:
    """A JSON object with exactly these names."""
    try:
        found = parse(data, largest, _DEPTH)
    except Refused as error:
        raise InvalidInput(str(error)) from None
    if found.keys() != names:
        message = f"a message must be a JSON object with exactly {', '.join(sorted(names))}"
        raise InvalidInput(message)
    return found


def _number(value: object, name: str, largest: int) -> int:
    if type(value) is not int or not 0 <= value < largest:
        message = f"{name} must be a whole number from 0 to {largest - 1}"
        raise InvalidInput(message)
    return value


def _bytes(value: object, size: int) -> bytes:
    """Bytes of exactly this length from their only base64 form."""
    try:
        found = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != size or base64.b64encode(found).decode() != value:
        message = f"an element or a proof must be the base64 of {size} bytes"
        raise InvalidInput(message)
    return found


def _elements(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= ELEMENTS:
        message = f"elements must be a list of 1 to {ELEMENTS}"
        raise InvalidInput(message)
    return tuple(_bytes(one, ELEMENT_BYTES) for one in value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_ask(ask: Ask) -> bytes:
    """Body of a request."""
    return orjson.dumps(
        {"purpose": ask.purpose.value, "epoch": ask.epoch, "elements": [_text(one) for one in ask.elements]}
    )


def read_ask(data: bytes) -> Ask:
    """Request out of its body.

    Raises      InvalidInput, which shows nothing of it.

    >>> read_ask(write_ask(Ask(Purpose.CHECK, 7, (bytes(32),)))).purpose
    <Purpose.CHECK: 'check'>
    """
    found = _object(data, LARGEST_ASK, frozenset({"purpose", "epoch", "elements"}))
    if found["purpose"] not in [purpose.value for purpose in Purpose]:
        message = f"purpose must be one of {', '.join(Purpose)}"
        raise InvalidInput(message)
    return Ask(Purpose(found["purpose"]), _number(found["epoch"], "epoch", _EPOCHS), _elements(found["elements"]))


def write_reply(reply: Reply) -> bytes:
    """Body of an answer."""
    elements = [_text(one) for one in reply.elements]
    return orjson.dumps({"epoch": reply.epoch, "elements": elements, "proof": _text(reply.proof), "left": reply.left})


def read_reply(data: bytes) -> Reply:
    """Answer out of its body.

    Raises      InvalidInput, which shows nothing of it.
    """
    found = _object(data, LARGEST_REPLY, frozenset({"epoch", "elements", "proof", "left"}))
    proof, left = _bytes(found["proof"], PROOF_BYTES), _number(found["left"], "left", 2**53)
    return Reply(_number(found["epoch"], "epoch", _EPOCHS), _elements(found["elements"]), proof, left)


def write_keys(days: int, keys: Mapping[int, bytes]) -> bytes:
    """Body with the public keys."""
    return orjson.dumps({"days": days, "keys": {str(epoch): _text(key) for epoch, key in keys.items()}})


def read_keys(data: bytes) -> tuple[int, dict[int, bytes]]:
    """Length of an epoch in days, and public keys by epoch.

    Raises      InvalidInput if the body is no such thing or a key is no element.
    """
    found = _object(data, LARGEST_REPLY, frozenset({"days", "keys"}))
    keys = found["keys"]
    if not isinstance(keys, dict) or len(keys) > 512 or not all(_EPOCH.fullmatch(k) for k in keys):
        message = "keys must be an object of at most 512 epochs"
        raise InvalidInput(message)
    days = _number(found["days"], "days", 367)
    return days, {_number(int(k), "epoch", _EPOCHS): read_element(_bytes(v, ELEMENT_BYTES)) for k, v in keys.items()}
