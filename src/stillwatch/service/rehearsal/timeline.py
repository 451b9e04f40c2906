"""The timeline: what happened, when in the story and when on the wall, a line or two each."""

import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["HEAD", "WIDTH", "Entry", "Timeline", "lines_of"]

WIDTH: Final = 110
HEAD: Final = f"{'simulated':<9}  {'seconds':>7}  what"
_INDENT: Final = 31


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    at      In the story; None for what is of no time in it.
    wall_s  Seconds since the rehearsal began.
    what    One word.
    text    A sentence with its figures.
    figures The same for a program.
    mark    Word for a picture; empty for none.
    """

    at: datetime | None
    wall_s: float
    what: str
    text: str
    figures: dict[str, Any] = field(default_factory=dict)
    mark: str = ""


class Timeline:
    """Entries so far; each is told as it comes.

    say     Takes lines.
    now     Time of the story; None until there is a story.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._began_s = say, time.monotonic()
        self.now: Callable[[], datetime] | None = None
        self.entries: list[Entry] = []

    def note(self, what: str, text: str, /, *, mark: str = "", **figures: Any) -> None:  # noqa: ANN401 - JSON
        """Something happened."""
        at = None if self.now is None else self.now()
        entry = Entry(at, time.monotonic() - self._began_s, what, text, figures, mark)
        self.entries.append(entry)
        for line in lines_of(entry):
            self._say(line)


def lines_of(entry: Entry) -> Iterator[str]:
    """An entry as lines of at most `WIDTH` characters, the further ones indented.

    >>> list(lines_of(Entry(None, 1.26, "alarm", "2 campaigns")))
    ['               1.3  alarm      2 campaigns']
    """
    at = "" if entry.at is None else f"{entry.at:%a %H:%M}"
    start = f"{at:<9}  {entry.wall_s:>7.1f}  {entry.what:<9}  "
    wrapped = textwrap.wrap(entry.text, WIDTH - _INDENT, break_on_hyphens=False) or [""]
    yield f"{start}{wrapped[0]}".rstrip()
    for line in wrapped[1:]:
        yield " " * _INDENT + line
