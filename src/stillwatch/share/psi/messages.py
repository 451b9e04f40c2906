"""What two members send one another for a back-search: a header, then rows of one length; anything else is refused.

::

    header    "SWPS", version, form (1 byte each), kind (16 bytes), epoch (8), rows (4), big-endian
    set-up    rows of 8 bytes, ascending: marks of the holder's values under its key
    request   rows of 32 bytes: the asker's values under its key, in its order
    counted   rows of 32 bytes, ascending: the same under both keys; ascending, so that nothing tells which is which
    revealed  rows of 32 bytes: the same in the order of the request
"""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import ELEMENT_BYTES

__all__ = ["LARGEST", "MARK_BYTES", "ROUNDED_TO", "Form", "Message", "read_message", "write_message"]

MARK_BYTES: Final = 8
ROUNDED_TO: Final = 4_096
"""Rows of every message are a multiple, the rest random, so that nobody learns how many values the other has."""


class Form(IntEnum):
    """Which message it is."""

    SETUP = 1
    REQUEST = 2
    COUNTED = 3
    REVEALED = 4


LARGEST: Final = {Form.SETUP: 8 << 20, Form.REQUEST: 1 << 18, Form.COUNTED: 1 << 18, Form.REVEALED: 1 << 18}
"""Most rows of each form."""
_SIZE: Final = {form: MARK_BYTES if form is Form.SETUP else ELEMENT_BYTES for form in Form}
_HEADER: Final = struct.Struct(">4sBB16sQI")
_MAGIC: Final = b"SWPS"
_VERSION: Final = 1


class Message(NamedTuple):
    """A message taken apart; rows are uint8[n, 8] or uint8[n, 32]."""

    form: Form
    kind: SignalKind
    epoch: int
    rows: NDArray[np.uint8]


def write_message(message: Message) -> bytes:
    """Bytes of a message."""
    form, kind, epoch, rows = message
    return _HEADER.pack(_MAGIC, _VERSION, form, kind.value.encode(), epoch, len(rows)) + rows.tobytes()


def read_message(data: bytes, form: Form, kind: SignalKind, epoch: int) -> Message:
    """Message of the form, kind and epoch that is awaited.

    Raises      InvalidInput for anything else, and for a length that does not fit; it shows nothing of the rows.

    >>> rows = np.zeros((4096, 8), np.uint8)
    >>> data = write_message(Message(Form.SETUP, SignalKind.TLS, 7, rows))
    >>> read_message(data, Form.SETUP, SignalKind.TLS, 7).rows.shape
    (4096, 8)
    """
    expected = _HEADER.pack(_MAGIC, _VERSION, form, kind.value.encode(), epoch, 0)[:-4]
    if len(data) < _HEADER.size or data[: len(expected)] != expected:
        message = f"a message must be a {form.name.lower()} of version {_VERSION} for {kind}, epoch {epoch}"
        raise InvalidInput(message)
    n: int = _HEADER.unpack_from(data)[-1]
    size = _SIZE[form]
    if not 0 < n <= LARGEST[form] or n % ROUNDED_TO or len(data) != _HEADER.size + n * size:
        message = (
            f"a {form.name.lower()} must be a multiple of {ROUNDED_TO} rows of {size} bytes, at most {LARGEST[form]}, "
            f"got {n} rows in {len(data)} bytes"
        )
        raise InvalidInput(message)
    return Message(form, kind, epoch, np.frombuffer(data, np.uint8, n * size, _HEADER.size).reshape(n, size))
