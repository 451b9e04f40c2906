"""The plugin's own logic, against the real native endpoint, without LiteLLM."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from starlette.applications import Starlette
from tests.act.gateways.made import decided, documents, values

from stillwatch.act.gateways import litellm_plugin
from stillwatch.act.gateways.litellm_plugin import Refused, StillwatchGuardrail
from stillwatch.act.gateways.registry import endpoints_of
from stillwatch.act.gateways.routes import gateway_routes
from stillwatch.act.gateways.tokens import tokens_shown
from stillwatch.ingest.litellm import payload_fields
from stillwatch.model.decision import Action, Decision, Request
from stillwatch.web.problem import Problem

HASH = "a" * 64
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "litellm_call_id": "c-1"}
WHO = SimpleNamespace(api_key=HASH, token=None, user_id="owner", team_id="team", org_id=None, end_user_id="u")


async def t_alone(headers: Mapping[str, str], _source: str) -> None:
    """One token is right."""
    if tokens_shown(headers) != ("t",):
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed")


class Plugin:
    """The plugin in front of a service that decides as it is told to."""

    def __init__(self, decision: Decision | None = None, **settings: Any) -> None:
        self.asked: list[Request] = []
        self._decision, self._settings = decision or decided(), settings

    async def decide(self, request: Request) -> Decision:
        self.asked.append(request)
        return self._decision

    def before(self, data: dict[str, Any], who: object = WHO, call_type: str = "acompletion") -> dict[str, Any]:
        """What the hook makes of a request."""
        routes = gateway_routes(endpoints_of(["native"]), self.decide, t_alone)
        return self.through(httpx.ASGITransport(Starlette(routes=routes)), data, who, call_type)

    def through(
        self,
        transport: httpx.AsyncBaseTransport,
        data: dict[str, Any],
        who: object = WHO,
        call_type: str = "acompletion",
    ) -> dict[str, Any]:
        """The same with another service, or none."""

        async def hook() -> dict[str, Any]:
            guard = StillwatchGuardrail(api_key="t", **self._settings)
            await guard.aclose()
            headers = {"authorization": "Bearer t"}
            async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
                guard._client = client
                return await guard.async_pre_call_hook(who, None, data, call_type)

        return asyncio.run(hook())


def answering(told: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncBaseTransport:
    """A service that answers so."""
    return httpx.MockTransport(told)


def test_what_is_asked() -> None:
    """LiteLLM's word says who asks, the body what; the request goes on as it was, with the decision noted."""
    plugin = Plugin()
    image = {"type": "image_url", "image_url": {"url": "data:" + "x" * 99}}
    parts = [{"type": "text", "text": "Hi"}, image]
    data: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": parts}],
        "tools": [{}],
        "account_id": "forged",
    }
    assert plugin.before(data) is data
    (request,) = plugin.asked
    assert (request.account_id, request.organisation_id, request.end_user_id) == (HASH, "team", "u")
    assert (request.model, request.prompt_text, request.has_tools, request.operation) == ("m", "Hi", True, "chat")
    assert data["messages"][0]["content"] == parts
    assert data["metadata"]["stillwatch"]["action"] == "observe"


@pytest.mark.parametrize("key", ["litellm_proxy_master_key", "my-key", HASH])
def test_account_is_that_of_the_logs(key: str) -> None:
    """A decision is about the account that the reader of LiteLLM's logs finds."""
    plugin = Plugin()
    plugin.before({**CHAT}, SimpleNamespace(api_key=key))
    assert plugin.asked[0].account_id == payload_fields({"metadata": {"user_api_key_hash": key}})["account_id"]


@pytest.mark.parametrize(("action", "status"), [(Action.THROTTLE, 429), (Action.STEP_UP, 401), (Action.BLOCK, 403)])
def test_refusals(action: Action, status: int) -> None:
    """What refuses is raised with status, headers and body of the refusal."""
    plugin = Plugin(decided(action, retry_after_s=9 if action is Action.THROTTLE else None))
    with pytest.raises(Refused) as caught:
        plugin.before({**CHAT})
    assert caught.value.status_code == status
    assert caught.value.detail["error"]["appeal_url"] == caught.value.headers["x-stillwatch-appeal"]
    assert caught.value.headers.get("retry-after") == ("9" if action is Action.THROTTLE else None)


def test_served_otherwise() -> None:
    """A degraded request goes to the model that was set; one without reasoning asks for none."""
    assert Plugin(decided(Action.DEGRADE), degrade_to="small").before({**CHAT})["model"] == "small"
    assert Plugin(decided(Action.DEGRADE)).before({**CHAT})["model"] == "m"
    asked = {
        **CHAT,
        "thinking": {},
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.x", "y"],
    }
    made = Plugin(decided(Action.WITHHOLD_REASONING)).before(asked)
    assert "thinking" not in made
    assert (made["reasoning"], made["include"]) == ({"effort": "high"}, ["y"])


