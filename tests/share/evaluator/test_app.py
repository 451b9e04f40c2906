"""The evaluator answers members with proofs within their budgets, and refuses everything else in a sentence."""

import base64
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.share.evaluator.asgi import client_of
from tests.share.evaluator.worlds import EPOCH, World

from stillwatch.share.evaluator import Purpose
from stillwatch.share.evaluator.messages import LARGEST_ASK, Ask, read_keys, read_reply, write_ask
from stillwatch.share.oprf import blind, finalize, verify_proof

AUTHORISED = {"Authorization": "Bearer token-a"}
ELEMENTS = blind([b"one", b"two"]).elements


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One evaluator."""
    with ExitStack() as stack:
        yield World(tmp_path / "one", stack)


def asked(
    world: World, elements: tuple[bytes, ...] = ELEMENTS, purpose: Purpose = Purpose.CHECK, epoch: int = EPOCH
) -> httpx.Response:
    """Answer to an honest request."""
    return client_of(world.app).post(
        "/v1/evaluate", content=write_ask(Ask(purpose, epoch, elements)), headers=AUTHORISED
    )


def test_an_answer_is_proven_and_tells_what_is_left(world: World) -> None:
    """Elements under the key that is published, the ledger told first."""
    reply = read_reply(asked(world).content)
    _, keys = read_keys(client_of(world.app).get("/v1/keys").content)
    assert verify_proof(keys[EPOCH], ELEMENTS, reply.elements, reply.proof)
    assert (reply.epoch, reply.left) == (EPOCH, 4_998)
    assert world.told == [("alpha", Purpose.CHECK, EPOCH, 2)]


def test_two_requests_for_one_value_give_one_output(world: World) -> None:
    """However it was blinded."""
    found = set()
    for _ in range(2):
        hidden = blind([b"198.51.100.7"])
        found.update(finalize(hidden, read_reply(asked(world, hidden.elements).content).elements))
    assert len(found) == 1


@pytest.mark.parametrize(
    "header", [None, "Bearer ", "Bearer nobody", "Basic token-a", "token-a", f"Bearer {'x' * 600}"]
)
def test_who_is_no_member_gets_nothing(world: World, header: str | None) -> None:
    """No token, one that nobody has, another scheme, too long: 401, and nothing is counted."""
    headers = {} if header is None else {"Authorization": header}
    response = client_of(world.app).post("/v1/evaluate", content=b"{}", headers=headers)
    assert response.status_code == 401
    assert world.told == []


def test_health_and_keys_are_for_everybody(world: World) -> None:
    """The key of this epoch and of the next; members compare what each is told."""
    client = client_of(world.app)
    assert client.get("/health").json() == {"status": "ok"}
    days, keys = read_keys(client.get("/v1/keys").content)
    assert (days, sorted(keys)) == (7, [EPOCH, EPOCH + 1])


def whole(**changed: Any) -> bytes:
    """Body of a good request with something changed."""
    good = {"purpose": "check", "epoch": EPOCH, "elements": [base64.b64encode(ELEMENTS[0]).decode()]}
    return json.dumps(good | changed).encode()


GARBAGE = {
    "empty": b"",
    "no JSON": b"\xff\xfe{",
    "truncated": whole()[:-10],
    "list": b"[]",
    "deep": b"[" * 50_000,
    "unknown field": whole(extra=1),
    "missing field": b'{"purpose": "check", "epoch": 1}',
    "unknown purpose": whole(purpose="enumerate"),
    "purpose of another type": whole(purpose=["check"]),
    "epoch as text": whole(epoch=str(EPOCH)),
    "epoch as truth": whole(epoch=True),
    "negative epoch": whole(epoch=-1),
    "huge epoch": whole(epoch=2**70),
    "no elements": whole(elements=[]),
    "too many elements": whole(elements=["AAAA"] * 1025),
    "elements as text": whole(elements="AAAA"),
    "elements as numbers": whole(elements=[1, 2]),
    "short element": whole(elements=[base64.b64encode(bytes(31)).decode()]),
    "base64 with spaces": whole(elements=[" " + base64.b64encode(ELEMENTS[0]).decode()]),
    "base64 of another form": whole(elements=[base64.b64encode(ELEMENTS[0]).decode()[:-2] + "B="]),
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_and_costs_nothing(world: World, body: bytes) -> None:
    """400 with a sentence that shows nothing of it, for every form that is not the one."""
    response = client_of(world.app).post("/v1/evaluate", content=body, headers=AUTHORISED)
    assert response.status_code == 400
    assert "must be" in response.json()["error"]
    assert "enumerate" not in response.text
    assert world.told == []


@pytest.mark.parametrize(
    "element", [bytes(32), b"\xff" * 32, (2**255 - 19).to_bytes(32, "little")], ids=["identity", "ones", "unreduced"]
)
def test_what_is_no_element_is_refused_and_counted(world: World, element: bytes) -> None:
    """The identity would be evaluated to itself; to look at it was work, so that it costs."""
    response = asked(world, (*ELEMENTS, element))
    assert response.status_code == 400
    assert world.meter.left("alpha", Purpose.CHECK, EPOCH) == 4_997


def test_oversized_bodies_are_not_read_to_the_end(world: World) -> None:
    """413 beyond 64 KiB."""
    body = whole() + b" " * LARGEST_ASK
    assert client_of(world.app).post("/v1/evaluate", content=body, headers=AUTHORISED).status_code == 413


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/spent"])
def test_there_is_nothing_else(world: World, path: str) -> None:
    """404 or, for another method, 405."""
    assert client_of(world.app).get(path).status_code == 404
    assert client_of(world.app).get("/v1/evaluate").status_code == 405


def test_enumeration_stops_at_the_budget(world: World) -> None:
    """The request that does not fit is refused as a whole, with the seconds to the next epoch."""
    many = ELEMENTS * 512
    codes = [asked(world, many).status_code for _ in range(6)]
    assert codes == [200] * 4 + [429] * 2
    response = asked(world, many)
    assert 0 < int(response.headers["retry-after"]) <= 7 * 86_400
    assert "904 elements are left" in response.json()["error"]
    assert asked(world, many, Purpose.PUBLISH).status_code == 200


def test_enumeration_by_requests_side_by_side_stops_as_exactly(world: World) -> None:
    """Sixteen requests at once on eight threads: as many answered as the budget holds, none more."""
    many = ELEMENTS * 250
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: asked(world, many).status_code, range(16)))
    assert sorted(codes) == [200] * 10 + [429] * 6
    assert world.meter.left("alpha", Purpose.CHECK, EPOCH) == 0
    assert sum(n for *_, n in world.told) == 5_000


def test_a_replayed_request_costs_again(world: World) -> None:
    """The same bytes twice: evaluated twice, counted twice; nothing is learnt that was not paid for."""
    one, other = read_reply(asked(world).content), read_reply(asked(world).content)
    assert one.elements == other.elements
    assert (one.left, other.left) == (4_998, 4_996)


def test_budgets_outlive_the_process(tmp_path: Path) -> None:
    """What was spent before a restart is spent after it."""
    for expected in (200, 200, 429):
        with ExitStack() as stack:
            world = World(tmp_path / "one", stack)
            assert asked(world, ELEMENTS * 512, Purpose.PUBLISH).status_code == 200
            world.meter.spend("alpha", Purpose.CHECK, EPOCH, 2_300 if expected == 200 else 1)
            assert asked(world, ELEMENTS * 100).status_code == expected


def test_epochs_begin_and_end(world: World) -> None:
    """Not before it begins, until its grace is over, then never again; the next one has another key."""
    assert asked(world, epoch=EPOCH + 1).status_code == 404
    before = read_reply(asked(world).content).elements
    world.wait(7)
    assert read_reply(asked(world).content).elements == before
    assert read_reply(asked(world, epoch=EPOCH + 1).content).elements != before
    world.wait(2)
    assert asked(world).status_code == 404
    assert asked(world, epoch=EPOCH + 1).status_code == 200


def test_what_was_counted_goes_with_its_key(world: World) -> None:
    """When a key is destroyed, the rows of its epoch are; those of the next epoch stay."""
    asked(world)
    world.wait(7)
    asked(world, epoch=EPOCH + 1)
    world.wait(2)
    client_of(world.app).get("/v1/keys")
    left = [world.meter.left("alpha", Purpose.CHECK, epoch) for epoch in (EPOCH, EPOCH + 1)]
    assert left == [5_000, 4_998]


def test_nothing_is_evaluated_that_the_ledger_could_not_be_told(tmp_path: Path) -> None:
    """If the hook fails the answer is a 500 without reasons, and the budget stays spent."""

    def broken(*_: object) -> None:
        message = "secret reason"
        raise RuntimeError(message)

    with ExitStack() as stack:
        world = World(tmp_path / "one", stack, on_spent=broken)
        response = asked(world)
        assert response.status_code == 500
        assert "secret" not in response.text
        assert world.meter.left("alpha", Purpose.CHECK, EPOCH) == 4_998


def test_no_element_is_written_down(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in a log, nor in the database, in any of the forms an element has."""
    caplog.set_level(logging.DEBUG)
    asked(world)
    asked(world, (bytes(32),))
    with world.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    disk = b"".join(path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert b"alpha" in disk
    for element in ELEMENTS:
        for form in (element, element.hex().encode(), base64.b64encode(element)):
            assert form not in disk
            assert form not in caplog.text.encode()
