"""What stands around a request and its answer: who asked, when, from where.

Neither OpenAI's nor Anthropic's bodies name the account. It is taken from, in this order: a column of the record beside
request and answer (``account_id``), the names in `ACCOUNT` beside them, the same names in the request's ``metadata``,
the organisation, the end user. When nothing is named the row is without account, and quarantined as such.
"""

from collections.abc import Callable, Iterator
from typing import Any

from stillwatch.ingest.lines import JsonLine, json_lines
from stillwatch.ingest.openai_fields import first, mapping
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Record, Rejected, Source

__all__ = ["envelope_fields", "read_pairs"]

ACCOUNT = ("account_id", "account", "api_key_id", "user_api_key_hash", "customer_id", "tenant_id", "workspace_id")
ORGANISATION = ("organisation_id", "organization_id", "organisation", "organization", "org_id")
TIME = ("time", "timestamp", "created_at", "created", "start_time", "startTime")
END_USER = ("end_user_id", "safety_identifier", "user_id", "user")
COLUMNS = frozenset(EXCHANGE.names)


def envelope_fields(line: dict[str, Any], request: dict[str, Any]) -> dict[str, object]:
    """Columns that stand beside request and answer, or in the request's metadata; only those that are there.

    >>> envelope_fields({"time": 5}, {"metadata": {"account_id": "a"}, "user": "u"})
    {'account_id': 'a', 'time': 5, 'end_user_id': 'u'}
    """
    metadata = mapping(request.get("metadata"))
    organisation = first(line, *ORGANISATION) or first(metadata, *ORGANISATION)
    end_user = first(metadata, *END_USER) or first(request, *END_USER)
    fields = {
        "account_id": first(line, *ACCOUNT) or first(metadata, *ACCOUNT) or organisation or end_user,
        "organisation_id": organisation,
        "time": first(line, *TIME),
        "end_user_id": end_user,
        "session_id": first(metadata, "session_id"),
        "conversation_id": first(metadata, "conversation_id"),
    }
    beside = {name: line[name] for name in COLUMNS & line.keys()}
    return {name: value for name, value in (fields | beside).items() if value is not None}


def read_pairs(source: Source, read: Callable[[JsonLine], Record | Rejected | None], /) -> Iterator[Record | Rejected]:
    """Read each line of a log of pairs; None is a line that is no row."""
    with source.open() as stream:
        for line in json_lines(stream):
            item = read(line) if isinstance(line, JsonLine) else line
            if item is not None:
                yield item
