"""The proof of removal: complete when every holder has acknowledged, and nothing of it can be made up."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.share.appeals.forum import MEMBERS, NOW, filing, open_forum

from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import forget, sign_head
from stillwatch.share.appeals.case import Answer
from stillwatch.share.appeals.docket import answer, own_case, status
from stillwatch.share.appeals.filing import Filed, file
from stillwatch.share.appeals.removal import check_removal, removal_proof
from stillwatch.share.appeals.revocation import acknowledge, revoke
from stillwatch.share.life.tombstones import Cause, Tombstone
from stillwatch.signing.keys import SigningKey, keys_of

KEY = SigningKey.generate()
KEYS = keys_of([KEY.verify_key])
A, B, C = MEMBERS


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """One transaction of a forum."""
    with open_forum(tmp_path / "forum.db").begin() as begun:
        yield begun


def upheld(connection: Connection, **changed: Any) -> Filed:
    """A case that the originator gave up."""
    filed = file(connection, filing(**changed), NOW)
    answer(connection, A, filed.of_holders[A], Answer.WITHDRAW, NOW)
    return filed


def proof(connection: Connection, filed: Filed) -> dict[str, Any]:
    """Proof of removal as it is now, through JSON and back."""
    case_id = own_case(connection, B, filed.reference, NOW)
    assert case_id is not None
    told: dict[str, Any] = json.loads(json.dumps(removal_proof(connection, case_id, sign_head(connection, KEY, NOW))))
    return told


def test_a_removal_is_complete_when_every_holder_says_so(connection: Connection) -> None:
    """One after the other; the filer sees the count."""
    filed = upheld(connection)
    for n, member in enumerate(MEMBERS):
        found = check_removal(proof(connection, filed), KEYS)
        assert (len(found.gone), len(found.missing), found.is_complete) == (n, 3 - n, False)
        assert acknowledge(connection, member, filed.of_holders[member], NOW) is True
        assert acknowledge(connection, member, filed.of_holders[member], NOW) is False
    found = check_removal(proof(connection, filed), KEYS)
    assert (found.indicator_id, found.is_complete) == ("indicator--1", True)
    told = status(connection, B, filed.reference, NOW)
    assert told is not None
    assert told.n_removed == 3


def test_the_proof_names_no_member(connection: Connection) -> None:
    """Names of holders are of this case alone: those of another case are others."""
    filed, other = upheld(connection), upheld(connection, indicator_id="i-2")
    for case in (filed, other):
        assert acknowledge(connection, C, case.of_holders[C], NOW)
    one, two = proof(connection, filed), proof(connection, other)
    assert "member" not in json.dumps(one)
    assert not check_removal(one, KEYS).gone & check_removal(two, KEYS).gone


def test_nothing_is_removed_or_proven_before_the_end(connection: Connection) -> None:
    """An open case, a foreign reference, a case that does not exist, documents that were forgotten."""
    filed = file(connection, filing(), NOW)
    with pytest.raises(InvalidInput, match="upheld"):
        acknowledge(connection, C, filed.of_holders[C], NOW)
    with pytest.raises(MissingData, match="nothing was revoked"):
        proof(connection, filed)
    with pytest.raises(MissingData, match="nothing was revoked"):
        removal_proof(connection, "no such case", sign_head(connection, KEY, NOW))
    answer(connection, A, filed.of_holders[A], Answer.WITHDRAW, NOW)
    assert acknowledge(connection, B, filed.of_holders[C], NOW) is None
    forget(connection, 0)
    with pytest.raises(MissingData, match="forgotten"):
        proof(connection, filed)


def test_an_earlier_revocation_serves_a_later_appeal(connection: Connection) -> None:
    """Holders of the later case acknowledge in it."""
    upheld(connection)
    later = file(connection, filing(), NOW)
    assert acknowledge(connection, C, later.of_holders[C], NOW)
    assert len(check_removal(proof(connection, later), KEYS).gone) == 1


def test_what_was_withdrawn_before_is_proved_without_naming_who_withdrew(connection: Connection) -> None:
    """The ledger's entry of the originator stays out of the proof: one of the forum's stands for it."""
    revoke(connection, Tombstone("indicator--1", Cause.WITHDRAWN, NOW, NOW), A)
    filed = file(connection, filing(), NOW)
    assert acknowledge(connection, C, filed.of_holders[C], NOW)
    told = proof(connection, filed)
    assert check_removal(told, KEYS).gone == {filed.of_holders[C]}
    assert "member" not in json.dumps(told)
    assert told["revoked"]["document"]["cause"] == "withdrawn"


def test_no_part_can_be_made_up(connection: Connection) -> None:
    """Taken from another case, changed, repeated, dropped, or under another key."""
    filed, other = upheld(connection), upheld(connection, indicator_id="i-2")
    for case in (filed, other):
        assert acknowledge(connection, C, case.of_holders[C], NOW)
    good, foreign = proof(connection, filed), proof(connection, other)
    check_removal(good, KEYS)

    def edited(*path: Any, to: Any) -> dict[str, Any]:
        changed = copy.deepcopy(good)
        inner: Any = changed
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to
        return changed

    alias = good["removed"][0]["proof"]["entry"]["actor"]
    wrong = [
        edited("revoked", to=foreign["revoked"]),
        edited("filed", to=foreign["filed"]),
        edited("removed", 0, to=foreign["removed"][0]),
        edited("removed", to=good["removed"] * 2),
        edited("removed", 0, to=good["revoked"]),
        edited("removed", to=None),
        edited("filed", "document", "holders", to=[alias]),
        edited("filed", "salt", to="00"),
        edited("filed", "document", to=None),
        edited("revoked", "proof", "size", to=1),
        edited("revoked", "proof", to={}),
        edited("revoked", to=7),
        edited("head", "size", to=1),
        edited("head", to=foreign["head"] | {"root": "0" * 64}),
        {**good, "more": 1},
    ]
    for told in wrong:
        with pytest.raises(FailedProof):
            check_removal(told, KEYS)
    with pytest.raises(FailedProof, match="no key"):
        check_removal(good, keys_of([SigningKey.generate().verify_key]))
