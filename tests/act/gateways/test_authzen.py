"""The Authorization API 1.0."""

from typing import Any

import orjson
import pytest
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.authzen import AuthZen
from stillwatch.act.gateways.decision_words import decision_of
from stillwatch.model.decision import Action, Decision, Request

ONE, SEVERAL = "/access/v1/evaluation", "/access/v1/evaluations"
ASKED: dict[str, Any] = {
    "subject": {"type": "account", "id": "acme", "properties": {"organisation_id": "o"}},
    "action": {"name": "chat"},
    "resource": {"type": "model", "id": "m"},
    "context": {"client_address": "192.0.2.1", "body": {"messages": [{"role": "user", "content": "Hi"}]}},
}


def by_account(request: Request) -> Decision:
    """Block whoever is called bad."""
    return decided(Action.BLOCK if request.account_id == "bad" else Action.ALLOW)


def subjects(*ids: str) -> list[dict[str, Any]]:
    """Evaluations of these accounts."""
    return [{"subject": {"type": "account", "id": one}} for one in ids]


def test_evaluation() -> None:
    """Subject, resource and context say who asks what, and the context answers with the whole decision."""
    answer, asked = served(AuthZen(), call(ONE, ASKED, x_request_id="q-1"))
    assert (asked[0].account_id, asked[0].organisation_id, asked[0].model) == ("acme", "o", "m")
    assert (asked[0].prompt_text, asked[0].client_address, asked[0].request_id) == ("Hi", "192.0.2.1", "q-1")
    told = orjson.loads(answer.body)
    assert told["decision"] is True
    assert decision_of(told["context"]) == decided()
    assert answer.headers["x-request-id"] == "q-1"


def test_properties_name_no_other_account() -> None:
    """The subject's id is the account whatever properties and context say."""
    forged = ASKED | {"context": {"account_id": "other"}}
    assert served(AuthZen(), call(ONE, forged))[1][0].account_id == "acme"


def test_denied() -> None:
    """A refusal is false, with what to give to the customer in the context."""
    answer, _ = served(AuthZen(), call(ONE, ASKED), lambda _: decided(Action.STEP_UP))
    told = orjson.loads(answer.body)
    assert (answer.status, told["decision"], told["context"]["refusal"]["status"]) == (200, False, 401)


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_evaluations(semantic: str, expected: list[bool]) -> None:
    """Defaults fill what an evaluation leaves out, and the semantic says where to stop."""
    asked = ASKED | {"evaluations": subjects("a", "bad", "b"), "options": {"evaluations_semantic": semantic}}
    answer, _ = served(AuthZen(), call(SEVERAL, asked), by_account)
    assert [one["decision"] for one in orjson.loads(answer.body)["evaluations"]] == expected


def test_one_wrong_evaluation() -> None:
    """An evaluation that says nothing costs only itself."""
    asked = ASKED | {"evaluations": [{"subject": {}}, *subjects("a")]}
    told = orjson.loads(served(AuthZen(), call(SEVERAL, asked))[0].body)["evaluations"]
    assert [one["decision"] for one in told] == [False, True]
    assert told[0]["context"]["error"]["status"] == 400


@pytest.mark.parametrize("evaluations", [None, []])
def test_no_evaluations_are_one(evaluations: list[object] | None) -> None:
    """Without evaluations the request itself is one."""
    asked = ASKED if evaluations is None else ASKED | {"evaluations": evaluations}
    assert orjson.loads(served(AuthZen(), call(SEVERAL, asked))[0].body)["decision"] is True


@pytest.mark.parametrize(
    "asked",
    [
        {},
        ASKED | {"subject": {"id": "a"}},
        ASKED | {"action": {"name": 1}},
        ASKED | {"evaluations": [{}] * 101},
        ASKED | {"evaluations": "x"},
        ASKED | {"evaluations": [{}], "options": {"evaluations_semantic": []}},
    ],
)
def test_wrong_requests(asked: dict[str, Any]) -> None:
    """What is not of the specification's form is 400."""
    path = SEVERAL if "evaluations" in asked else ONE
    assert served(AuthZen(), call(path, asked))[0].status == 400


def test_ids_that_cannot_be_headers() -> None:
    """An id that HTTP cannot carry back is not carried back."""
    answer, _ = served(AuthZen(), call(ONE, ASKED, x_request_id="a\r\nset-cookie: x"))
    assert "x-request-id" not in answer.headers
