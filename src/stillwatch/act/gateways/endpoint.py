"""What a gateway calls, and how one decision a call is asked for and given."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from stillwatch.act.gateways.decision_words import json_answer
from stillwatch.errors import InvalidInput
from stillwatch.ingest.lines import JsonLine, parsed
from stillwatch.model.decision import Decision, Gateway, GatewayAnswer, GatewayCall, Request

__all__ = ["Decide", "Endpoint", "Single", "fault_answer", "json_body"]

Decide = Callable[[Request], Awaitable[Decision]]
"""Whoever decides."""


class Endpoint(Protocol):
    """Something that gateways call over HTTP.

    routes      Methods (``*`` for any) and paths; ``{name}`` is one segment and ``{name:path}`` all the rest.
    """

    name: str
    routes: tuple[tuple[str, str], ...]

    async def serve(self, call: GatewayCall, decide: Decide, /) -> GatewayAnswer:
        """Answer a call of a gateway that has proved itself."""
        ...

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """What the gateway gets when the call is at fault: not of its form, too large, without a valid token."""
        ...


class _Speaking(Gateway, Protocol):
    """A gateway that can also be told of a fault."""

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """See `Endpoint`."""
        ...


class Single:
    """Endpoint of a gateway that asks for one decision a call."""

    def __init__(self, gateway: _Speaking) -> None:
        self.gateway = gateway
        self.name = gateway.name
        self.routes = gateway.routes

    async def serve(self, call: GatewayCall, decide: Decide, /) -> GatewayAnswer:
        """Read, decide, answer."""
        try:
            request = self.gateway.request(call)
        except InvalidInput as error:
            return self.gateway.fault(400, str(error))
        return self.gateway.answer(await decide(request), call)

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """The gateway's own."""
        return self.gateway.fault(status, problem)


def fault_answer(status: int, problem: str) -> GatewayAnswer:
    """A fault as its status and a sentence."""
    return json_answer({"error": problem}, status, {"cache-control": "no-store"})


def json_body(call: GatewayCall) -> dict[str, Any]:
    """The JSON object that a call's body is.

    Raises  InvalidInput for anything else; it says where it is broken, not what it holds.
    """
    line = parsed(1, call.body)
    if not isinstance(line, JsonLine):
        message = f"the body must be a JSON object: {line.reason}"
        raise InvalidInput(message)
    return line.fields
