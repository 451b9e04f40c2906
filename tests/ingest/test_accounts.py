"""Tables of accounts: found, named, checked, without secrets."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import UnknownFormat
from stillwatch.model.account import ACCOUNT

from .conftest import Lines, Read, Row

ROWS: list[dict[str, Any]] = [
    {"account_id": "a", "created_at": "2025-01-01T00:00:00Z", "programme": "research", "verified_level": 2},
    {"account_id": "b", "created_at": "2025-02-01T00:00:00Z", "programme": None, "verified_level": None},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows in the format that the name ends with."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        cells = [["" if v is None else str(v) for v in row.values()] for row in rows]
        path.write_text("\n".join(",".join(line) for line in [list(rows[0]), *cells]))
    else:
        path.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    return path


@pytest.mark.parametrize("name", ["accounts.parquet", "accounts.ndjson", "accounts.csv"])
@pytest.mark.parametrize("is_named", [False, True])
def test_accounts_are_read(tmp_path: Path, lines: Lines, row: Row, read: Read, name: str, *, is_named: bool) -> None:
    """Found among the logs or named, they are no exchanges and are not counted as rows."""
    folder = tmp_path / "accounts"
    folder.mkdir()
    path = write(folder / name, ROWS)
    log = lines(row(1))
    logs, table = read(log, accounts=path) if is_named else read([log, folder])
    assert table.num_rows == logs.tally.rows_read == logs.tally.n_sources == 1
    assert logs.accounts.schema.equals(ACCOUNT)
    found = logs.accounts.select(["account_id", "programme", "verified_level"]).to_pylist()
    assert found == [{k: r[k] for k in ("account_id", "programme", "verified_level")} for r in ROWS]
    assert logs.accounts["created_at"][0].as_py().isoformat() == "2025-01-01T00:00:00+00:00"


def test_a_labelled_table_may_hold_more_columns(tmp_path: Path, lines: Lines, row: Row, read: Read) -> None:
    """A table that says it is of accounts is one, whatever else is in it."""
    table = pa.table({"account_id": ["a"], "shoe_size": [43]}).replace_schema_metadata(ACCOUNT.metadata)
    pq.write_table(table, tmp_path / "x.parquet")
    lines(row(1))
    assert read(tmp_path)[0].accounts["account_id"].to_pylist() == ["a"]


def test_bad_and_repeated_accounts(lines: Lines, row: Row, read: Read) -> None:
    """A bad row is quarantined and counted; of two rows the first counts, those of the named file before all."""
    log = lines(row(1))
    named = lines({"account_id": "a", "programme": "named"}, {"account_id": "", "programme": "x"}, name="named")
    found = lines({"account_id": "a", "programme": "found"}, {"account_id": "c", "verified_level": -1}, name="found")
    logs, _ = read([log, found], accounts=named)
    assert logs.accounts["programme"].to_pylist() == ["named"]
    assert logs.tally.formats == {"ndjson": 1, "accounts": 2}
    assert logs.quarantine.select(["row", "exchange_id", "reason"]).to_pylist() == [
        {"row": 2, "exchange_id": None, "reason": "account_id is empty"},
        {"row": 2, "exchange_id": None, "reason": "verified_level is -1, allowed 0 to 2,147,483,647"},
    ]


def test_secrets_of_accounts(lines: Lines, row: Row, read: Read) -> None:
    """A key as an id is hashed as it is in the exchanges; card numbers and e-mail names are gone."""
    key = "sk-abcdefghijklmnop1234"
    accounts = lines(
        {"account_id": key, "payment_fingerprint": "4111111111111111", "email_domain": "Ann@Example.org"}, name="acc"
    )
    logs, table = read(lines(row(1, account_id=key)), accounts=accounts)
    assert logs.accounts["account_id"].to_pylist() == table["account_id"].to_pylist() != [key]
    assert logs.accounts["payment_fingerprint"][0].as_py().startswith("card-")
    assert logs.accounts["email_domain"].to_pylist() == ["example.org"]


def test_a_named_file_that_is_no_table_of_accounts(lines: Lines, row: Row, read: Read) -> None:
    """The caller is told what is needed."""
    log = lines(row(1))
    other = lines({"a": 1}, name="other")
    with pytest.raises(UnknownFormat, match="with a column account_id is needed"):
        read(log, accounts=other)
