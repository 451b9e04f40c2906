"""Pages of ledgers: heads, and the proof of any entry, of the service's own and of the forum's."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from stillwatch.console.sharing import forum_ledger
from stillwatch.console.sharing.bounded import within
from stillwatch.console.sharing.database import MOST, has_run, looking_at, start_of
from stillwatch.console.sharing.drafts import DRAFTS, key_of
from stillwatch.console.sharing.membership import begun, needed_node
from stillwatch.console.sharing.proofs import Proved, heads, n_heads, proved_entry, size_of
from stillwatch.console.sharing.wording import SAID
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData
from stillwatch.service.access.roles import Right
from stillwatch.share.node.settings import NodeSettings

__all__ = ["send_forum_proof", "show_ledger", "take_proof"]

_WHAT: Final = "forum-proof"
_MOST_DIGITS: Final = 15
_SERVICE, _OF_FORUM = "service", "forum"


def show_ledger(visit: Visit) -> Response:
    """Heads, and the proof of the entry that is asked for."""
    return _shown(visit)


def send_forum_proof(visit: Visit) -> Response:
    """Ask the forum for the proof of an entry; it is looked at by the page that shows it."""
    node, told = needed_node(visit), visit.fields.get("entry", "").strip()
    if not has_run(node):
        message = "the node has never run: it has pinned no key of the forum's"
        raise MissingData(message)
    index = _number(told)
    if index is None:
        return _shown(visit, wrong_forum=_NO_NUMBER, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    console, key = visit.console, _key(visit, index)

    def work(tell: Callable[[str, int, int], None]) -> str:
        tell("asking the forum", 0, 0)
        found = within(lambda: forum_ledger.proved_by_forum(node, index))
        DRAFTS.keep(key, found, console.clock())
        return at("sharing", "ledger", of=_OF_FORUM, entry=str(index))

    return begun(visit, f"Proof of entry {index:,} of the forum’s ledger", work)


def take_proof(visit: Visit) -> Response:
    """Proof, head or key as a file, as `stillwatch ledger check` reads them.

    Raises      MissingData for anything else.
    """
    what, index = visit.part("what"), _number(visit.part("entry"))
    if what == "key":
        return _file(visit.console.key.verify_key.jwk(), "service-key.json")
    if index is None or what not in {"proof", "head"}:
        message = "there is no such file: proof, head or key"
        raise MissingData(message)
    found = _found(visit, index)
    if found is None:
        message = "the proof is no longer kept: ask the forum again"
        raise MissingData(message)
    return _file(found.proof.told() if what == "proof" else dict(found.told), f"entry-{index}-{what}.json")


def _shown(visit: Visit, *, wrong_forum: str = "", status: int = HTTPStatus.OK) -> Response:
    node, told = visit.console.node, visit.asked("entry").strip()
    page, index, of = visit.number("page"), _number(told), _of(visit)
    wrong, found = "" if index is not None or not told else _NO_NUMBER, None
    if index is not None:
        try:
            found = _found(visit, index)
        except MissingData as error:
            wrong, status = str(error), HTTPStatus.NOT_FOUND
    with visit.looking() as connection:
        values: dict[str, Any] = {
            "size": size_of(connection),
            "heads": heads(connection, start_of(page), MOST),
            "n_heads": n_heads(connection),
        }
    values |= {
        "page": page,
        "most": MOST,
        "told": told,
        "of": of,
        "index": index,
        "found": found,
        "wrong": wrong,
        "wrong_forum": wrong_forum or (_GONE if of == _OF_FORUM and index is not None and found is None else ""),
        "key_id": visit.console.key.key_id,
        "forum": None if node is None or not has_run(node) else _forum(node),
        "may_ask": visit.may(Right.WORK),
        "say": SAID,
        "at": at,
        "here": "ledger",
        "link": lambda page=1: at("sharing", "ledger", page="" if page == 1 else page),
    }
    return visit.render("sharing/ledger", values, status)


_NO_NUMBER: Final = "an entry is a whole number, from 0 on"
_GONE: Final = "ask the forum for the proof of this entry; it is then kept for a quarter of an hour"


def _found(visit: Visit, index: int) -> Proved | None:
    """The proof that is asked for; of the forum's ledger only one that was asked for within a quarter of an hour."""
    if _of(visit) == _OF_FORUM:
        kept = DRAFTS.of(_key(visit, index), visit.now)
        return kept if isinstance(kept, Proved) else None
    with visit.looking() as connection:
        return proved_entry(connection, index, visit.console.keys)


def _forum(node: NodeSettings) -> dict[str, Any]:
    """What the node has of the forum's ledger."""
    with looking_at(node) as connection:
        return {
            "url": node.forum,
            "key": forum_ledger.forum_key(connection),
            "commitments": forum_ledger.commitments(connection),
            "checked": forum_ledger.checked_proofs(connection),
        }


def _of(visit: Visit) -> str:
    return visit.asked("of", _SERVICE, _OF_FORUM, default=_SERVICE)


def _key(visit: Visit, index: int) -> tuple[str, ...]:
    return key_of(visit.console, visit.user.name, _WHAT, str(index))


def _number(told: str) -> int | None:
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else None


def _file(told: Any, name: str) -> Response:  # noqa: ANN401 - any JSON
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)
