"""A service that stands in for stillwatch, with real gateways and scripted decisions, as a process of its own.

``python -m tests.act.gateways.standin PORT [FOLDER]``: with the folder of a service its tokens are right, without one
a fixed one is. What is decided is the word of an action in the prompt or, without one, in the account; ``slow`` takes
longer than anybody waits. It counts the logs that are posted to it, and serves a model that shows its reasoning.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.share.forum_process import free_port

from stillwatch.act.gateways.crowdsec import AddressDecision
from stillwatch.act.gateways.registry import endpoints_of
from stillwatch.act.gateways.routes import gateway_routes
from stillwatch.act.gateways.tokens import tokens_shown
from stillwatch.model.decision import Action, Decision, Request
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.access.issued import Scope
from stillwatch.service.access.tables import SERVICE_TOKEN_TABLES
from stillwatch.store.database import open_database
from stillwatch.web.problem import Admits, Problem

__all__ = ["APPEAL", "NAMES", "TOKEN", "Program", "free_port", "running", "scripted", "standin_app", "until_answers"]

ROOT = Path(__file__).parents[3]
TOKEN = "token-of-the-gateway"  # noqa: S105 - of nothing but these tests
APPEAL = "https://provider.example/appeals/a.b"
NAMES = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
REASON = "Requests of this kind arrive faster than your plan allows."


def scripted(request: Request) -> Decision:
    """The decision that a request asks for itself."""
    said = f"{request.prompt_text or request.account_id}"
    action = next((one for one in Action if one.value in said), Action.OBSERVE)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    hurts = action not in (Action.ALLOW, Action.OBSERVE)
    return Decision(
        action=action,
        decision_id="0b2f6c1e-0000-4000-8000-000000000001",
        request_id=request.request_id,
        reason=REASON if hurts else "Nothing is known.",
        policy_version="p" * 16,
        decided_at=now,
        expires_at=now + timedelta(days=7),
        rule="rule-of-the-test" if hurts else None,
        evidence_id="campaign-of-the-test" if hurts else None,
        rate_per_minute=6.0 if action is Action.THROTTLE else None,
        retry_after_s=17 if action is Action.THROTTLE and "under its rate" not in said else None,
        appeal_url=APPEAL if hurts else None,
    )


async def one_token(headers: Mapping[str, str], _source: str) -> None:
    """Lets in whoever shows the token."""
    if TOKEN not in tokens_shown(headers):
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed")


def standin_app(decides: Admits = one_token, collects: Admits = one_token) -> Starlette:
    """The application, and whom it lets in."""
    posted: list[object] = []
    asked: list[str] = []

    async def decide(request: Request) -> Decision:
        asked.append(request.account_id)
        if "slow" in f"{request.prompt_text or request.account_id}":
            await asyncio.sleep(30)
        return scripted(request)

    def addresses() -> tuple[AddressDecision, ...]:
        blocked = scripted(Request(account_id="block"))
        return (AddressDecision("192.0.2.7", blocked, "an analyst"),)

    routes = gateway_routes(endpoints_of(NAMES, addresses), decide, decides)

    async def logs(request: HttpRequest) -> Response:
        try:
            await collects(request.headers, request.client.host if request.client else "")
        except Problem as problem:
            return Response(status_code=problem.status)
        told = await request.json()
        posted.extend(told if isinstance(told, list) else [told])
        return Response()

    own = [
        Route("/v1/litellm", logs, methods=["POST"]),
        Route("/accounts", lambda _: JSONResponse(asked)),
        Route("/posted", lambda _: JSONResponse(posted)),
        Route("/health/ready", lambda _: Response("ready")),
        Route("/model/chat/completions", _model, methods=["POST"]),
    ]
    return Starlette(routes=[*own, *routes])


async def _model(request: HttpRequest) -> Response:
    """A model of the OpenAI API that gives its reasoning with every answer."""
    body = await request.json()
    told = {"role": "assistant", "reasoning_content": "the hidden steps", "content": "The answer."}
    if not body.get("stream"):
        choice = {"index": 0, "finish_reason": "stop", "message": told}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return JSONResponse(
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [choice],
                "usage": usage,
            }
        )
    return StreamingResponse(_pieces(body["model"], told), media_type="text/event-stream")


async def _pieces(model: str, told: dict[str, str]) -> AsyncIterator[str]:
    for delta, reason in ((told, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        piece = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}
        yield f"data: {json.dumps(piece)}\n\n"
    yield "data: [DONE]\n\n"


class Program:
    """A program of the test: started, killed and started again on one port, in a folder where that matters."""

    def __init__(
        self, command: list[str], ready: str, environment: dict[str, str] | None = None, folder: Path = ROOT
    ) -> None:
        self._command, self._ready, self._environment, self._folder = command, ready, environment, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, within_s: float = 30.0) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_answers(self._ready, within_s)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running(program: Program, within_s: float = 30.0) -> Iterator[Program]:
    """A program that runs while it is looked at."""
    try:
        program.start(within_s)
        yield program
    finally:
        program.kill()


def until_answers(url: str, within_s: float) -> None:
    """Wait until something answers there."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=5.0, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    message = f"no answer within {within_s:g} s"
    raise TimeoutError(message)


def standin(port: int) -> Program:
    """The stand-in as a program."""
    command = [sys.executable, "-m", "tests.act.gateways.standin", str(port)]
    return Program(command, f"http://127.0.0.1:{port}/health/ready")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        doors = Doorkeeper(open_database(Path(sys.argv[2]) / "service.db", SERVICE_TOKEN_TABLES))
        standing = standin_app(doors.door(Scope.DECIDE), doors.door(Scope.COLLECT))
    else:
        standing = standin_app()
    uvicorn.run(standing, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)
