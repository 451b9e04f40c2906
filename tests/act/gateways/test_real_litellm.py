"""The real LiteLLM proxy in front of a mock model, asking a service that is there, slow, dead and back again."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.act.gateways.standin import APPEAL, ROOT, TOKEN, Program, free_port, running, standin

LITELLM = ROOT / ".venv-gateways" / "bin" / "litellm"
MASTER = "sk-of-these-tests"
SLOW_START_S = 240.0
CONFIG = """
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_key: none, mock_response: "The mock answers."}}
  - model_name: small
    litellm_params: {{model: openai/small, api_key: none, mock_response: "The small one answers."}}
  - model_name: thinks
    litellm_params: {{model: openai/thinks, api_key: none, api_base: "http://127.0.0.1:{port}/model"}}
general_settings: {{master_key: {master}}}
guardrails:
  - guardrail_name: generic
    litellm_params:
      guardrail: generic_guardrail_api
      mode: pre_call
      api_base: http://127.0.0.1:{port}
      api_key: {token}
      timeout: 3
      unreachable_fallback: fail_open
      fail_on_error: false
  - guardrail_name: plugin
    litellm_params:
      guardrail: stillwatch.act.gateways.litellm_plugin.StillwatchGuardrail
      mode: [pre_call, post_call]
      default_on: true
      api_base: http://127.0.0.1:{port}
      api_key: {token}
      timeout: 3
      degrade_to: small
"""

pytestmark = pytest.mark.skipif(not LITELLM.exists(), reason="LiteLLM is not installed: make .venv-gateways/.stamp")


@dataclass(frozen=True)
class Proxy:
    """The proxy and the service behind it."""

    client: httpx.Client
    service: Program

    def ask(self, prompt: str, model: str = "mock", **more: Any) -> httpx.Response:
        """Ask a model through the proxy."""
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
        return self.client.post("/v1/chat/completions", json=body)


@pytest.fixture(scope="module")
def way_out() -> Iterator[socket.socket]:
    """Where the proxy would go to reach the world; nobody answers there."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, way_out: socket.socket) -> Iterator[Proxy]:
    """A proxy that fetches nothing: no cost map, no posts, no templates."""
    folder = tmp_path_factory.mktemp("litellm")
    way_out.listen()
    port, own = free_port(), free_port()
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(port=port, token=TOKEN, master=MASTER))
    command = [str(LITELLM), "--config", str(config), "--host", "127.0.0.1", "--port", str(own)]
    environment = offline(folder, int(way_out.getsockname()[1]))
    program = Program(command, f"http://127.0.0.1:{own}/health/liveliness", environment)
    with running(standin(port), SLOW_START_S) as service, running(program, SLOW_START_S):
        headers = {"authorization": f"Bearer {MASTER}"}
        url = f"http://127.0.0.1:{own}"
        with httpx.Client(base_url=url, headers=headers, timeout=60.0, trust_env=False) as client:
            yield Proxy(client, service)


def offline(folder: Path, way_out: int) -> dict[str, str]:
    """Environment of a proxy that stays at home: whatever would go out goes to that port."""
    names = ("LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_BLOG_POSTS", "LITELLM_LOCAL_POLICY_TEMPLATES")
    shut = f"http://127.0.0.1:{way_out}"
    out = {"HTTP_PROXY": shut, "HTTPS_PROXY": shut, "NO_PROXY": "127.0.0.1"}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **dict.fromkeys(names, "True"), **out}


def test_allow(proxy: Proxy) -> None:
    """A request that nothing is known of is answered, and its client is told nothing of us."""
    answer = proxy.ask("Good morning")
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "The mock answers."
    assert not [name for name in answer.headers if "stillwatch" in name]


@pytest.mark.parametrize("streams", [False, True])
def test_throttle(proxy: Proxy, *, streams: bool) -> None:
    """Over its rate a request gets 429, and Retry-After and the appeal link reach the client."""
    answer = proxy.ask("please throttle", stream=streams)
    assert answer.status_code == 429, answer.text
    assert answer.headers["retry-after"] == "17"
    assert answer.headers["x-stillwatch-appeal"] == APPEAL
    assert APPEAL in answer.json()["error"]["message"]
    assert "campaign-of-the-test" not in answer.text + str(answer.headers)


