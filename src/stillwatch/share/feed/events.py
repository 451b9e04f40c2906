"""Parse server-sent events from bytes as they arrive.

References
----------
HTML Living Standard, section 9.2.6 (interpreting an event stream).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stillwatch.errors import UnreadableSource

__all__ = ["MAX_EVENT_BYTES", "Parser", "Sent"]

MAX_EVENT_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """An event: its id, its name and its data; a comment is an event without any."""

    event_id: str
    name: str
    data: str


class Parser:
    r"""Takes pieces of a stream, gives whole events.

    Lines end with a line feed, with or without a carriage return; a lone carriage return, which the standard allows,
    does not end one. JSON's own separators of lines stay where they are.

    >>> parser = Parser()
    >>> list(parser.feed(b"id: 1\nda")), list(parser.feed(b"ta: x\n\n"))
    ([], [Sent(event_id='1', name='message', data='x')])
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._fields: dict[str, list[str]] = {}
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[Sent]:
        """Events that end within the piece.

        Raises      UnreadableSource for an event that is too large or not UTF-8.
        """
        self._rest += piece
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        if len(rest) > MAX_EVENT_BYTES:
            raise _too_large()
        for line in lines:
            self._size += len(line)
            if self._size > MAX_EVENT_BYTES:
                raise _too_large()
            found = self._take(line.removesuffix(b"\r"))
            if found is not None:
                yield found

    def _take(self, line: bytes | bytearray) -> Sent | None:
        if not line:
            fields, self._fields, self._size = self._fields, {}, 0
            if "data" not in fields:
                return None
            last = {name: values[-1] for name, values in fields.items()}
            return Sent(last.get("id", ""), last.get("event", "message"), "\n".join(fields["data"]))
        try:
            name, _, value = line.decode().partition(":")
        except UnicodeDecodeError as error:
            message = "the feed must be UTF-8"
            raise UnreadableSource(message) from error
        if name:
            self._fields.setdefault(name, []).append(value.removeprefix(" "))
        return None


def _too_large() -> UnreadableSource:
    return UnreadableSource(f"an event of the feed must have {MAX_EVENT_BYTES} bytes at most")
