"""A bundle as the guard sees it: each field with its value, the row of the table that admits it, and its limits."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from stillwatch.share.guard.check import Refusal, check
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.show import limits_of, shown_path
from stillwatch.share.guard.table import FIXED_OBJECTS, ROWS, children
from stillwatch.share.stix.extension import EXTENSION

__all__ = ["Crossing", "Field", "Part", "crossing"]

_SAMPLED: Final = 2
_TAG_DIGITS: Final = 12
_TAGS: Final = ".tags"


@dataclass(frozen=True, slots=True)
class Field:
    """One field that would leave.

    place       Where it stands: its names from the object on, joined by dots.
    value       As text; of tags how many there are, and a few.
    row         Path of the row that admits it; empty where none does.
    kind        Which kind of value the row admits.
    limits      Its limits in words; empty where the kind says it all.
    why         Why it may cross.
    refusals    What the guard has against it.
    """

    place: str
    value: str
    row: str
    kind: str
    limits: str
    why: str
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One object of the bundle.

    name        Of an object that is the same for everybody; of a link what it says; empty for the rest.
    why         Why such objects may cross.
    """

    kind: str
    identifier: str
    name: str
    why: str
    fields: tuple[Field, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same for everybody, to the letter."""
        return not self.fields


@dataclass(frozen=True, slots=True)
class Crossing:
    """All that would leave.

    refusals    What the guard has against the whole or a place of it; none when it may cross.
    n_bytes     Of the document as it is sent.
    """

    parts: tuple[Part, ...]
    refusals: tuple[Refusal, ...]
    n_bytes: int

    @property
    def may_cross(self) -> bool:
        """Whether the guard has nothing against it."""
        return not self.refusals

    @property
    def made(self) -> list[Part]:
        """Objects that the member makes, that of the indicator first."""
        own = [part for part in self.parts if not part.is_fixed]
        return sorted(own, key=lambda part: (part.kind != "indicator", part.kind == "relationship"))

    @property
    def fixed(self) -> list[Part]:
        """Objects that are the same for everybody."""
        return [part for part in self.parts if part.is_fixed]

    @property
    def n_fields(self) -> int:
        """Fields of what the member makes."""
        return sum(len(part.fields) for part in self.parts)


def crossing(document: Mapping[str, Any], n_bytes: int, now: datetime) -> Crossing:
    """A bundle, field by field; the same function that lets it cross has looked at it.

    document    A bundle.
    """
    refusals = tuple(check(dict(document), now=now))
    at: dict[str, list[str]] = {}
    for one in refusals:
        at.setdefault(one.path, []).append(f"{one.explanation} ({one.rule})")
    parts = [_part(made, f"/objects/{number}", at) for number, made in enumerate(document.get("objects", ()))]
    return Crossing(tuple(parts), refusals, n_bytes)


def _part(made: Mapping[str, Any], pointer: str, refused: Mapping[str, Sequence[str]]) -> Part:
    kind, identifier = str(made.get("type", "")), str(made.get("id", ""))
    fixed = FIXED_OBJECTS.get(identifier)
    if fixed is not None and fixed == made:
        name = str(made.get("name", made.get("relationship_type", "")))
        return Part(kind, identifier, name, "the same for everybody, to the letter", ())
    row = ROWS.get(kind)
    fields = tuple(_fields(made, kind, (), pointer, refused)) if row is not None else ()
    return Part(kind, identifier, _link_in(made), "" if row is None else row.why, fields)


def _link_in(made: Mapping[str, Any]) -> str:
    """What a link says: which type of object, how, which other."""
    if made.get("type") != "relationship":
        return ""
    source, target = (str(made.get(end, "")).partition("--")[0] for end in ("source_ref", "target_ref"))
    return f"{source} {made.get('relationship_type', '')} {target}"


def _fields(
    value: Mapping[str, Any], path: str, names: tuple[str, ...], pointer: str, refused: Mapping[str, Sequence[str]]
) -> Iterator[Field]:
    """Fields of an object, in the order of the table; one that the table does not know is named by its place alone."""
    known = [name for name in children(path) if name in value]
    for name in known:
        yield from _field(value[name], ROWS[f"{path}.{name}"], (*names, name), f"{pointer}/{name}", refused)
    for place, name in enumerate(value):
        if name not in known:
            told = ".".join((*names, f"?{place}"))
            yield Field(told, "a field that the table does not know", "", "", "", "", _against(refused, pointer))


def _field(
    value: Any,  # noqa: ANN401 - any JSON
    row: Row,
    names: tuple[str, ...],
    pointer: str,
    refused: Mapping[str, Sequence[str]],
) -> Iterator[Field]:
    if row.kind is Kind.OBJECT and isinstance(value, dict):
        yield from _fields(value, row.path, names, pointer, refused)
    elif row.kind is Kind.LIST and row.path.endswith(_TAGS) and isinstance(value, list):
        yield from _tags(value, row, names, pointer, refused)
    elif row.kind is Kind.LIST and isinstance(value, list):
        inner = ROWS[f"{row.path}[]"]
        yield _of(inner, names, ", ".join(map(_text, value)), _against(refused, pointer))
    else:
        yield _of(row, names, _text(value), _against(refused, pointer))


def _tags(
    tags: Sequence[Mapping[str, Any]],
    row: Row,
    names: tuple[str, ...],
    pointer: str,
    refused: Mapping[str, Sequence[str]],
) -> Iterator[Field]:
    """Tags are counted and sampled: all of them look alike, and none can be read."""
    against = _against(refused, pointer)
    kinds = Counter(str(tag.get("kind")) for tag in tags)
    told = {
        "kind": ", ".join(f"{kind} ({n:,})" for kind, n in kinds.items()),
        "epoch": ", ".join(sorted({str(tag.get("epoch")) for tag in tags})),
        "value": f"{len(tags):,} tags, such as "
        + " and ".join(f"{str(tag.get('value'))[:_TAG_DIGITS]}…" for tag in tags[:_SAMPLED]),
    }
    yield _of(row, names, f"{len(tags):,} tags", against)
    for name, value in told.items():
        yield _of(ROWS[f"{row.path}[].{name}"], (*names, name), value, ())


def _of(row: Row, names: tuple[str, ...], value: str, refusals: tuple[str, ...]) -> Field:
    place = ".".join("stillwatch" if name == EXTENSION else name for name in names)
    return Field(place, value, shown_path(row), row.kind.value, limits_of(row), row.why, refusals)


def _against(refused: Mapping[str, Sequence[str]], pointer: str) -> tuple[str, ...]:
    """Refusals at a place, or below it."""
    return tuple(
        told for path, all_of in refused.items() if path == pointer or path.startswith(f"{pointer}/") for told in all_of
    )


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
