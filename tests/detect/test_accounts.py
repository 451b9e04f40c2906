"""The account book: attributes at first appearance, how common they are, and who owns what."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook
from stillwatch.model.account import ACCOUNT
from stillwatch.model.family import ATTRIBUTES
from stillwatch.sketch import hash_strings

CREATED = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
COLUMN = {name: j for j, name in enumerate(ATTRIBUTES)}


def book(rows: list[dict[str, object]], n: int) -> AccountBook:
    """Accounts a0 to a(n-1), all seen on one network; the provider knows `rows`."""
    ids = hash_strings(pa.array([f"a{i}" for i in range(n)]))
    order = np.argsort(ids)
    firsts = pa.table(
        {
            "account": ids[order],
            "prefix": np.full(n, 7, np.uint64),
            "asn": np.zeros(n, np.uint64),
            "tls": np.arange(1, n + 1, dtype=np.uint64),
        }
    )
    full = [dict.fromkeys(ACCOUNT.names) | row for row in rows]
    return AccountBook.build(firsts, pa.Table.from_pylist(full, schema=ACCOUNT))


def accounts(*numbers: int) -> NDArray[np.uint64]:
    """Hashes of some accounts."""
    return hash_strings(pa.array([f"a{i}" for i in numbers]))


def test_attributes_come_from_the_logs_and_from_the_provider() -> None:
    """Network facts by first appearance; payment, e-mail domain and hour of sign-up by account."""
    rows: list[dict[str, object]] = [
        {"account_id": "a0", "payment_fingerprint": "card", "created_at": CREATED},
        {"account_id": "a1", "payment_fingerprint": "card", "created_at": CREATED + timedelta(minutes=20)},
        {"account_id": "a2", "email_domain": "example.org"},
    ]
    found = book(rows, 4)
    at = found.rows(accounts(0, 1, 2, 3))
    assert found.n_alike[at, COLUMN["prefix"]].tolist() == [4] * 4
    assert found.n_alike[at[:2], COLUMN["payment"]].tolist() == [2, 2]
    assert found.attributes[at[0], COLUMN["signup"]] == found.attributes[at[1], COLUMN["signup"]] != 0
    assert found.attributes[at[3], COLUMN["payment"]] == 0
    assert found.attributes[at[2], COLUMN["email_domain"]] != 0


@pytest.mark.parametrize(
    ("level", "use", "expected"),
    [
        (2, None, (1.0, 1.0, 1.0, 0.0)),
        (1, None, (1.0, 1.0, 0.0, 0.0)),
        (2, "distillation", (1.0, 1.0, 1.0, 1.0)),
        (0, "fleet", (1.0, 1.0, 0.0, 0.0)),
    ],
)
def test_ownership_counts_what_is_verified_apart(
    level: int, use: str | None, expected: tuple[float, float, float, float]
) -> None:
    """A declaration or an owner that nobody verified explains nothing."""
    rows: list[dict[str, object]] = [
        {"account_id": f"a{i}", "organisation_id": "org", "verified_level": level, "declared_use": use}
        for i in range(8)
    ]
    owned = book(rows, 8).ownership(accounts(*range(8)))
    assert (owned.one_owner, owned.fleets, owned.verified_fleets, owned.declared) == expected


def test_small_groups_of_one_owner_are_no_fleet() -> None:
    """Four accounts an organisation is below the five of a fleet."""
    rows: list[dict[str, object]] = [{"account_id": f"a{i}", "organisation_id": f"org-{i // 4}"} for i in range(12)]
    owned = book(rows, 12).ownership(accounts(*range(12)))
    assert (owned.one_owner, owned.fleets, owned.explained) == (1 / 3, 0.0, False)
    assert book(rows, 12).ownership(accounts(*range(8))).explained


def test_no_account_table_is_no_evidence() -> None:
    """Unknown is 0 everywhere, nothing is shared, nobody owns anything."""
    found = book([], 3)
    assert not found.attributes[:, COLUMN["payment"]].any()
    assert not found.ownership(accounts(0, 1, 2)).explained


def test_common_values_are_no_part_of_the_rare_share() -> None:
    """Half of 400 accounts have one mail service, a quarter have none, the others one each."""
    rows: list[dict[str, object]] = [
        {"account_id": f"a{i}", "email_domain": "mail.example" if i < 200 else None if i < 300 else f"own-{i}.example"}
        for i in range(400)
    ]
    share = book(rows, 400).rare_share
    assert share[COLUMN["email_domain"]] == 0.25
    assert share[COLUMN["payment"]] == 0.01


def test_a_fleet_has_a_known_owner_and_five_accounts() -> None:
    """Five of one organisation are a fleet, four are not, and accounts of unknown owners never are."""
    rows: list[dict[str, object]] = [
        {"account_id": f"a{i}", "organisation_id": "large" if i < 5 else "small"} for i in range(9)
    ]
    found = book(rows, 20)
    assert found.in_fleet(accounts(*range(20))).tolist() == [True] * 5 + [False] * 15
    assert found.in_fleet(accounts(8, 2)).tolist() == [False, True]
    assert found.in_fleet(accounts()).tolist() == []


def test_without_owners_nobody_is_in_a_fleet() -> None:
    """However many accounts there are, unknown owners are not one owner."""
    assert not book([], 30).in_fleet(accounts(*range(30))).any()
