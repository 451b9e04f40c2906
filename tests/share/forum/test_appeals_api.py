"""What the endpoints of appeals refuse, and that refusals tell nothing."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.share.forum.appeal_place import Place, answer_of, appeal_of, serving_appeals

from stillwatch.share.appeals.filing import MOST_A_DAY
from stillwatch.share.appeals.references import MOST_MISSES

GETS = ("/appeals/", f"/appeals/{uuid.UUID(int=1)}/", f"/appeals/{uuid.UUID(int=1)}/proof/")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A forum that answers."""
    with serving_appeals(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A forum for messages that are all refused."""
    with serving_appeals(tmp_path_factory.mktemp("refusing")) as running:
        yield running


def alias(place: Place, name: str) -> str:
    """Name of a member in the one case that waits for it."""
    with place.client(name) as client:
        (one,) = client.get("/appeals/").json()["waiting"]
    return str(one["alias"])


def test_nobody_without_a_token_learns_anything(refusing: Place) -> None:
    """At each endpoint."""
    with refusing.client(None) as client:
        assert {client.get(path).status_code for path in GETS} == {401}
        assert client.post("/appeals/", json=appeal_of(str(uuid.uuid4()))).status_code == 401
        assert client.post("/appeals/answers/", json=answer_of(str(uuid.uuid4()), "abstain")).status_code == 401


def test_an_indicator_that_is_not_for_the_filer_is_as_one_that_is_not_there(place: Place) -> None:
    """The same status and the same words; who is asked in a case are those who may read its collection."""
    place.collections.add("Others", alias="others")
    place.join("d", "others")
    indicator_id, _ = place.tell()
    with place.client("d") as client:
        foreign = client.post("/appeals/", json=appeal_of(indicator_id))
        unknown = client.post("/appeals/", json=appeal_of(str(uuid.uuid4())))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    with place.client("b") as client:
        assert client.post("/appeals/", json=appeal_of(indicator_id)).status_code == 201
    with place.client("d") as client:
        assert client.get("/appeals/").json() == {"waiting": []}


def test_a_case_of_somebody_else_is_as_one_that_is_not_there(place: Place) -> None:
    """Status, proof and answers, by the filer's reference and by another holder's name."""
    indicator_id, _ = place.tell()
    told = appeal_of(indicator_id)
    with place.client("b") as client:
        assert client.post("/appeals/", json=told).status_code == 201
        assert client.get(f"/appeals/{told['id']}/proof/").status_code == 409
    names = told["id"], alias(place, "a"), str(uuid.uuid4()), "x", "%00"
    with place.client("c") as client:
        answers = [client.get(f"/appeals/{name}/{end}") for name in names for end in ("", "proof/")]
        answers += [client.post("/appeals/answers/", json=answer_of(name, "withdraw")) for name in names[:3]]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1


def test_who_guesses_is_stopped_and_told_when_to_come_back(place: Place) -> None:
    """Thirty misses an hour over all endpoints; others are not affected."""
    indicator_id, _ = place.tell()
    with place.client("b") as client:
        for n in range(MOST_MISSES):
            guess = client.post("/appeals/", json=appeal_of(str(uuid.uuid4()))) if n % 2 else client.get(GETS[1])
            assert guess.status_code == 404
        stopped = client.post("/appeals/", json=appeal_of(indicator_id))
        assert stopped.status_code == client.get(GETS[1]).status_code == 429
        assert int(stopped.headers["Retry-After"]) <= 3600
    with place.client("c") as client:
        assert client.post("/appeals/", json=appeal_of(indicator_id)).status_code == 201


def test_filing_again_is_one_appeal_and_floods_end(place: Place) -> None:
    """The same message twice: one case; twenty of them a day."""
    indicator_id, _ = place.tell()
    told = appeal_of(indicator_id)
    with place.client("b") as client:
        first, second = (client.post("/appeals/", json=told) for _ in range(2))
        assert first.content == second.content
        assert len(client.get("/appeals/").json()["waiting"]) == 1
        statuses = [client.post("/appeals/", json=appeal_of(indicator_id)).status_code for _ in range(MOST_A_DAY)]
    assert statuses == [201] * (MOST_A_DAY - 1) + [429]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"deadline": "2026-11-27T00:00:00.000Z"}, "unknown-field"),
        ({"grounds": "because"}, "choice"),
        ({"grounds": None}, "choice"),
        ({"note": "my name is somebody"}, "unknown-field"),
        ({"indicator_ref": "indicator--1"}, "id"),
        ({"id": "1"}, "uuid"),
        ({"schema": "0" * 64}, "schema"),
        ({"type": "appeal-answer"}, "type appeal"),
    ],
)
def test_a_message_that_may_not_cross_is_refused(refusing: Place, change: dict[str, Any], rule: str) -> None:
    """Nobody sets the deadline but the forum, no story crosses, and nothing of what was refused is repeated."""
    indicator_id, _ = refusing.tell()
    with refusing.client("b") as client:
        refused = client.post("/appeals/", json=appeal_of(indicator_id, **change))
        assert client.get("/appeals/").json() == {"waiting": []}
    assert refused.status_code == 422
    assert rule in refused.text
    assert "somebody" not in refused.text


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 422), (b'{"type": "appeal", "type": "appeal"}', 400), (b" " * 5000, 413), (b"\xff", 400)],
)
def test_a_body_that_is_no_message_is_refused(refusing: Place, body: bytes, status: int) -> None:
    """Cut off, of another form, ambiguous, too large."""
    with refusing.client("b") as client:
        for path in ("/appeals/", "/appeals/answers/"):
            assert client.post(path, content=body).status_code == status


def test_answers_come_once_and_in_order(place: Place) -> None:
    """No removal before the end, no second answer, none after the end; a second word of removal is no harm."""
    indicator_id, _ = place.tell()
    with place.client("b") as client:
        client.post("/appeals/", json=appeal_of(indicator_id))
    names = {name: alias(place, name) for name in ("a", "b", "c")}

    def say(name: str, word: str) -> int:
        with place.client(name) as client:
            return client.post("/appeals/answers/", json=answer_of(names[name], word)).status_code

    assert [say("b", "removed"), say("b", "abstain"), say("b", "maintain")] == [409, 200, 409]
    assert [say("a", "upheld"), say("a", "withdraw"), say("c", "maintain")] == [422, 200, 409]
    assert [say("c", "removed"), say("c", "removed")] == [200, 200]


def test_other_verbs_are_not_served(refusing: Place) -> None:
    """What is there is told to nobody."""
    with refusing.client("b") as client:
        assert client.delete("/appeals/").status_code == client.put("/appeals/answers/").status_code == 405
