"""What a collector and a process that reads bodies for it say to one another: a line of JSON, then bytes."""

import json
import os
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.ingest.options import Content
from stillwatch.service.collect.bodies import Body
from stillwatch.service.collect.clock import Now
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.intake import IntakeRules, Together
from stillwatch.service.collect.parcel import Share, packed, unpacked
from stillwatch.service.collect.refusal import Refusal

__all__ = [
    "Unreadable",
    "answer",
    "asked",
    "read_answer",
    "read_bytes",
    "read_line",
    "read_question",
    "rules_line",
    "rules_of",
    "write",
]

_MOST_LINE: Final = 4 << 20
_PART_BYTES: Final = 1 << 20


class Unreadable(Exception):  # noqa: N818 - as `Refusal`
    """A reader's mistake: the class of its error; what the error says may hold what somebody sent."""


def write(handle: int, *parts: bytes) -> None:
    """Write all of it to a pipe.

    Raises  OSError when nobody reads it.
    """
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(handle, view[:_PART_BYTES]) :]


def read_bytes(handle: int, size: int) -> bytearray | None:
    """So many bytes of a pipe; None when it ends before."""
    found = bytearray(size)
    view = memoryview(found)
    while view:
        n = os.readv(handle, [view[:_PART_BYTES]])
        if not n:
            return None
        view = view[n:]
    return found


def read_line(handle: int) -> dict[str, Any] | None:
    """A line of JSON, which comes with its length before it; None when the pipe ends."""
    head = read_bytes(handle, 4)
    size = 0 if head is None else int.from_bytes(head, "little")
    if not 0 < size <= _MOST_LINE:
        return None
    line = read_bytes(handle, size)
    return None if line is None else dict(json.loads(line))


def _line(told: dict[str, Any]) -> bytes:
    line = json.dumps(told).encode()
    return len(line).to_bytes(4, "little") + line


def rules_line(rules: IntakeRules) -> bytes:
    r"""The first that is said: by which rules bodies are read; the salt goes by the pipe, where nobody else looks.

    >>> rules = IntakeRules(b"salt", rows=3)
    >>> import json
    >>> rules_of(json.loads(rules_line(rules)[4:])) == rules
    True
    """
    told = {"salt": rules.salt.hex(), "content": rules.content.value}
    return _line(told | {"keep_days": rules.keep_days, "ahead_s": rules.ahead_s, "rows": rules.rows})


def rules_of(told: dict[str, Any]) -> IntakeRules:
    """Inverse of `rules_line`."""
    salt, content = bytes.fromhex(told["salt"]), Content(told["content"])
    return IntakeRules(salt, content, told["keep_days"], told["ahead_s"], told["rows"])


def asked(bodies: Sequence[Body], now: Now) -> list[bytes]:
    """A question: bodies, and what time it is."""
    kinds = [[body.kind.value, len(body.data)] for body in bodies]
    return [_line({"now": list(now), "bodies": kinds}), *(body.data for body in bodies)]


def read_question(handle: int) -> tuple[list[Body], Now] | None:
    """The next question; None when there will be none."""
    told = read_line(handle)
    if told is None:
        return None
    bodies = []
    for kind, size in told["bodies"]:
        data = read_bytes(handle, size)
        if data is None:
            return None
        bodies.append(Body(bytes(data), BodyFormat(kind)))
    return bodies, Now(*told["now"])


def answer(together: Together) -> list[bytes]:
    """What bodies hold, body by body."""
    data = packed(together.parcel)
    return [_line({"size": len(data), "parts": [_part(part) for part in together.parts]}), data]


def _part(part: Share | Exception) -> dict[str, Any]:
    if isinstance(part, Share):
        return {"rows": [part.start, part.stop], "aside": part.aside.num_rows}
    if isinstance(part, Refusal):
        return {"status": part.status.value, "reason": part.reason, "retry_after_s": part.retry_after_s}
    return {"failed": type(part).__name__}


def read_answer(handle: int) -> Together | None:
    """The answer; None when it breaks off.

    Raises  InvalidInput when it is none.
    """
    told = read_line(handle)
    data = None if told is None else read_bytes(handle, told["size"])
    if told is None or data is None:
        return None
    parcel, at = unpacked(bytes(data)), 0
    parts: list[Share | Exception] = []
    for part in told["parts"]:
        if "rows" in part:
            start, stop = part["rows"]
            parts.append(Share(start, stop, parcel.aside.slice(at, part["aside"])))
            at += part["aside"]
        elif "status" in part:
            parts.append(Refusal(HTTPStatus(part["status"]), part["reason"], part["retry_after_s"]))
        else:
            parts.append(Unreadable(part["failed"]))
    if at != parcel.aside.num_rows:
        message = f"{parcel.aside.num_rows} rows were put aside, and bodies account for {at}"
        raise InvalidInput(message)
    return Together(parcel, parts)