def test_throttle_under_its_rate(proxy: Proxy) -> None:
    """A throttled request within its rate is answered."""
    assert proxy.ask("throttle, but under its rate").status_code == 200


def test_step_up(proxy: Proxy) -> None:
    """A step-up reaches the client as 401 with a challenge that a program can read."""
    answer = proxy.ask("please step_up")
    assert answer.status_code == 401, answer.text
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]


def test_block(proxy: Proxy) -> None:
    """A block reaches the client as 403 with a reason and the way to object."""
    answer = proxy.ask("please block")
    assert answer.status_code == 403, answer.text
    told = answer.json()["error"]
    assert "faster than your plan allows" in told["message"]
    assert APPEAL in told["message"]


def test_degrade(proxy: Proxy) -> None:
    """A degraded request is answered by the model that the configuration names."""
    answer = proxy.ask("please degrade")
    assert answer.json()["choices"][0]["message"]["content"] == "The small one answers."


@pytest.mark.parametrize("streams", [False, True])
def test_withhold_reasoning(proxy: Proxy, *, streams: bool) -> None:
    """The reasoning that others get is taken out of the answer, whole or streamed."""
    others = proxy.ask("please go on", "thinks", stream=streams)
    withheld = proxy.ask("please withhold_reasoning", "thinks", stream=streams)
    assert others.status_code == withheld.status_code == 200
    assert "the hidden steps" in others.text
    assert "the hidden steps" not in withheld.text
    assert "The answer." in withheld.text


def test_other_apis(proxy: Proxy) -> None:
    """Messages of the Anthropic API and responses of the OpenAI API are asked about like chats."""
    asked = {"messages": [{"role": "user", "content": "please block"}], "max_tokens": 5}
    messages = proxy.client.post("/v1/messages", json={"model": "mock", **asked})
    responses = proxy.client.post("/v1/responses", json={"model": "mock", "input": "please block"})
    assert (messages.status_code, responses.status_code) == (403, 403), messages.text + responses.text


def test_a_client_cannot_speak_for_itself(proxy: Proxy) -> None:
    """Headers and body fields in which a client calls itself somebody else, or decides itself, change nothing."""
    forged = {"x-stillwatch-account": "allow", "x-stillwatch-token": "guess", "x-stillwatch-action": "allow"}
    body = {
        "model": "mock",
        "messages": [{"role": "user", "content": "please block"}],
        "account_id": "allow",
        "metadata": {"stillwatch": {"action": "allow"}, "disable_global_guardrails": True},
        "guardrails": [],
    }
    assert proxy.client.post("/v1/chat/completions", json=body, headers=forged).status_code == 403


def test_generic_guardrail(proxy: Proxy) -> None:
    """The generic guardrail API can only block, as 400, with the same words; others it lets through."""
    # It stands before the plugin, which would answer 403.
    blocked = proxy.ask("suspend_stream", guardrails=["generic"])
    served = proxy.ask("Good morning", guardrails=["generic"])
    assert (blocked.status_code, served.status_code) == (400, 200), blocked.text + served.text
    assert APPEAL in blocked.text


def test_slow_service(proxy: Proxy) -> None:
    """No decision in time: the request is answered."""
    answer = proxy.ask("slow, please block")
    assert answer.status_code == 200, answer.text


def test_crash_and_restart(proxy: Proxy) -> None:
    """Killed, the service is in nobody's way; started again, it decides with the next request."""
    proxy.service.kill()
    try:
        asked: tuple[dict[str, Any], ...] = ({}, {"stream": True}, {"guardrails": ["generic"]})
        answers = [proxy.ask("please block", **more).status_code for more in asked]
    finally:
        proxy.service.start(SLOW_START_S)
    assert answers == [200, 200, 200]
    assert proxy.ask("please block").status_code == 403


def test_nothing_went_out(proxy: Proxy, way_out: socket.socket) -> None:
    """Up to here the proxy has asked for nothing that is not on this machine."""
    assert proxy.ask("Good morning").is_success
    with pytest.raises(BlockingIOError):
        way_out.accept()
