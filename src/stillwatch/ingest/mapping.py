"""A mapping: a small TOML file that says which columns of a foreign log are which.

::

    [columns]
    exchange_id = "request.id"                      # a column, or a dotted path into JSON and Parquet structs
    time = { column = "ts", unit = "ms" }           # s, ms, us, ns; or format = "%d/%b/%Y:%H:%M:%S %z"
    account_id = { column = "api_key", hash = true }    # keyed hash: the secret itself goes no further
    provider = { value = "acme" }                   # the same in every row
    prompt_text = "messages.-1.content"             # numbers count list items, -1 is the last

    [source]
    delimiter = ";"                                 # CSV only; found by itself when absent

Times without `unit` and `format` are read as everywhere: RFC 3339, or numbers since 1970 by their magnitude.
"""

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from stillwatch.errors import InvalidInput
from stillwatch.ingest.coerce import Unfit, coerce
from stillwatch.ingest.options import Limits
from stillwatch.ingest.rules import Kind, Rule, rules_of
from stillwatch.ingest.times import EPOCH_UNITS
from stillwatch.model.exchange import EXCHANGE

__all__ = ["MappedColumn", "Mapping", "parse_mapping", "read_mapping"]

KEYS = ("column", "value", "unit", "format", "hash")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """Where one column of the record comes from.

    column  Source column or dotted path; None when `value` is the same for every row.
    unit    Unit of a numeric time: s, ms, us or ns; None finds it by magnitude.
    format  Format of a textual time as `datetime.strptime` takes it; without a zone it is UTC.
    """

    name: str
    column: str | None
    value: object = None
    unit: str | None = None
    format: str | None = None
    is_secret: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """All mapped columns, and the delimiter of CSV files (None: found by itself)."""

    name: str
    columns: tuple[MappedColumn, ...]
    delimiter: str | None = None


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises      InvalidInput with every problem and its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the mapping {path} cannot be read: {getattr(error, 'strerror', None) or 'invalid UTF-8'}"
        raise InvalidInput(message) from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str) -> Mapping:
    r"""Parse a mapping; `name` is what messages call it.

    >>> parse_mapping('[columns]\nexchange_id = "id"\ntime = "ts"\naccount_id = "key"', "m.toml").columns[1].column
    'ts'
    >>> parse_mapping('[columns]\nexchange_id = 1\ntimes = "ts"', "m.toml")
    Traceback (most recent call last):
    stillwatch.errors.InvalidInput: exchange_id must be a column name or a table, got int (m.toml:2)
    times is no column of the record, time is (m.toml:3)
    time is required and not mapped (m.toml)
    account_id is required and not mapped (m.toml)
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"the mapping is not TOML: {error} ({name})"
        raise InvalidInput(message) from error
    parser = _Parser(text, name)
    mapping = parser.mapping(document)
    if parser.problems:
        raise InvalidInput("\n".join(parser.problems))
    return mapping


class _Parser:
    """Collects every problem of one document instead of stopping at the first."""

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self._name = name
        self._rules = {rule.column: rule for rule in rules_of(EXCHANGE, Limits())}
        self.problems: list[str] = []

    def mapping(self, document: dict[str, object]) -> Mapping:
        columns = document.get("columns", {})
        if not isinstance(columns, dict):
            self._problem("columns", "columns must be a table")
            columns = {}
        for section in document.keys() - {"columns", "source"}:
            self._problem(section, f"{section} is unknown, columns and source are the sections")
        found = tuple(mapped for name, given in columns.items() if (mapped := self._column(name, given)) is not None)
        for rule in self._rules.values():
            if rule.required and rule.column not in columns:
                self.problems.append(f"{rule.column} is required and not mapped ({self._name})")
        return Mapping(self._name, found, self._delimiter(document.get("source", {})))

    def _delimiter(self, source: object) -> str | None:
        if not isinstance(source, dict):
            self._problem("source", "source must be a table")
            return None
        for key in source.keys() - {"delimiter"}:
            self._problem(key, f"{key} is unknown, delimiter is the only key of source")
        delimiter = source.get("delimiter")
        if delimiter is not None and not (
            isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n'
        ):
            self._problem("delimiter", "delimiter must be one character that is no quote and no line end")
            return None
        return delimiter

    def _column(self, name: str, given: object) -> MappedColumn | None:
        rule = self._rules.get(name)
        if rule is None:
            close = difflib.get_close_matches(name, self._rules, 1)
            self._problem(name, f"{name} is no column of the record" + (f", {close[0]} is" if close else ""))
            return None
        table = {"column": given} if isinstance(given, str) else given
        if not isinstance(table, dict):
            self._problem(name, f"{name} must be a column name or a table, got {type(given).__name__}")
            return None
        problems = [*_key_problems(table), *_time_problems(table, rule), *_value_problems(table, rule)]
        for problem in problems:
            self._problem(name, f"{name}: {problem}")
        if problems:
            return None
        return MappedColumn(
            name,
            table.get("column"),
            table.get("value"),
            table.get("unit"),
            table.get("format"),
            is_secret=table.get("hash", False),
            line=self._line(name),
        )

    def _problem(self, key: str, what: str) -> None:
        line = self._line(key)
        self.problems.append(f"{what} ({self._name}{f':{line}' if line else ''})")

    def _line(self, key: str) -> int:
        """Line on which `key` is set or heads a table, from 1; 0 when it cannot be found."""
        quoted = rf"[\"']?{re.escape(key)}[\"']?"
        pattern = re.compile(rf"\s*(\[?(columns|source)\.)?{quoted}\s*[=.\]]|\s*\[{quoted}[\].]")
        return next((i for i, line in enumerate(self._lines, 1) if pattern.match(line)), 0)


def _key_problems(table: dict[str, object]) -> list[str]:
    problems = [f"{key} is unknown, {', '.join(KEYS)} are the keys" for key in table if key not in KEYS]
    if ("column" in table) == ("value" in table):
        problems.append("needs either column or value")
    if "column" in table and not (isinstance(table["column"], str) and table["column"]):
        problems.append("column must be a name")
    if not isinstance(table.get("hash", False), bool):
        problems.append("hash must be true or false")
    return problems


def _time_problems(table: dict[str, object], rule: Rule) -> list[str]:
    given = [key for key in ("unit", "format") if key in table]
    if given and rule.kind is not Kind.TIME:
        return [f"{key} is for times only" for key in given]
    if len(given) > 1:
        return ["unit and format exclude each other"]
    if "unit" in table and table["unit"] not in EPOCH_UNITS:
        return [f"unit must be one of {', '.join(EPOCH_UNITS)}"]
    return ["format must be text"] if not isinstance(table.get("format", ""), str) else []


def _value_problems(table: dict[str, object], rule: Rule) -> list[str]:
    problems = []
    if table.get("hash") and (not rule.is_string() or "value" in table):
        problems.append("hash is for columns of text only")
    if "value" not in table:
        return problems
    if rule.column == "exchange_id":
        problems.append("value would make every row a duplicate of the first")
    try:
        coerce(table["value"], rule)
    except Unfit as reason:
        problems.append(f"value: {reason}")
    return problems
