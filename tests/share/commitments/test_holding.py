"""Holdings: every item can be revealed, nothing else can, and a commitment tells nothing but its member."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.tree import leaf_hash
from stillwatch.share.commitments.holding import Holding, HoldingCommitment, Reveal, check_reveal
from stillwatch.signing.canonical import canonical

SECRET = b"s" * 32
ITEMS = st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["band", "address"]), "value": st.text(max_size=6)}))


def tags(n: int) -> list[dict[str, Any]]:
    """Items as members hold them."""
    return [{"kind": "address", "epoch": 1, "value": f"{i:064x}"} for i in range(n)]


@given(ITEMS, ITEMS)
def test_what_is_held_can_be_revealed_and_nothing_else(
    held: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    """Each item of the holding, through JSON and back; of the others there is no reveal."""
    holding = Holding("member-a", held, SECRET)
    for item in held:
        assert item in holding
        check_reveal(holding.commitment, Reveal.of(json.loads(json.dumps(holding.reveal(item).told()))))
    for item in others:
        if item not in held:
            assert item not in holding
            with pytest.raises(InvalidInput, match="only what is in"):
                holding.reveal(item)


def test_a_reveal_is_of_one_item_member_and_commitment() -> None:
    """Another item, salt, place or path; the same items of another member; another holding."""
    holding = Holding("member-a", tags(5), SECRET)
    found = holding.reveal(tags(5)[2])
    wrong = [
        Reveal(tags(9)[8], found.salt, found.place, found.path),
        Reveal(found.item, bytes(32), found.place, found.path),
        Reveal(found.item, found.salt[:31], found.place, found.path),
        Reveal(found.item, found.salt, found.place ^ 1, found.path),
        Reveal(found.item, found.salt, found.place, found.path[:-1]),
    ]
    for reveal in wrong:
        with pytest.raises(FailedProof, match="not in what"):
            check_reveal(holding.commitment, reveal)
    copied = HoldingCommitment("member-b", holding.commitment.root, holding.commitment.size)
    for commitment in (copied, Holding("member-a", tags(5), b"t" * 32).commitment):
        with pytest.raises(FailedProof, match="not in what"):
            check_reveal(commitment, found)


@pytest.mark.parametrize(("n", "size"), [(0, 64), (1, 64), (64, 64), (65, 128), (1000, 1024)])
def test_a_commitment_tells_the_size_to_a_power_of_two(n: int, size: int) -> None:
    """And no two holdings have one root."""
    one, other = Holding("a", tags(n), SECRET), Holding("a", tags(n), b"t" * 32)
    assert one.commitment.size == size
    assert one.commitment.root != other.commitment.root
    assert one.commitment == Holding("a", reversed([*tags(n), *tags(n)]), SECRET).commitment


def test_a_reveal_shows_no_other_item() -> None:
    """The hashes beside it are not those of the other items without their salts."""
    holding = Holding("member-a", tags(64), SECRET)
    shown = set(holding.reveal(tags(1)[0]).path)
    unsalted = {leaf_hash(canonical({"item": item, "member": "member-a"})) for item in tags(64)}
    assert not shown & unsalted
    assert len(shown) == 6


@pytest.mark.parametrize(
    "by", [{"more": 1}, {"salt": "00"}, {"salt": 1}, {"place": "0"}, {"path": ["x"]}, {"path": 3}, {"item": []}]
)
def test_what_is_no_reveal_is_refused(by: dict[str, Any]) -> None:
    """Other members, types and lengths."""
    told = Holding("a", tags(1), SECRET).reveal(tags(1)[0]).told()
    with pytest.raises(InvalidInput, match="exactly"):
        Reveal.of({**told, **by})


@pytest.mark.parametrize("by", [{"more": 1}, {"size": 65}, {"size": 32}, {"size": "64"}, {"root": "00"}, {"member": 1}])
def test_what_is_no_commitment_is_refused(by: dict[str, Any]) -> None:
    """Other members, types, and sizes that are no power of two."""
    told = Holding("a", tags(1), SECRET).commitment.told()
    assert HoldingCommitment.of(told).told() == told
    with pytest.raises(InvalidInput, match="commitment"):
        HoldingCommitment.of({**told, **by})


def test_a_short_secret_is_refused() -> None:
    """Salts drawn from it could be guessed."""
    with pytest.raises(InvalidInput, match="32 bytes"):
        Holding("a", [], b"short")
