"""The provider's table, a row at a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import UnknownFormat, UnreadableSource
from stillwatch.model.account import ACCOUNT
from stillwatch.service import account_table
from stillwatch.service.account_table import AccountRow, AccountTable, convert, converted
from stillwatch.sketch import hash_strings

SALT = b"salt of the tests, 32 bytes long"
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.fixed_dictionaries(
    {
        "organisation_id": st.sampled_from([None, "o-1", "o-2"]),
        "created_at": st.sampled_from([None, OPENED, datetime(1999, 1, 2, tzinfo=UTC), OPENED + timedelta(days=9)]),
        "programme": st.sampled_from([None, "research", "startup"]),
        "verified_level": st.sampled_from([None, 0, 2]),
        "declared_use": st.sampled_from([None, "evaluation", "fleet"]),
    }
)


def written(folder: Path, rows: list[dict[str, Any]]) -> AccountTable:
    """The table of some rows."""
    full = [dict.fromkeys(ACCOUNT.names) | row for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=ACCOUNT), folder / "accounts.parquet")
    (folder / "made.arrow").unlink(missing_ok=True)
    convert(folder / "accounts.parquet", folder / "made.arrow", SALT)
    table = AccountTable.mapped(folder / "made.arrow")
    (folder / "made.arrow").unlink()
    return table


@settings(max_examples=15)
@given(st.dictionaries(st.sampled_from([f"acct-{i}" for i in range(30)]), ROWS, max_size=30))
def test_it_says_what_a_dictionary_says(tmp_path_factory: pytest.TempPathFactory, known: dict[str, Any]) -> None:
    """Of every account in it, and nothing of others; the file may be gone by then."""
    table = written(tmp_path_factory.mktemp("t"), [row | {"account_id": name} for name, row in known.items()])
    assert len(table) == len(known)
    for name in [*(f"acct-{i}" for i in range(30)), "", "nobody", "\ud800"]:
        row, found = known.get(name), table.get(name)
        if row is None:
            assert found is None
            continue
        created = row["created_at"]
        created_us = (
            None if created is None else (created - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        )
        told = row["organisation_id"], created_us, row["programme"], row["verified_level"], row["declared_use"]
        assert found == AccountRow(*told)


@settings(max_examples=15)
@given(st.dictionaries(st.sampled_from([f"acct-{i}" for i in range(30)]), ROWS, max_size=30))
def test_owners_and_age_of_many_at_once(tmp_path_factory: pytest.TempPathFactory, known: dict[str, Any]) -> None:
    """As one after the other; of an account that is not there, or of unknown age, nothing is said."""
    table = written(tmp_path_factory.mktemp("t"), [row | {"account_id": name} for name, row in known.items()])
    asked = [*(f"acct-{i}" for i in range(30)), "nobody", "~~~"]
    owner, is_old = table.owned(hash_strings(pa.array(asked)), int(OPENED.timestamp() * 1_000_000))
    for name, found, old in zip(asked, owner.tolist(), is_old.tolist(), strict=True):
        row = known.get(name) or {"organisation_id": None, "created_at": None}
        assert found == int(hash_strings(pa.array([row["organisation_id"]], pa.string()))[0])
        assert old is (row["created_at"] is not None and row["created_at"] <= OPENED)


def test_equal_hashes_are_told_apart_by_the_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes an id with the hash of another's account is not taken for it."""
    monkeypatch.setattr(account_table, "hash_strings", lambda column: np.full(len(column), 7, np.uint64))
    table = written(tmp_path, [{"account_id": name, "programme": name} for name in ("a", "b", "c")])
    monkeypatch.setattr(type(table._rows), "row", lambda _self, _name: 0)
    assert [table.get(name) for name in "abc"] == [AccountRow(programme=name) for name in "abc"]
    assert table.get("d") is None


def test_ages() -> None:
    """From when it was opened, never below 0; unknown stays unknown."""
    day_us = 86_400_000_000
    assert AccountRow(created_us=day_us).age_days(3 * day_us) == 2.0
    assert AccountRow(created_us=day_us).age_days(0) == 0.0
    assert AccountRow().age_days(0) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [("csv", "account_id,programme\na,research\n"), ("ndjson", '{"account_id": "a", "programme": "research"}\n')],
)
def test_a_process_of_its_own_reads_any_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """And leaves nothing behind."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    path = tmp_path / f"accounts.{name}"
    path.write_text(text)
    assert converted(path, tmp_path / "scratch").get("a") == AccountRow(programme="research")
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize(
    ("text", "why"),
    [("x\n1\n", "no table of accounts"), ("account_id,verified_level\na,secret\n", "no account could be read")],
)
def test_what_is_no_table(tmp_path: Path, text: str, why: str) -> None:
    """It is said why, with nothing of what stands in it."""
    path = tmp_path / "accounts.csv"
    path.write_text(text)
    with pytest.raises((UnknownFormat, UnreadableSource), match=why) as wrong:
        convert(path, tmp_path / "made.arrow", SALT)
    assert "secret" not in str(wrong.value)
    with pytest.raises(UnreadableSource, match=why):
        converted(path, tmp_path / "scratch")
    (tmp_path / "made.arrow").write_bytes(b"nothing")
    with pytest.raises(UnreadableSource, match="no prepared table"):
        AccountTable.mapped(tmp_path / "made.arrow")


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    """The others are there."""
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,verified_level\na,1\nb,x\n")
    convert(path, tmp_path / "made.arrow", SALT)
    table = AccountTable.mapped(tmp_path / "made.arrow")
    assert (len(table), table.n_aside) == (1, 1)
