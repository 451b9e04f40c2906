"""Accounts that rare attributes tie together: what makes an edge, what does not, and what never chains."""

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.views.ties import tied_groups
from stillwatch.model.family import ATTRIBUTES

Pairs = list[tuple[int, int]]


def book(n: int, **told: NDArray[np.int64]) -> AccountBook:
    """Accounts 1 to n with the given attributes and no others."""
    attributes = np.zeros((n, len(ATTRIBUTES)), np.uint64)
    for name, values in told.items():
        attributes[:, ATTRIBUTES.index(name)] = values
    return AccountBook(
        account=np.arange(1, n + 1, dtype=np.uint64),
        organisation=np.zeros(n, np.uint64),
        attributes=attributes,
        n_alike=np.ones((n, len(ATTRIBUTES)), np.int64),
        verified=np.zeros(n, np.bool_),
        declared=np.zeros(n, np.int8),
    )


def visits(pairs: Pairs) -> pa.Table:
    """Accounts and the blocks they were seen in, each pair once."""
    account, prefix = np.array(sorted(set(pairs)) or np.zeros((0, 2)), np.uint64).reshape(-1, 2).T
    return pa.table({"account": account, "prefix": prefix})


def groups(pairs: Pairs, accounts: AccountBook) -> list[set[int]]:
    """Groups as sets of accounts, the largest first."""
    account, group = tied_groups(visits(pairs), accounts)
    assert (np.diff(account.astype(np.int64)) > 0).all()
    found = [set(account[group == g].tolist()) for g in np.unique(group)]
    return sorted(found, key=lambda members: (-len(members), min(members)))


def pool(rng: np.random.Generator, accounts: range, blocks: range, n_each: int) -> Pairs:
    """Accounts that leave through any of a pool of blocks."""
    return [(a, int(b)) for a in accounts for b in rng.choice(blocks, n_each, replace=False)]


def test_accounts_behind_one_pool_of_exits_are_a_group() -> None:
    """Sixty accounts that share twenty blocks are found whole, three hundred people of their own are not."""
    rng = np.random.default_rng(1)
    people = [(a, 1000 + int(b)) for a in range(61, 361) for b in rng.choice(900, 3, replace=False)]
    assert groups(pool(rng, range(1, 61), range(1, 21), 8) + people, book(360)) == [set(range(1, 61))]


def test_one_block_is_no_tie() -> None:
    """People behind one office address share nothing else."""
    assert groups([(a, 1) for a in range(1, 41)], book(40)) == []


def test_a_block_and_a_sign_up_hour_are() -> None:
    """Two different things shared make an edge; either alone does not."""
    hour = np.where(np.arange(30) < 15, 5, np.arange(100, 130))
    assert groups([(a, 1) for a in range(1, 31)], book(30, signup=hour)) == [set(range(1, 16))]


def test_one_means_of_payment_is_a_tie_unless_popular() -> None:
    """A card that five accounts pay with ties them; a voucher that everybody has does not."""
    few, everybody = np.repeat(np.arange(1, 7), 5), np.full(300, 7)
    assert groups([], book(30, payment=few)) == [set(range(i, i + 5)) for i in range(1, 31, 5)]
    assert groups([], book(300, payment=everybody)) == []


def test_popular_blocks_and_mail_domains_tie_nobody() -> None:
    """Two carriers' blocks with a hundred accounts each, and a free mail service, say nothing."""
    pairs = [(a, b) for a in range(1, 301) for b in (1, 2)]
    assert groups(pairs, book(300, email_domain=np.full(300, 3))) == []


def test_an_account_between_two_groups_does_not_join_them() -> None:
    """One that shares two blocks with one account of either group closes too few triangles to chain them."""
    rng = np.random.default_rng(2)
    pairs = pool(rng, range(1, 31), range(1, 13), 6) + pool(rng, range(31, 61), range(101, 113), 6)
    bridge = [(61, 201), (61, 202), (1, 201), (1, 202), (61, 203), (61, 204), (31, 203), (31, 204)]
    found = groups(pairs + bridge, book(61))
    assert [set(range(1, 31)) - members for members in found if 1 in members or 2 in members] == [set()]
    assert not any({2, 32} <= members for members in found)


def test_who_is_everywhere_is_tied_to_nobody_by_two_blocks() -> None:
    """Accounts that share two blocks with every group share less than a tenth of anybody's fifty."""
    rng = np.random.default_rng(3)
    pairs = [(a, a % 30 * 50 + i) for a in range(1, 121) for i in range(50)]
    wide = [(b, 50 * g + i) for b in range(121, 124) for g in range(30) for i in rng.choice(50, 2, replace=False)]
    found = [members for members in groups(pairs + wide, book(123)) if min(members) <= 120]
    assert found == [set(range(g, 121, 30)) for g in range(1, 31)]


@pytest.mark.parametrize("seed", range(8))
def test_groups_equal_a_plain_reading(seed: int) -> None:
    """Edges counted pair by pair with sets, triangles edge by edge, components by search: the same groups."""
    rng = np.random.default_rng(seed)
    n = 80
    pairs = sorted(
        {(int(a), int(b)) for a, b in zip(rng.integers(1, n + 1, 500), rng.integers(1, 90, 500), strict=True)}
    )
    told = {name: rng.integers(0, 60, n) for name in ("payment", "email_domain", "signup")}
    blocks = {a: {b for x, b in pairs if x == a} for a in range(1, n + 1)}
    edges = set()
    for a in range(1, n + 1):
        for b in range(a + 1, n + 1):
            same = {name: values[a - 1] == values[b - 1] != 0 for name, values in told.items()}
            votes = len(blocks[a] & blocks[b]) + 2 * same["payment"] + same["email_domain"] + same["signup"]
            if votes >= 2 and votes >= 0.1 * min(len(blocks[a]), len(blocks[b])):
                edges |= {(a, b), (b, a)}
    near = {a: {y for x, y in edges if x == a} for a in range(1, n + 1)}
    kept = [(a, b) for a, b in edges if len(near[a] & near[b]) >= 0.25 * (min(len(near[a]), len(near[b])) - 1)]
    graph = sparse.coo_array((np.ones(len(kept)), tuple(np.array(kept).T)), shape=(n + 1, n + 1))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    expected = [set(np.flatnonzero(component == c).tolist()) for c in np.unique(component)]
    expected = sorted((m for m in expected if len(m) >= 3), key=lambda m: (-len(m), min(m)))
    assert groups(pairs, book(n, **told)) == expected
    assert expected


def test_the_order_of_visits_does_not_matter() -> None:
    """The same pairs in any order give the same groups under the same names."""
    rng = np.random.default_rng(4)
    table = visits(pool(rng, range(1, 31), range(1, 13), 5))
    one = tied_groups(table, book(30))
    other = tied_groups(table.take(pa.array(rng.permutation(table.num_rows))), book(30))
    assert [part.tolist() for part in one] == [part.tolist() for part in other]
    assert len(one[0]) == 30
