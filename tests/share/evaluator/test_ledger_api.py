"""An evaluator's ledger: members verify what it counted, that nothing was rewritten, and learn nobody's name."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.share.evaluator.asgi import client_of
from tests.share.evaluator.worlds import EPOCH, NOW, TOKENS, World

from stillwatch.ledger.audit import audit
from stillwatch.ledger.entry import Kind, Opening, is_of
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.ledger.verification import is_consistent
from stillwatch.share.evaluator import evaluator_app
from stillwatch.share.evaluator.ledger_api import budget_ledger_routes
from stillwatch.share.evaluator.messages import Ask, write_ask
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.evaluator.recording import budget_recorder
from stillwatch.share.oprf import random_element
from stillwatch.signing.keys import SigningKey, VerifyKey, keys_of

PATHS = ("head", "key", "entries/0/proof", "consistency?from=1", "own", "export")


class Place:
    """An evaluator that writes down and shows what it does."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        world = World(folder, stack)
        LEDGER_TABLES.create_all(world.engine)
        self.key = SigningKey.generate()
        app = evaluator_app(
            world.keyring,
            world.meter,
            TOKENS.get,
            on_spent=budget_recorder(world.engine, self.key),
            ledger=budget_ledger_routes(world.engine, self.key, TOKENS.get),
            now=lambda: NOW,
        )
        self.client = client_of(app)

    def get(self, path: str, token: str | None = "token-a") -> httpx.Response:  # noqa: S107 - of a test
        """What it answers below its ledger."""
        return self.client.get(f"/v1/ledger/{path}", headers={"Authorization": f"Bearer {token}"} if token else {})

    def evaluate(self, n: int, token: str = "token-a") -> None:  # noqa: S107 - of a test
        """Have some elements evaluated."""
        body = write_ask(Ask(Purpose.CHECK, EPOCH, tuple(random_element() for _ in range(n))))
        told = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        assert self.client.post("/v1/evaluate", content=body, headers=told).status_code == 200


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An evaluator with two members."""
    with ExitStack() as stack:
        yield Place(tmp_path / "one", stack)


def test_a_member_verifies_what_was_counted_of_it(place: Place) -> None:
    """Each of its requests is an entry that opens to what it asked, under a head signed by the evaluator's key."""
    place.evaluate(3)
    place.evaluate(2, "token-b")
    place.evaluate(5)
    keys = keys_of([VerifyKey.of(place.get("key").json())])
    own = place.get("own").json()
    assert [entry["document"]["elements"] for entry in own["entries"]] == [3, 5]
    assert not own["more"]
    for told in own["entries"]:
        answer = place.get(f"entries/{told['index']}/proof").json()
        head, proof = verify_head(answer["head"], keys), Proof.of(answer["proof"])
        check_proof(proof, head)
        assert is_of(proof.entry, Opening(bytes.fromhex(told["salt"]), told["document"]))
        assert (proof.entry.actor, proof.entry.kind) == (own["actor"], Kind.EVALUATION_BUDGET)
    after = place.get(f"own?after={own['entries'][0]['index']}").json()
    assert after["entries"] == own["entries"][1:]


def test_of_others_a_member_sees_neither_name_nor_numbers(place: Place) -> None:
    """The export verifies, counts everybody's requests and says nothing of whose they are or how large."""
    place.evaluate(3)
    place.evaluate(1_000, "token-b")
    shown = b"".join(place.get(path).content for path in (*PATHS, "entries/1/proof"))
    assert b"alpha" not in shown
    assert b"beta" not in shown
    assert not re.search(rb"\b1000\b", place.get("export").content)  # a hash may hold the digits
    assert place.get("own").json()["actor"] != place.get("own", "token-b").json()["actor"]


def test_the_export_verifies_offline(place: Place, tmp_path: Path) -> None:
    """As `stillwatch ledger verify` does it, also against a head that was kept."""
    place.evaluate(1)
    kept = place.get("head").json()
    place.evaluate(2)
    (tmp_path / "ledger.jsonl").write_bytes(place.get("export").content)
    found = audit(tmp_path / "ledger.jsonl", [kept], keys_of([place.key.verify_key]))
    assert (found.size, found.is_signed, found.kinds) == (2, True, {"evaluation-budget": 2})


def test_a_head_kept_from_before_is_continued(place: Place) -> None:
    """Budgets that were given back by rewriting the ledger would be seen."""
    place.evaluate(1)
    keys = keys_of([place.key.verify_key])
    old = verify_head(place.get("head").json(), keys)
    for n in range(1, 5):
        place.evaluate(n)
    told = place.get(f"consistency?from={old.size}").json()
    new = verify_head(told["head"], keys)
    path = [bytes.fromhex(part) for part in told["path"]]
    assert (old.size, new.size) == (1, 5)
    assert is_consistent(old.size, new.size, path, old.root, new.root)


@pytest.mark.parametrize("token", [None, "token-x", "x" * 600])
def test_nobody_without_a_token_learns_anything(place: Place, token: str | None) -> None:
    """Not even how long the ledger is, in the same words as for evaluating."""
    place.evaluate(1)
    answers = [place.get(path, token) for path in PATHS]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["error"] for answer in answers} == {"a bearer token of a member is needed"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("entries/9/proof", 404),
        ("entries/x/proof", 400),
        ("consistency", 400),
        ("consistency?from=9", 404),
        ("own?after=-1", 400),
        ("own?after=" + "9" * 40, 400),
    ],
)
def test_places_that_are_none_are_refused(place: Place, path: str, status: int) -> None:
    """With a reason and without a failure."""
    place.evaluate(1)
    answer = place.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]
