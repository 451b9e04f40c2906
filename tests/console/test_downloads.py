"""Tables as files: no spreadsheet computes what a customer wrote, and nothing is lost in Parquet."""

import csv
import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.console.conftest import Rig
from tests.report.examples import HOSTILE

from stillwatch.console import downloads
from stillwatch.console.downloads import download, plain_cells
from stillwatch.console.visit import Visit
from stillwatch.errors import MissingData
from stillwatch.service.access.sessions import Session
from stillwatch.service.access.users import user_named
from stillwatch.web.problem import Problem

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0")


def visit(rig: Rig, **query: str) -> Visit:
    """A viewer who asks with that query."""
    with rig.home.engine.begin() as connection:
        user = user_named(connection, "vera")
    return Visit(rig.console, Session(user, "0" * 64, AT, AT), query=query)


def rows_of(text: bytes) -> list[list[str]]:
    """Cells of a CSV file as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_a_formula(cell: str) -> None:
    """Whatever a spreadsheet would compute begins with an apostrophe, and is otherwise as it was."""
    assert plain_cells(pa.table({"a": [cell, None]}))["a"].to_pylist() == [f"'{cell}", None]
    assert plain_cells(pa.table({"a": pa.array([cell], pa.large_string())}))["a"].to_pylist() == [f"'{cell}"]


@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.sampled_from(FORMULAS)), max_size=6))
def test_cells_begin_harmlessly(cells: list[str | None]) -> None:
    """Of any text; what begins harmlessly is untouched."""
    table = pa.table({"a": pa.array([one if one is None else one.replace("\udc80", "") for one in cells], pa.string())})
    for before, after in zip(cells, plain_cells(table)["a"].to_pylist(), strict=True):
        assert after is None or not after.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        assert after in (before, f"'{before}")


def test_lists_are_one_text() -> None:
    """Apart by spaces, and no formula either; numbers stay numbers."""
    table = pa.table({"a": pa.array([["=x", "y"], None, []], pa.list_(pa.string())), "b": [-1.5, 2.0, None]})
    plain = plain_cells(table)
    assert plain["a"].to_pylist() == ["'=x y", None, ""]
    assert plain["b"].to_pylist() == [-1.5, 2.0, None]


def test_csv_holds_hostile_text_in_one_cell(standing: Rig) -> None:
    """Quotes, commas and line feeds do not make other cells or rows of it."""
    nasty = f'{HOSTILE}"\n,=1+1'
    answer = download(visit(standing, **{"as": "csv"}), pa.table({"id": [nasty, "=2"], "n": [1, 2]}), "table")
    assert rows_of(bytes(answer.body)) == [["id", "n"], [nasty, "1"], ["'=2", "2"]]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="table.csv"'
    assert answer.headers["cache-control"] == "no-store"


def test_parquet_is_the_table_as_it_is(standing: Rig) -> None:
    """Types, formulas and all: no spreadsheet opens it."""
    table = pa.table({"id": ["=1"], "at": pa.array([AT], pa.timestamp("us", "UTC"))})
    answer = download(visit(standing, **{"as": "parquet"}), table, "table")
    assert pq.read_table(io.BytesIO(bytes(answer.body))).equals(table)
    assert answer.headers["content-disposition"].endswith('"table.parquet"')


@pytest.mark.parametrize("form", ["", "xlsx", "CSV", "../csv"])
def test_other_forms_are_none(standing: Rig, form: str) -> None:
    """Only these two."""
    with pytest.raises(MissingData, match="csv or parquet"):
        download(visit(standing, **{"as": form}), pa.table({"a": [1]}), "table")


def test_too_many_rows(standing: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a browser should be sent are refused, with their number."""
    monkeypatch.setattr(downloads, "MOST_ROWS", 2)
    table = pa.table({"a": [1, 2, 3]})
    with pytest.raises(Problem, match="3 rows are too many") as caught:
        download(visit(standing, **{"as": "csv"}), table, "table")
    assert caught.value.status == 413
    assert download(visit(standing, **{"as": "csv"}), table.slice(0, 2), "table").status_code == 200


@pytest.mark.parametrize("name", [HOSTILE, 'a"; x="', "a\r\nset-cookie: x=1", "../../etc/passwd", "ü中", "x" * 5_000])
def test_no_name_leaves_its_header(standing: Rig, name: str) -> None:
    """Of an id that holds anything."""
    told = download(visit(standing, **{"as": "csv"}), pa.table({"a": [1]}), name).headers["content-disposition"]
    inside = told.removeprefix('attachment; filename="').removesuffix('.csv"')
    assert len(inside) <= 80
    assert all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in inside)
