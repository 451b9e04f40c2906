"""An application behind the middleware, asking the real service of another process."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx
from tests.act.gateways.standin import free_port
from tests.service.gateways.accused import AGENT, accused_in
from tests.service.gateways.program import PATIENCE_S, Serving, serving, settings_text, stillwatch, until

from stillwatch.act.gateways.asgi import DECISION, StillwatchMiddleware, Watched
from stillwatch.act.gateways.asked import AskedService
from stillwatch.act.gateways.identity import account_of_key

KEY, OTHER = "Bearer sk-of-the-accused", "Bearer sk-of-somebody"


async def model(scope: MutableMapping[str, Any], _receive: Any, send: Any) -> None:
    """An application that answers with what was decided."""
    decision = scope[DECISION]
    told = b"nothing" if decision is None else decision.action.value.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


def ask(service: Serving, token: str, key: str = KEY, agent: str = AGENT) -> httpx.Response:
    """Ask the application."""

    async def asking() -> httpx.Response:
        async with AskedService(service.url, token, 20.0) as decide:
            app = StillwatchMiddleware(model, decide, Watched(timeout_s=20.0))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
                headers = {"authorization": key, "user-agent": agent}
                return await client.post("/v1/chat/completions", json={"messages": []}, headers=headers)

    return asyncio.run(asking())


def test_a_stream_is_refused_and_all_else_served(tmp_path: Path) -> None:
    """One program of one key gets 403 with a link that opens; without the service, and without a token, it does not."""
    port, account = free_port(), account_of_key(KEY)
    assert account is not None
    accused_in(tmp_path, settings_text(port), [account])
    with serving(tmp_path, port) as service:
        token, operator = service.token("app", "decide"), service.token("ada", "metrics")
        until(lambda: not service.status(operator)["problems"], "no problems")
        refused = ask(service, token)
        assert refused.status_code == 403, refused.text
        link = refused.headers["x-stillwatch-appeal"]
        assert link in refused.json()["error"]["message"]
        assert httpx.get(link, trust_env=False, timeout=60).status_code == 200
        assert [ask(service, token, OTHER).text, ask(service, token, agent="browser/1").text] == ["observe"] * 2
        service.program.kill()
        assert ask(service, token).text == "nothing"
        service.program.start(PATIENCE_S)
        until(lambda: not service.status(operator)["problems"], "no problems")
        assert ask(service, token).headers["x-stillwatch-appeal"] == link
        stillwatch(tmp_path, "token", "end", "app", "--by", "ada")
        until(lambda: ask(service, token).text == "nothing", "served without a token")
        assert "app, which has ended" in str(service.status(operator)["problems"]["access"])
