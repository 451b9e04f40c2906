"""LiteLLM's generic guardrail API."""

import orjson
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.litellm_guardrail import LiteLlmGuardrail
from stillwatch.ingest.identities import key_identity
from stillwatch.model.decision import Action

PATH = "/beta/litellm_basic_guardrail_api"
HASH = "a" * 64
ASKED = {
    "input_type": "request",
    "litellm_call_id": "c-1",
    "litellm_trace_id": "t-1",
    "structured_messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    "texts": ["Be brief.", "Hi"],
    "model": "m",
    "request_data": {"user_api_key_hash": HASH, "user_api_key_team_id": "t", "user_api_key_end_user_id": "u"},
    "request_headers": {"User-Agent": "sdk/1", "x-stillwatch-account": "forged"},
}


def test_request() -> None:
    """Who asks is LiteLLM's own word, what is asked its messages."""
    request = LiteLlmGuardrail().request(call(PATH, ASKED))
    assert (request.account_id, request.organisation_id, request.end_user_id) == (HASH, "t", "u")
    assert (request.prompt_text, request.system_text, request.model) == ("Hi", "Be brief.", "m")
    assert (request.request_id, request.user_agent) == ("c-1", "sdk/1")


def test_hidden_headers_and_bare_texts() -> None:
    """A header that is only said to be there is unknown; without messages the last text is the prompt."""
    asked = ASKED | {"structured_messages": None, "request_headers": {"user-agent": "[present]"}}
    request = LiteLlmGuardrail().request(call(PATH, asked))
    assert (request.user_agent, request.prompt_text) == (None, "Hi")


def test_accounts_without_a_key() -> None:
    """Without a key's digest its owner is the account; a key that was not hashed is."""
    owner = LiteLlmGuardrail().request(call(PATH, ASKED | {"request_data": {"user_api_key_user_id": "o"}}))
    plain = LiteLlmGuardrail().request(call(PATH, ASKED | {"request_data": {"user_api_key_hash": "my-key"}}))
    assert (owner.account_id, plain.account_id) == ("o", key_identity("my-key"))


def test_answers() -> None:
    """What is served is NONE; what is not is BLOCKED, with the reason and the way to object."""
    for action in Action:
        decision = decided(action, retry_after_s=5 if action is Action.THROTTLE else None)
        told = orjson.loads(LiteLlmGuardrail().answer(decision, call(PATH, ASKED)).body)
        if decision.serves:
            assert told == {"action": "NONE"}
        else:
            assert told["action"] == "BLOCKED"
            assert "https://provider.example/appeals/x" in told["blocked_reason"]


def test_answers_of_models_are_not_decided_about() -> None:
    """A guardrail that is also run after the call spends no rate a second time."""
    answer, asked = served(LiteLlmGuardrail(), call(PATH, ASKED | {"input_type": "response"}))
    assert orjson.loads(answer.body) == {"action": "NONE"}
    assert not asked


def test_wrong_calls() -> None:
    """Calls of no known kind and of nobody are told so."""
    for asked in (ASKED | {"input_type": "x"}, ASKED | {"request_data": {}}):
        assert served(LiteLlmGuardrail(), call(PATH, asked))[0].status == 400
