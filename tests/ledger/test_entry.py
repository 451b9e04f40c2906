"""Entries hold a hash and no more; what a commitment is to can be shown, and cannot be guessed."""

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Entry, Kind, Opening, commitment, is_of
from stillwatch.ledger.tree import leaf_hash
from stillwatch.signing.canonical import canonical

TIME = datetime(2026, 11, 27, tzinfo=UTC)
OPENING = Opening(b"s" * 32, {"indicator": "i-1", "days": 14})
ENTRY = Entry(3, TIME, Kind.SIGHTING, "member-a", commitment(OPENING))


def test_an_entry_comes_back_from_what_it_tells() -> None:
    """And has the same leaf."""
    assert Entry.of(ENTRY.told()) == ENTRY
    assert Entry.of(ENTRY.told()).leaf == ENTRY.leaf


@pytest.mark.parametrize(
    "changed",
    [
        {"more": 1},
        {"index": "3"},
        {"index": True},
        {"index": -1},
        {"index": 2**53},
        {"kind": "block"},
        {"kind": 1},
        {"time": "2026-11-27"},
        {"actor": "a@b.example"},
        {"actor": ""},
        {"commitment": "00"},
        {"commitment": "A" * 64},
    ],
)
def test_anything_else_is_no_entry(changed: dict[str, Any]) -> None:
    """A member too many, another type, a kind that is not on the list, an actor that is an address."""
    with pytest.raises(InvalidInput):
        Entry.of({**ENTRY.told(), **changed})


@given(st.integers(0, 2**53 - 1), st.sampled_from(Kind), st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"), st.datetimes())
def test_a_leaf_is_the_hash_of_canonical_json(index: int, kind: Kind, actor: str, time: datetime) -> None:
    """Whatever an entry may hold."""
    entry = Entry(index, time.replace(tzinfo=UTC), kind, actor, commitment(OPENING))
    assert entry.leaf == leaf_hash(canonical(entry.told()))


def test_every_member_of_an_entry_is_in_its_leaf() -> None:
    """Changing any one changes the hash."""
    others = {
        "index": 4,
        "time": "2026-11-27T00:00:00.000001Z",
        "kind": "opinion",
        "actor": "member-b",
        "commitment": "0" * 64,
    }
    leaves = {Entry.of({**ENTRY.told(), name: value}).leaf for name, value in others.items()}
    assert len(leaves | {ENTRY.leaf}) == 6


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3), st.binary(min_size=32, max_size=32))
def test_only_the_same_document_and_salt_open_a_commitment(document: dict[str, Any], salt: bytes) -> None:
    """However the keys are ordered; not with another salt or one member more."""
    entry = Entry(0, TIME, Kind.PUBLISH, "a", commitment(Opening(salt, document)))
    assert is_of(entry, Opening(salt, dict(reversed(document.items()))))
    assert not is_of(entry, Opening(secrets.token_bytes(32), document))
    assert not is_of(entry, Opening(salt, {**document, "long key": 1}))


@pytest.mark.parametrize("salt", [b"", b"s" * 31, b"s" * 33])
def test_no_commitment_without_a_whole_salt(salt: bytes) -> None:
    """A short one could be tried out, and bytes could move from salt to document."""
    with pytest.raises(InvalidInput, match="32 bytes"):
        commitment(Opening(salt, {}))
