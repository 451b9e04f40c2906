"""Commitments before use: one root for all keys, a proof for each, and no change that passes."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from stillwatch.errors import FailedProof, IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append, forget, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.ledger.tree import leaf_hash
from stillwatch.ledger.verification import is_included
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database
from stillwatch.trace.keys.commitments import Commitments, commit, read_commitments, record, write_commitments
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import MarkKey, Purpose
from stillwatch.trace.keys.opening import opening, verify_opening

KEEPER = KeyKeeper(bytes(range(32)))
TIME = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
SIGNER = SigningKey.generate()


def keys(count: int, epoch: str = "2026-11") -> list[MarkKey]:
    """Keys of some accounts."""
    return KEEPER.keys(Purpose.ACCOUNT, [f"acct-{i}" for i in range(count)], epoch)


@given(st.integers(1, 70))
def test_every_key_is_proved_under_the_root(count: int) -> None:
    """For any number of keys each has a proof that leads to the root, and to no other root."""
    made = commit(keys(count))
    for key in keys(count):
        place, path = made.path(key.commitment)
        leaf = leaf_hash(bytes.fromhex(key.commitment))
        assert is_included(leaf, place, count, path, made.root)
        assert not is_included(leaf_hash(b"x"), place, count, path, made.root)


def test_the_order_of_keys_tells_nothing() -> None:
    """Keys in another order give the same commitments; another key gives another root."""
    assert commit(keys(9)) == commit(reversed(keys(9)))
    assert commit(keys(9)).root != commit([*keys(8), KEEPER.key(Purpose.CAMPAIGN, "c", "2026-11")]).root


def test_what_cannot_be_committed_to_is_refused() -> None:
    """No keys, keys of two epochs, a key twice, and a text that is no commitment."""
    for wrong, told in (([], "one epoch, got 0"), ([*keys(2), *keys(1, "x")], "got 2"), (keys(2) * 2, "there twice")):
        with pytest.raises(InvalidInput, match=told):
            commit(wrong)
    with pytest.raises(InvalidInput, match="64 hexadecimal"):
        Commitments.of("e", ["xyz"])
    with pytest.raises(MissingData, match="not among the 3"):
        commit(keys(3)).path("0" * 64)


def test_commitments_are_written_and_read(tmp_path: Path) -> None:
    """The file gives the same back and holds neither secret nor account; damage is told."""
    path, made = tmp_path / "c.txt", commit(keys(20))
    write_commitments(made, path)
    assert read_commitments(path) == made
    text = path.read_text()
    assert "acct" not in text
    assert not any(key.secret.hex() in text for key in keys(20))
    for damaged in (text[:-65], text[:400], "{}", "[1]\n", text.replace("64", "zz", 1) if "64" in text else "x"):
        path.write_text(damaged)
        with pytest.raises(UnreadableSource):
            read_commitments(path)
    path.write_text(text.replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(IncompatibleVersion, match="version 2"):
        read_commitments(path)
    with pytest.raises(MissingData):
        read_commitments(tmp_path / "none")


@pytest.fixture(scope="module")
def disclosed() -> dict[str, Any]:
    """One key of thirty, with its proofs, from a ledger that holds other entries too."""
    engine = open_database("sqlite://", LEDGER_TABLES)
    return disclose(engine, keys(30)[7])


def disclose(engine: Engine, key: MarkKey) -> dict[str, Any]:
    """A key's proofs; other things are recorded before and after its epoch's commitments."""
    made = commit(keys(30))
    with engine.begin() as connection:
        append(connection, Event(Kind.POLICY, "ada", {"n": 1}, TIME))
        entry = record(connection, made, "ada", SIGNER, TIME)
        append(connection, Event(Kind.POLICY, "ada", {"n": 2}, TIME))
        head = sign_head(connection, SIGNER, TIME + timedelta(days=1))
        return opening(connection, key, made, entry.index, head)


def test_a_disclosed_key_holds(disclosed: dict[str, Any]) -> None:
    """The key comes back with the time of its commitment, whoever signed known or left open."""
    found = verify_opening(disclosed, keys_of([SIGNER.verify_key]), before=TIME + timedelta(seconds=1))
    assert (found.key, found.committed_at, found.is_signed) == (keys(30)[7], TIME, True)
    assert not verify_opening(disclosed).is_signed


def test_a_commitment_must_be_older(disclosed: dict[str, Any]) -> None:
    """A suspect of the time of the commitment, or from before, is not covered."""
    with pytest.raises(FailedProof, match="not before"):
        verify_opening(disclosed, before=TIME)


def test_another_signer_is_no_proof(disclosed: dict[str, Any]) -> None:
    """A head by somebody else fails."""
    with pytest.raises(FailedProof):
        verify_opening(disclosed, keys_of([SigningKey.generate().verify_key]))


def leaves(told: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of all values in a document."""
    if isinstance(told, dict):
        return [one for name, value in told.items() for one in leaves(value, (*at, name))]
    if isinstance(told, list):
        return [one for i, value in enumerate(told) for one in leaves(value, (*at, i))]
    return [at]


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, int):
        return value + 1
    last = value[-1]
    return value[:-1] + ("0" if last != "0" else "1")


def test_no_change_passes(disclosed: dict[str, Any]) -> None:
    """Every single value changed, wherever it stands, fails; so does one taken away or added."""
    places = leaves(disclosed)
    assert len(places) > 20
    for place in places:
        told = copy.deepcopy(disclosed)
        inner = told
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = other(inner[place[-1]])
        with pytest.raises(FailedProof):
            verify_opening(told, keys_of([SIGNER.verify_key]))
    for name in disclosed:
        with pytest.raises(FailedProof, match="exactly the members"):
            verify_opening({key: value for key, value in disclosed.items() if key != name})


def test_what_was_not_committed_to_is_not_opened() -> None:
    """A key of another account, an entry of something else, and a forgotten document."""
    engine = open_database("sqlite://", LEDGER_TABLES)
    with pytest.raises(MissingData, match="not among"):
        disclose(engine, KEEPER.key(Purpose.ACCOUNT, "stranger", "2026-11"))
    made = commit(keys(30))
    with engine.begin() as connection:
        head = sign_head(connection, SIGNER, TIME)
        wrong = append(connection, Event(Kind.POLICY, "ada", {"root": "x"}, TIME))
        entry = record(connection, made, "ada", SIGNER, TIME)
        with pytest.raises(InvalidInput, match="does not record"):
            opening(connection, keys(1)[0], made, wrong.index, head)
        forget(connection, entry.index)
        with pytest.raises(MissingData, match="is gone"):
            opening(connection, keys(1)[0], made, entry.index, head)
