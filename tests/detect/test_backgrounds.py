"""Backgrounds: votes against a plain count, merging, keys that say nothing without the salt."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.backgrounds import BACKGROUND, KINDS, VOTE, Backgrounds
from stillwatch.errors import IncompatibleVersion, InvalidInput

SALT = b"a salt of this installation"
ROWS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5), st.integers(1, 9)), max_size=40)


def made(rows: list[tuple[int, int, int]], salt: bytes = SALT, kind: str = "asn") -> Backgrounds:
    """Backgrounds of (owner, value, count) rows."""
    owner, value, n = (np.array([row[i] for row in rows], np.uint64) for i in range(3))
    return Backgrounds.of({kind: (owner, value)}, salt, {kind: n.astype(np.int64)})


@given(ROWS, ROWS, ROWS)
def test_merging_does_not_mind_the_order(
    a: list[tuple[int, int, int]], b: list[tuple[int, int, int]], c: list[tuple[int, int, int]]
) -> None:
    """Commutative and associative to the last bit, and an empty window changes nothing."""
    one, two, three = made(a), made(b), made(c)
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert one.merge(made([])) == one


@given(ROWS)
def test_an_owner_has_one_vote(rows: list[tuple[int, int, int]]) -> None:
    """Shares are those of a plain count in which every owner spreads one vote over what it shows."""
    total = Counter[int]()
    votes = Counter[int]()
    for owner, value, n in rows:
        total[owner] += n if value else 0
    for owner, value, n in rows:
        votes[value] += Fraction(n, total[owner]) if value else 0  # type: ignore[assignment]
    owners = sum(n > 0 for n in total.values())
    found = made(rows)
    assert found.n_owners("asn") == pytest.approx(owners, abs=1e-4)
    shares = found.share("asn", np.arange(6, dtype=np.uint64), SALT)
    assert shares[0] == 1.0
    assert shares[1:] == pytest.approx([min(1.0, float(votes[v] + 1) / (owners + 1)) for v in range(1, 6)], abs=1e-4)


def test_many_accounts_of_one_owner_make_nothing_common() -> None:
    """A thousand accounts on one address are one vote; ten owners are ten."""
    fleet = made([(1, 7, 1)] * 1000 + [(owner, 8, 1) for owner in range(2, 12)])
    seven, eight = fleet.share("asn", np.array([7, 8], np.uint64), SALT)
    assert (seven, eight) == pytest.approx((2 / 12, 11 / 12))


def test_values_are_not_in_the_table() -> None:
    """Keys differ from the hashes they stand for, from kind to kind, and from salt to salt."""
    values = np.arange(1, 200, dtype=np.uint64)
    seen = dict.fromkeys(KINDS, (values, values))
    here, there = Backgrounds.of(seen, SALT), Backgrounds.of(seen, b"another salt")
    keys = [set(part.keys[kind].tolist()) for part in (here, there) for kind in KINDS]
    assert len(set.union(*keys)) == 2 * len(KINDS) * len(values)
    assert not set(values.tolist()) & set.union(*keys)


def test_another_salt_is_refused() -> None:
    """Neither merged nor looked up: the keys would silently match nothing."""
    here, there = made([(1, 1, 1)]), made([(1, 1, 1)], b"another salt")
    assert here.fits(SALT)
    assert not there.fits(SALT)
    with pytest.raises(IncompatibleVersion, match="different salts"):
        here.merge(there)
    with pytest.raises(IncompatibleVersion, match="another salt"):
        there.share("asn", np.array([1], np.uint64), SALT)


@given(ROWS)
def test_a_table_is_read_as_it_was_written(rows: list[tuple[int, int, int]]) -> None:
    """All votes survive."""
    found = made(rows)
    assert found.table().schema.equals(BACKGROUND)
    assert Backgrounds.from_table(found.table(), found.mark) == found


def test_a_table_that_makes_no_sense_is_refused() -> None:
    """Negative votes, and a key twice."""
    table = made([(1, 1, 1), (2, 2, 1)]).table()
    at = table.schema.get_field_index("votes")
    with pytest.raises(InvalidInput, match="ascending keys and votes"):
        Backgrounds.from_table(table.set_column(at, BACKGROUND.field("votes"), [[-VOTE, VOTE]]), "m")
    with pytest.raises(InvalidInput, match="ascending keys and votes"):
        Backgrounds.from_table(table.take([0, 0]), "m")
