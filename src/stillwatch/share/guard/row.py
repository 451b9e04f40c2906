"""A line of the table of what may cross: where, which kind of value, within which limits, and why."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Kind", "Row"]


class Kind(StrEnum):
    """Kinds of values. None of them has room for free text."""

    OBJECT = "object with these fields and no other"
    ANY = "object of a type in this table"
    FIXED = "object that is the same for everybody"
    LIST = "list without repeats"
    CHOICE = "one of these values"
    TIME = "UTC time with milliseconds"
    WHOLE = "whole number"
    STEPS = "number in steps"
    ID = "id: type and random UUID"
    UUID = "random UUID"
    DIGEST = "SHA-256, 64 hexadecimal digits"
    TAG = "keyed tag, 64 hexadecimal digits"
    SCHEMA = "hash of this table"
    SIGNATURE = "detached JWS of Ed25519 with the key's id and no other header"
    NAME = "pseudonym: member and four digits"
    PATTERN = "behaviour in the words of the pattern language"
    WORDS = "words of a rule, checked for secrets"


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    path        Fields from the document's type on, joined by dots; ``[]`` is what a list holds.
    why         Why it may cross; for a limit, why this one.
    choices     Values of a choice, types of an id, objects that are fixed.
    least, most Of a number, or of a list's length; None: no such limit.
    step        Step of a number.
    required    Whether it must be there.
    allowed     The choices with their types, to look one up: 1, 1.0 and True are equal and not the same.
    """

    path: str
    kind: Kind
    why: str
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    step: float | None = None
    required: bool = True
    allowed: frozenset[tuple[type, Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derived once: choices are looked up more often than anything else."""
        object.__setattr__(self, "allowed", frozenset((type(choice), choice) for choice in self.choices))
