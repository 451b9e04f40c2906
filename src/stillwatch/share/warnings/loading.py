"""Read warning lists from files: JSON as MISP keeps them, or text with an address, a block or a domain a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.warnings.domains import parsed_domain
from stillwatch.share.warnings.prefixes import Prefix, parsed_prefix

__all__ = ["MOST_BYTES", "MOST_ENTRIES", "LoadedList", "Problem", "read_list"]

MOST_BYTES: Final = 64 << 20
MOST_ENTRIES: Final = 2_000_000
_MOST_CHARACTERS: Final = 260
_MOST_TOLD: Final = 100
_KINDS: Final = frozenset({"cidr", "hostname", "string"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a file was not taken; `line` counts from 1, 0 is the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """The message and its place."""
        return f"{self.message} ({self.file}:{self.line})"


@dataclass(slots=True)
class LoadedList:
    """One list as it was read.

    problems    The first 100 entries that were not taken; `n_refused` counts all.
    """

    name: str
    prefixes: list[Prefix] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_refused: int = 0

    def take(self, text: str, file: str, line: int) -> None:
        """Add an entry, or the problem with it."""
        prefix = parsed_prefix(text) if len(text) <= _MOST_CHARACTERS else None
        domain = parsed_domain(text) if prefix is None and len(text) <= _MOST_CHARACTERS else None
        if prefix is not None:
            self.prefixes.append(prefix)
        elif domain is not None:
            self.domains.append(domain)
        else:
            self.refuse("an entry must be an address, a block without bits after its prefix, or a domain", file, line)

    def refuse(self, message: str, file: str, line: int) -> None:
        """Count a problem, and keep it while there are few."""
        self.n_refused += 1
        if len(self.problems) < _MOST_TOLD:
            self.problems.append(Problem(file, line, message))


def read_list(path: Path) -> LoadedList:
    """Entries of one file, and every one that could not be taken, with its line.

    JSON (MISP's warning lists): an object with ``name``, ``list`` and ``type`` cidr, hostname or string. Text: one
    entry a line, empty lines and what follows ``#`` do not count.

    Raises      UnreadableSource if the file cannot be read, is no text or too large; InvalidInput if its JSON is no
                warning list, or of a type whose entries are no addresses or domains.
    """
    text = _text(path)
    loaded = LoadedList(path.stem)
    entries: Iterable[tuple[str, int]]
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        found = _document(text, path)
        loaded.name = str(found.get("name", path.stem))[:_MOST_CHARACTERS]
        entries = _json_entries(found["list"], text, loaded, path.name)
    else:
        entries = _lines(text)
    for n, (entry, line) in enumerate(entries):
        if n >= MOST_ENTRIES:
            loaded.refuse(f"a list has at most {MOST_ENTRIES:,} entries, the rest was not read", path.name, line)
            break
        loaded.take(entry, path.name, line)
    return loaded


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8")
    except OSError as error:
        msg = f"cannot read the warning list {path}: {error.strerror}"
        raise UnreadableSource(msg) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        msg = f"a warning list must be UTF-8 ({path}:{line})"
        raise UnreadableSource(msg) from error
    if len(data) > MOST_BYTES:
        msg = f"a warning list must have at most {MOST_BYTES >> 20} MiB, {path} is larger"
        raise UnreadableSource(msg)
    return text


def _document(text: str, path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(text.lstrip("\ufeff"))
    except orjson.JSONDecodeError as error:
        msg = f"not JSON ({path}:{error.lineno})"
        raise InvalidInput(msg) from error
    if not isinstance(found, dict) or not isinstance(found.get("list"), list):
        msg = f"a warning list must be an object with a list of entries ({path}:1)"
        raise InvalidInput(msg)
    if found.get("type", "cidr") not in _KINDS:
        msg = f"a warning list must be of type {', '.join(sorted(_KINDS))} ({path}:1)"
        raise InvalidInput(msg)
    return found


def _lines(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        entry = line.partition("#")[0].strip()
        if entry:
            yield entry, number


def _json_entries(entries: list[Any], text: str, loaded: LoadedList, file: str) -> Iterator[tuple[str, int]]:
    """Entries with the line that each is on: found one after the other, as they are in the text."""
    at = max(text.find('"list"'), 0)
    line = 1 + text.count("\n", 0, at)
    for entry in entries:
        needle = f'"{entry}"' if isinstance(entry, str) else orjson.dumps(entry).decode()
        found = text.find(needle, at)
        if found >= 0:
            line += text.count("\n", at, found)
            at = found + len(needle)
        if isinstance(entry, str):
            yield entry, line
        else:
            loaded.refuse(f"an entry must be text, got {type(entry).__name__}", file, line)
