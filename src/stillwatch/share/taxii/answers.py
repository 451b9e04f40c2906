"""Answers of the TAXII server: resources, envelopes of raw documents, error messages.

References
----------
TAXII 2.1, section 3.6.1 (error message), 3.7 (envelope), 5.3.1 (manifest), 5.8.1 (versions).
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from stillwatch.share.access.collections import Collection
from stillwatch.share.taxii.media import STIX_TYPE, TAXII_TYPE
from stillwatch.share.taxii.moments import timestamp
from stillwatch.share.taxii.selection import Page, Record
from stillwatch.web.problem import Problem

__all__ = ["added", "collection_resource", "envelope", "error", "manifest_record", "problem", "resource"]


def resource(
    value: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """A resource as TAXII sends it."""
    return Response(orjson.dumps(value), status, headers, TAXII_TYPE)


def error(status: HTTPStatus, description: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error message."""
    told = {"title": status.phrase, "description": description, "http_status": str(status.value)}
    return resource(told, status, headers)


def problem(wrong: Problem) -> Response:
    """The error message of a refused request."""
    return error(wrong.status, wrong.description, wrong.headers)


def collection_resource(collection: Collection) -> dict[str, Any]:
    """A collection as its member sees it."""
    told = {"id": collection.collection_id, "title": collection.title, "description": collection.description}
    rights = {"can_read": collection.can_read, "can_write": collection.can_write, "media_types": [STIX_TYPE]}
    return {k: v for k, v in (told | {"alias": collection.alias} | rights).items() if v is not None}


def envelope(found: Page, cursor: str | None) -> Response:
    """Objects of a page; the documents are sent as they lie in the store."""
    head = {"more": found.more} | ({"next": cursor} if cursor else {}) if found.records else {}
    start = orjson.dumps(head)[:-1]
    documents = b",".join(record.document for record in found.records if record.document is not None)
    body = start + b',"objects":[' + documents + b"]}" if found.records else b"{}"
    return Response(body, HTTPStatus.OK, added(found.records), TAXII_TYPE)


def manifest_record(record: Record) -> dict[str, str]:
    """What a manifest says of one object."""
    when = {"id": record.object_id, "date_added": timestamp(record.added_us), "version": record.version}
    return when | {"media_type": STIX_TYPE}


def added(records: Sequence[Record]) -> dict[str, str]:
    """Headers that say when the first and the last of the records were added."""
    if not records:
        return {}
    first, last = timestamp(records[0].added_us), timestamp(records[-1].added_us)
    return {"X-TAXII-Date-Added-First": first, "X-TAXII-Date-Added-Last": last}
