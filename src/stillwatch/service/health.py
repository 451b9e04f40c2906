"""How the service fares: what a load balancer asks, and what an operator reads; no account and no prompt in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.web.plain import plain

__all__ = ["Health", "health_routes"]


@dataclass(frozen=True, slots=True)
class Health:
    """State of the service.

    takes       Whether exchanges can be taken; without that, senders are to go elsewhere or to wait.
    problems    What is wrong, one sentence each, by part. Decisions are given all the same: they fail open.
    """

    takes: bool
    problems: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, *, takes: bool, problems: Mapping[str, Iterable[str | None]]) -> "Health":
        """Health of what the parts say; a part that says nothing has no problem.

        >>> Health.of(takes=True, problems={"watch": ["the last tick failed", None], "policy": [None]}).problems
        {'watch': ('the last tick failed',)}
        """
        told = {part: tuple(one for one in said if one) for part, said in problems.items()}
        return cls(takes, {part: said for part, said in told.items() if said})


def health_routes(health: Callable[[], Health]) -> list[BaseRoute]:
    """``GET /health/live`` and ``/health/ready``: for anybody, and therefore without saying what is wrong."""

    async def ready(_request: Request) -> Response:
        now = health()
        told: dict[str, Any] = {"status": "ready" if now.takes else "not ready", "degraded": sorted(now.problems)}
        return plain(told, HTTPStatus.OK if now.takes else HTTPStatus.SERVICE_UNAVAILABLE)

    return [Route("/health/live", _live, methods=["GET"]), Route("/health/ready", ready, methods=["GET"])]


async def _live(_request: Request) -> Response:
    return plain({"status": "live"})
