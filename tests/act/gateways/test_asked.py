"""A service that is asked over HTTP: what arrives there, and what is made of its answers."""

import asyncio
from collections.abc import Callable
from dataclasses import fields

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.gateways.made import call, decided, decisions

from stillwatch.act.gateways.asked import AskedService
from stillwatch.act.gateways.native import Native
from stillwatch.errors import Declined
from stillwatch.model.decision import Action, Decision, Request

Answers = Callable[[httpx.Request], httpx.Response]


def ask(request: Request, answers: Answers) -> Decision:
    """The decision of a service that answers so."""

    async def asking() -> Decision:
        async with AskedService("http://service", "a-token") as service:
            await service._client.aclose()
            headers = service._client.headers
            service._client = httpx.AsyncClient(
                base_url="http://service", headers=headers, transport=httpx.MockTransport(answers)
            )
            return await service(request)

    return asyncio.run(asking())


def native(decision: Decision, seen: list[Request]) -> Answers:
    """The endpoint itself, with that decision."""

    def answers(request: httpx.Request) -> httpx.Response:
        assert request.headers["x-stillwatch-token"] == "a-token"
        asked = call(request.url.path, request.content)
        seen.append(Native().request(asked))
        answer = Native().answer(decision, asked)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return answers


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(lambda t: t == t.strip())
requests = st.builds(
    Request,
    account_id=text,
    prompt_text=st.none() | text,
    model=st.none() | text,
    turn_count=st.none() | st.integers(1, 99),
    temperature=st.none() | st.floats(0, 2),
    has_tools=st.none() | st.booleans(),
    user_agent=st.none() | text,
)


@given(requests, decisions)
def test_what_is_asked_arrives_and_what_is_decided_comes_back(request: Request, decision: Decision) -> None:
    """Through the real endpoint every field of the request and of the decision is the same at the other end."""
    seen: list[Request] = []
    found = ask(request, native(decision, seen))
    assert seen == [request]
    same = {f.name: getattr(decision, f.name) for f in fields(Decision)}
    assert {name: getattr(found, name) for name in same} == same


def test_half_a_character_is_no_reason_to_know_nothing() -> None:
    """What UTF-8 cannot hold is asked about with a question mark."""
    seen: list[Request] = []
    ask(Request("a", prompt_text="half \ud83d"), native(decided(Action.BLOCK), seen))
    assert seen[0].prompt_text == "half ?"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b"{}"),
        (503, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"action": "allow"}'),
        (200, b"[" + b"1" * 99_999),
    ],
)
def test_what_is_no_decision_is_told_so(status: int, body: bytes) -> None:
    """A refusal, a page of somebody else, a part of a decision, an endless one: none of them is one."""
    with pytest.raises(Declined, match="the service gave no decision"):
        ask(Request("a"), lambda _: httpx.Response(status, content=body))


def test_nobody_there() -> None:
    """A connection that fails is told by its kind, without what was asked."""

    def fails(_request: httpx.Request) -> httpx.Response:
        message = "secret"
        raise httpx.ConnectError(message)

    with pytest.raises(Declined) as caught:
        ask(Request("account-of-somebody"), fails)
    assert str(caught.value) == "the service gave no decision: ConnectError"


def test_only_what_is_known_is_sent() -> None:
    """Fields without a value are not in the body."""
    sent: list[object] = []

    def answers(request: httpx.Request) -> httpx.Response:
        sent.append(orjson.loads(request.content))
        return httpx.Response(500)

    with pytest.raises(Declined):
        ask(Request("a", temperature=0.5), answers)
    assert sent == [{"account_id": "a", "temperature": 0.5}]
