"""What every column must look like: one rule a column, read off the schema."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from stillwatch.ingest.options import Limits
from stillwatch.model.exchange import TIME_TYPE

__all__ = ["Kind", "Rule", "rules_of"]

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1
TEXTS = frozenset({"system_text", "prompt_text", "output_text"})
RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 100),
    "top_p": (0, 1),
    "cost_usd": (0, 1e9),
    "status_code": (100, 599),
    "client_asn": (0, 2**32 - 1),
}


class Kind(StrEnum):
    """What a column holds, which decides the checks it gets.

    An id may not hold NUL characters: stores cut it off there, and two ids would become one. Texts and labels keep
    theirs. An empty id or label is null: "unknown" must not look like a value that accounts share.
    """

    ID = "id"
    LABEL = "label"
    TEXT = "text"
    ADDRESS = "address"
    COUNT = "count"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Rule:
    """Checks of one column.

    low, high   Inclusive range: value for counts and numbers, microseconds since 1970 for times, bytes for strings.
    """

    column: str
    type: pa.DataType
    kind: Kind
    low: float
    high: float
    required: bool

    def is_string(self) -> bool:
        """Whether the column holds text of some kind."""
        return bool(pa.types.is_string(self.type))


def rules_of(schema: pa.Schema, limits: Limits) -> tuple[Rule, ...]:
    """Rules of all columns, in the schema's order.

    >>> from stillwatch.model.exchange import EXCHANGE
    >>> rule = next(r for r in rules_of(EXCHANGE, Limits()) if r.column == "output_tokens")
    >>> rule.kind, rule.low, rule.high
    (<Kind.COUNT: 'count'>, 0, 2147483647)
    """
    return tuple(_rule(field, limits) for field in schema)


def _rule(field: pa.Field, limits: Limits) -> Rule:
    kind = _kind(field)
    low, high = _range(field, kind, limits)
    return Rule(field.name, field.type, kind, low, high, required=not field.nullable)


def _kind(field: pa.Field) -> Kind:
    if field.name in TEXTS:
        return Kind.TEXT
    if field.name == "client_address":
        return Kind.ADDRESS
    if pa.types.is_string(field.type):
        return Kind.ID if field.name.endswith("_id") else Kind.LABEL
    if field.type == TIME_TYPE:
        return Kind.TIME
    if pa.types.is_boolean(field.type):
        return Kind.FLAG
    return Kind.COUNT if pa.types.is_integer(field.type) else Kind.NUMBER


def _range(field: pa.Field, kind: Kind, limits: Limits) -> tuple[float, float]:
    if field.name in RANGES:
        return RANGES[field.name]
    if kind is Kind.TIME:
        return round(limits.first().timestamp() * 1e6), round(limits.latest().timestamp() * 1e6)
    if kind is Kind.COUNT:
        return 0, INT32_MAX if field.type == pa.int32() else INT64_MAX
    return 0, limits.text_bytes if kind is Kind.TEXT else limits.label_bytes
