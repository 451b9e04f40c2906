"""What each TAXII endpoint does with a request that has passed the door.

References
----------
TAXII 2.1, chapters 4 (server information) and 5 (collections).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collection
from stillwatch.share.access.login import Member
from stillwatch.share.taxii.admission import Admit, prepare
from stillwatch.share.taxii.answers import added, collection_resource, envelope, manifest_record, resource
from stillwatch.share.taxii.body import MAX_CONTENT_LENGTH, envelope_of
from stillwatch.share.taxii.filters import ID, Filters, filters_of
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.publishing import NotYours
from stillwatch.share.taxii.selection import Page
from stillwatch.share.taxii.store import Store
from stillwatch.web.problem import Problem

__all__ = ["API_ROOT", "DISCOVERY", "Ask", "Endpoints", "Server"]

DISCOVERY: Final = "/taxii2/"
API_ROOT: Final = "/forum/"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself.

    url     Where clients reach it, without a slash at the end; empty: API roots are told relative to the discovery.
    """

    title: str = "stillwatch forum"
    description: str = "Signals of model distillation, shared without customers"
    contact: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request by a known member."""

    member: Member
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class Endpoints:
    """One method an endpoint."""

    def __init__(self, store: Store, access: Access, admit: Admit, server: Server) -> None:
        self._store = store
        self._access = access
        self._admit = admit
        self._server = server

    def discovery(self, ask: Ask) -> Response:  # noqa: ARG002 - the same for everybody
        """Section 4.1."""
        root = self._server.url + API_ROOT
        told = {"title": self._server.title, "description": self._server.description, "contact": self._server.contact}
        return resource({k: v for k, v in told.items() if v} | {"default": root, "api_roots": [root]})

    def api_root(self, ask: Ask) -> Response:  # noqa: ARG002
        """Section 4.2."""
        told = {"title": self._server.title, "description": self._server.description, "versions": [TAXII_TYPE]}
        return resource(told | {"max_content_length": MAX_CONTENT_LENGTH})

    def status(self, ask: Ask) -> Response:
        """Section 4.3."""
        name = ask.path["status"]
        found = self._store.status(ask.member, name) if _UUID.fullmatch(name) else None
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no such status, or it is not yours")
        return resource(found)

    def collections(self, ask: Ask) -> Response:
        """Section 5.1."""
        told = [collection_resource(c) for c in self._access.collections(ask.member).values()]
        return resource({"collections": told} if told else {})

    def collection(self, ask: Ask) -> Response:
        """Section 5.2."""
        return resource(collection_resource(self._access.collection(ask.member, ask.path["collection"])))

    def manifest(self, ask: Ask) -> Response:
        """Section 5.3."""
        collection = self._readable(ask)
        found, cursor = self._page(collection, filters_of(ask.query), documents=False)
        told = {"objects": [manifest_record(record) for record in found.records]}
        return resource(_paged(found, cursor, told), headers=added(found.records))

    def objects(self, ask: Ask) -> Response:
        """Section 5.4."""
        return envelope(*self._page(self._readable(ask), filters_of(ask.query)))

    def publish(self, ask: Ask) -> Response:
        """Section 5.5."""
        collection = self._writable(ask)
        items = [prepare(item, self._admit) for item in envelope_of(ask.body)]
        status = self._store.publish(ask.member, collection.collection_id, items, self._access.quotas)
        return resource(status, HTTPStatus.ACCEPTED)

    def object(self, ask: Ask) -> Response:
        """Section 5.6."""
        collection = self._readable(ask)
        filters = replace(filters_of(ask.query), ids=self._known(collection, ask), types=None)
        return envelope(*self._page(collection, filters))

    def delete(self, ask: Ask) -> Response:
        """Section 5.7; without ``match[version]`` every version is deleted, and the object stays so."""
        collection = self._writable(ask)
        filters = filters_of(ask.query, versions="all")
        wanted = replace(filters, ids=_object_id(ask), types=None, added_after=None)
        try:
            gone = self._store.delete(ask.member, collection.collection_id, wanted)
        except NotYours:
            raise Problem(HTTPStatus.FORBIDDEN, "only its originator or an operator deletes an object") from None
        if not gone:
            raise Problem(HTTPStatus.NOT_FOUND, "no such object")
        return resource({})

    def versions(self, ask: Ask) -> Response:
        """Section 5.8."""
        collection = self._readable(ask)
        wanted = filters_of(ask.query, versions="all")
        filters = replace(wanted, ids=self._known(collection, ask), types=None, every=True)
        found, cursor = self._page(collection, filters, documents=False)
        told = {"versions": [record.version for record in found.records]}
        return resource(_paged(found, cursor, told), headers=added(found.records))

    def _readable(self, ask: Ask) -> Collection:
        collection = self._access.collection(ask.member, ask.path["collection"])
        if not collection.can_read:
            raise Problem(HTTPStatus.FORBIDDEN, "you may not read this collection")
        return collection

    def _writable(self, ask: Ask) -> Collection:
        collection = self._access.collection(ask.member, ask.path["collection"])
        if not collection.can_write:
            raise Problem(HTTPStatus.FORBIDDEN, "you may not write to this collection")
        return collection

    def _known(self, collection: Collection, ask: Ask) -> tuple[str, ...]:
        """The object of the path, if it is there."""
        ids = _object_id(ask)
        if not self._store.page(collection.collection_id, Filters(ids=ids, limit=1), documents=False).records:
            raise Problem(HTTPStatus.NOT_FOUND, "no such object")
        return ids

    def _page(self, collection: Collection, filters: Filters, *, documents: bool = True) -> tuple[Page, str | None]:
        use, beyond = f"page {collection.collection_id}", 0
        if filters.next_cursor is not None:
            place = self._store.cursors.read(filters.next_cursor, use)
            if place is None:
                raise Problem(HTTPStatus.BAD_REQUEST, "next must be what the page before gave")
            beyond = place
        found = self._store.page(collection.collection_id, filters, beyond, documents=documents)
        return found, self._store.cursors.text(found.records[-1].sequence, use) if found.more else None


def _object_id(ask: Ask) -> tuple[str, ...]:
    name = ask.path["object"]
    return (name,) if ID.fullmatch(name) else ()


def _paged(found: Page, cursor: str | None, told: dict[str, Any]) -> dict[str, Any]:
    if not found.records:
        return {}
    return {"more": found.more} | ({"next": cursor} if cursor else {}) | told
