"""The evaluator as a web application: it proves what it computes, counts before it answers, and writes down no element.

An evaluator learns who asks, when, for which purpose and how many (padded) elements; of the values it learns nothing.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput
from stillwatch.share.evaluator.keyring import Keyring
from stillwatch.share.evaluator.messages import LARGEST_ASK, Ask, Reply, read_ask, write_keys, write_reply
from stillwatch.share.evaluator.meter import Meter
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.oprf.blinding import blind_evaluate
from stillwatch.share.oprf.proof import generate_proof
from stillwatch.share.tags.epochs import epoch_end
from stillwatch.web.body import read_body
from stillwatch.web.problem import Problem

__all__ = ["Authenticate", "OnSpent", "evaluator_app", "member_of"]

Authenticate = Callable[[str], str | None]
"""Member behind a bearer token, None for a token that is nobody's."""
OnSpent = Callable[[str, Purpose, int, int], None]
"""Told of member, purpose, epoch and number of elements when they are counted, before they are evaluated."""

_LONGEST_TOKEN: Final = 512
_JSON: Final = "application/json"


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def member_of(request: Request, authenticate: Authenticate) -> str:
    """Member whose bearer token a request carries.

    Raises      HTTPException 401 for one without, or with one that is nobody's.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN
    member = await run_sync(authenticate, token) if known else None
    if member is None:
        raise HTTPException(401, "a bearer token of a member is needed", {"WWW-Authenticate": "Bearer"})
    return member


class _Service:
    """Handlers of the three paths."""

    def __init__(
        self,
        keyring: Keyring,
        meter: Meter,
        authenticate: Authenticate,
        on_spent: OnSpent | None,
        now: Callable[[], datetime],
    ) -> None:
        self._keyring, self._meter, self._now = keyring, meter, now
        self._authenticate, self._on_spent = authenticate, on_spent

    async def health(self, _request: Request) -> Response:
        """Say that it runs."""
        return JSONResponse({"status": "ok"})

    async def keys(self, _request: Request) -> Response:
        """Public keys; for everybody, since members compare what each of them is told."""
        publics = await run_sync(self._publics)
        return Response(write_keys(self._keyring.days, publics), media_type=_JSON)

    async def evaluate(self, request: Request) -> Response:
        """Elements of a member, evaluated with a proof."""
        member = await member_of(request, self._authenticate)
        try:
            ask = read_ask(await read_body(request.headers, request.receive, LARGEST_ASK))
            reply = await run_sync(self._evaluated, member, ask)
        except InvalidInput as wrong:
            raise HTTPException(400, str(wrong)) from wrong
        return Response(write_reply(reply), media_type=_JSON)

    def _evaluated(self, member: str, ask: Ask) -> Reply:
        """Count, tell the ledger, evaluate, prove; in this order, so that nothing is answered that was not counted.

        Elements that turn out to be none are counted all the same: looking at them was the work.
        """
        self._rotate()
        key = self._keyring.key(ask.epoch, self._now())
        if key is None:
            raise HTTPException(404, f"there is no key for epoch {ask.epoch}")
        n = len(ask.elements)
        left = self._meter.spend(member, ask.purpose, ask.epoch, n)
        if left is None:
            raise self._spent(member, ask)
        if self._on_spent is not None:
            self._on_spent(member, ask.purpose, ask.epoch, n)
        evaluated = blind_evaluate(key.secret, ask.elements)
        return Reply(ask.epoch, tuple(evaluated), generate_proof(key, ask.elements, evaluated), left)

    def _publics(self) -> dict[int, bytes]:
        self._rotate()
        return self._keyring.publics(self._now())

    def _rotate(self) -> None:
        """Destroy keys past their grace, and what was counted for them."""
        gone = self._keyring.rotate(self._now())
        if gone:
            self._meter.forget(max(gone) + 1)

    def _spent(self, member: str, ask: Ask) -> HTTPException:
        """Answer to who has not enough left: when the next epoch's budget begins."""
        left = self._meter.left(member, ask.purpose, ask.epoch)
        wait = (epoch_end(ask.epoch, self._keyring.days) - self._now()).total_seconds()
        what = f"{left} elements are left for {ask.purpose} in epoch {ask.epoch}, {len(ask.elements)} were asked for"
        return HTTPException(429, what, {"Retry-After": str(max(int(wait) + 1, 1))})


async def _refused(_request: Request, wrong: Exception) -> Response:
    if isinstance(wrong, Problem):
        return JSONResponse({"error": wrong.description}, wrong.status, wrong.headers)
    assert isinstance(wrong, HTTPException)  # noqa: S101 - what this handler is registered for
    return JSONResponse({"error": wrong.detail}, wrong.status_code, wrong.headers)


def evaluator_app(
    keyring: Keyring,
    meter: Meter,
    authenticate: Authenticate,
    *,
    on_spent: OnSpent | None = None,
    ledger: Sequence[BaseRoute] = (),
    now: Callable[[], datetime] = _utc_now,
) -> Starlette:
    """The application.

    authenticate    Called on a thread, with a token of at most 512 characters.
    on_spent        Where evaluations are written down; if it fails, nothing is evaluated, and the budget stays spent.
    ledger          Routes that show what was written down.
    now             Clock, UTC.
    """
    service = _Service(keyring, meter, authenticate, on_spent, now)
    routes = [
        Route("/v1/evaluate", service.evaluate, methods=["POST"]),
        Route("/v1/keys", service.keys),
        Route("/health", service.health),
        *ledger,
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused, Problem: _refused})
