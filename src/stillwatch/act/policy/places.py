"""Where in a TOML file a table or key stands: the parser of the standard library does not tell."""

import re
from typing import Final

__all__ = ["Places"]

_HEAD: Final = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+)((?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*\]")
_KEY: Final = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*[.=]")
_QUOTES: Final = ('"""', "'''")


class Places:
    r"""Lines of the tables of an array by number, and of their keys.

    >>> Places("a = 1\n[[rule]]\nname = 'x'\n").line("rule", 0, "name")
    3
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        self._counts: dict[str, int] = {}
        self._table = ("", 0)
        inside = ""
        for number, line in enumerate(text.split("\n"), 1):
            if not inside:
                self._look(line, number)
            inside = _left_open(line, inside)

    def line(self, table: str = "", index: int = 0, key: str = "") -> int:
        """Line of a key of the table with that number, else of the table, else 0."""
        return self._lines.get((table, index, key)) or self._lines.get((table, index, ""), 0)

    def _look(self, line: str, number: int) -> None:
        if head := _HEAD.match(line):
            bracket, name, rest = head.groups()
            if rest:  # a table in the table before
                self._lines.setdefault((*self._table, rest.strip(" .").partition(".")[0].strip()), number)
                return
            if bracket == "[[":
                self._counts[name] = self._counts.get(name, -1) + 1
            self._table = (name, self._counts.get(name, 0))
            self._lines.setdefault((*self._table, ""), number)
        elif key := _KEY.match(line):
            self._lines.setdefault((*self._table, key[1]), number)


def _left_open(line: str, inside: str) -> str:
    """Quotes of the text over several lines that is open after a line; empty when none is."""
    at = 0
    while at < len(line):
        if inside:
            end = line.find(inside, at)
            if end < 0:
                return inside
            at, inside = end + 3, ""
        elif line[at] == "#":
            return ""
        elif line[at : at + 3] in _QUOTES:
            at, inside = at + 3, line[at : at + 3]
        elif line[at] in "\"'":
            at = _after(line, at)
        else:
            at += 1
    return inside


def _after(line: str, at: int) -> int:
    """Place behind a text in single quotes that starts here."""
    quote, at = line[at], at + 1
    while at < len(line) and line[at] != quote:
        at += 2 if quote == '"' and line[at] == "\\" else 1
    return at + 1