def test_long_conversations() -> None:
    """Of a conversation that is too long the last message is sent, and how many turns there were."""
    plugin = Plugin()
    turns = [{"role": "user", "content": "x" * 600_000}, {"role": "user", "content": "y" * 600_000}]
    plugin.before({"model": "m", "messages": [*turns, {"role": "user", "content": "Hi"}]})
    plugin.before({"model": "m", "messages": [{"role": "user", "content": "x" * 1_100_000}]})
    assert [(one.prompt_text, one.turn_count) for one in plugin.asked] == [("Hi", 3), (None, 1)]


def broken(error: type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    """A service that is not there."""

    def raising(_request: httpx.Request) -> httpx.Response:
        raise error

    return raising


SERVICES = [
    broken(ConnectionError),
    lambda _: httpx.Response(500),
    lambda _: httpx.Response(401, json={"error": "x"}),
    lambda _: httpx.Response(200, content=b"\xff"),
    lambda _: httpx.Response(200, json=[]),
    lambda _: httpx.Response(200, json={"action": "block", "refusal": {"status": "x"}}),
    lambda _: httpx.Response(
        200, json={"action": "block", "refusal": {"status": 403, "body": {}, "headers": {"a": 1}}}
    ),
]


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_decision(service: Callable[[httpx.Request], httpx.Response]) -> None:
    """Whatever comes back that is no decision, the request is served, or refused with 503 where that was set."""
    data = {**CHAT}
    assert Plugin().through(answering(service), data) == CHAT
    with pytest.raises(Refused) as caught:
        Plugin(on_no_decision="refuse").through(answering(service), data)
    assert (caught.value.status_code, caught.value.headers) == (503, {"retry-after": "1"})


@given(documents, values)
def test_any_request(data: dict[str, Any], value: object) -> None:
    """No request of a customer makes the plugin fail or refuse."""
    told = {**data, "messages": value, "metadata": value}
    assert Plugin().before(told) is told


@given(values, values)
def test_no_note_of_a_customers_hides_a_decision(one: object, other: object) -> None:
    """Whatever a customer writes where decisions are noted, the reasoning that is to be withheld is withheld."""
    told = {**CHAT, "metadata": one, "litellm_metadata": other}
    assert litellm_plugin._withholds(Plugin(decided(Action.WITHHOLD_REASONING)).before(told))


@given(values)
def test_any_answer_of_the_service(value: object) -> None:
    """No answer of the service makes the plugin fail."""
    transport = answering(lambda _: httpx.Response(200, content=str(value).encode()))
    assert Plugin().through(transport, {**CHAT}) == CHAT


def test_nobody_is_not_asked_about() -> None:
    """A request of which LiteLLM does not know whose it is goes on."""
    plugin = Plugin()
    assert plugin.before({**CHAT}, SimpleNamespace()) == CHAT
    assert not plugin.asked


def test_reasoning_is_taken_out() -> None:
    """Only where it was decided reasoning is taken out of answers and of pieces of them."""

    def answer() -> Any:
        message = SimpleNamespace(content="The answer.", reasoning_content="hidden")
        return SimpleNamespace(choices=[SimpleNamespace(message=message, delta=message)])

    async def pieces() -> Any:
        yield answer()

    async def hooks(data: dict[str, Any]) -> list[Any]:
        guard = StillwatchGuardrail()
        whole = await guard.async_post_call_success_hook(data, WHO, answer())
        streamed = [one async for one in guard.async_post_call_streaming_iterator_hook(WHO, pieces(), data)]
        await guard.aclose()
        return [one.choices[0].message for one in (whole, *streamed)]

    withheld = asyncio.run(hooks({"metadata": {"stillwatch": {"action": "withhold_reasoning"}}}))
    others = asyncio.run(hooks({"metadata": {"stillwatch": {"action": "mark"}}}))
    assert [(one.content, one.reasoning_content) for one in withheld] == [("The answer.", None)] * 2
    assert [one.reasoning_content for one in others] == ["hidden"] * 2


def test_wrong_setting() -> None:
    """A misspelt setting is told when the proxy starts."""
    with pytest.raises(ValueError, match="must be serve or refuse, got 'deny'"):
        StillwatchGuardrail(on_no_decision="deny")


def test_the_file_stands_alone(tmp_path: Path) -> None:
    """Copied beside a configuration the file can be imported without stillwatch."""
    copied = tmp_path / "litellm_plugin.py"
    copied.write_text(Path(litellm_plugin.__file__).read_text())
    code = "import sys, litellm_plugin; sys.exit(any(name.split('.')[0] == 'stillwatch' for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
