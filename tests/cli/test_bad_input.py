"""Bad input on the command line: what is good is scanned, the rest is counted, and a person is told the next step."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stillwatch import errors
from stillwatch.cli import app
from stillwatch.report import read_findings

runner = CliRunner()

N_GOOD = 40


def row(i: int, **changed: object) -> dict[str, Any]:
    """Make a good row, some columns replaced."""
    good = {"exchange_id": f"x{i}", "time": "2026-01-01T00:00:00Z", "account_id": f"a{i % 7}", "prompt_text": f"q {i}"}
    return good | changed


def lines(rows: Iterable[dict[str, Any] | bytes]) -> bytes:
    """NDJSON of rows, or of lines as they are."""
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows)


def cut_gzip() -> bytes:
    """A thousand rows that do not compress, the last third of the file lost."""
    rows = (row(i, exchange_id=f"z{i}", prompt_text=hashlib.sha512(str(i).encode()).hexdigest()) for i in range(1_000))
    packed = gzip.compress(lines(rows))
    return packed[: len(packed) * 2 // 3]


def cut_parquet(folder: Path) -> bytes:
    """Parquet without its footer."""
    pq.write_table(pa.Table.from_pylist([row(0, exchange_id="p0")]), folder / "whole")
    whole = (folder / "whole").read_bytes()
    (folder / "whole").unlink()
    return whole[:-9]


# File, its bad line, field and reason as quarantine.parquet has them. The line stands between two good rows.
BAD_LINES: dict[str, tuple[dict[str, Any] | bytes, str | None, str]] = {
    "broken-json": (b'{"exchange_id": "x", ', None, "broken JSON at character"),
    "wrong-type": (row(1, prompt_text=["a"]), "prompt_text", "prompt_text is an array, expected text"),
    "negative-tokens": (row(1, output_tokens=-5), "output_tokens", "output_tokens is -5, allowed 0 to"),
    "absurd-time": (row(1, time="9999-01-01T00:00:00Z"), "time", "time is 9999-01-01T00:00:00, allowed"),
    "missing-time": (row(1, time=None), "time", "time is missing"),
    "invalid-utf-8": (b'{"exchange_id": "\xff"}', None, "invalid UTF-8 at byte"),
    "nul": (row(1, account_id="a\0b"), "account_id", "account_id holds a NUL character"),
    "prompt-of-50-mb": (row(1, prompt_text="x" * 52_428_800), "prompt_text", "prompt_text is 52,428,800 bytes"),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good log beside one file of each bad kind."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "good.ndjson").write_bytes(lines(row(i) for i in range(N_GOOD)))
    for name, (bad, _, _) in BAD_LINES.items():
        around = [row(i, exchange_id=f"{name}-{i}") for i in range(2)]
        (folder / f"{name}.ndjson").write_bytes(lines([around[0], bad, around[1]]))
    (folder / "duplicate.ndjson").write_bytes(lines([row(3), row(4)]))
    (folder / "cut.ndjson.gz").write_bytes(cut_gzip())
    (folder / "cut.parquet").write_bytes(cut_parquet(folder))
    (folder / "unknown.bin").write_bytes(bytes(range(256)) * 20)
    (folder / "empty.log").touch()
    return folder


FILES_PUT_ASIDE = {
    "cut.ndjson.gz": "gzip stream is cut off",
    "cut.parquet": "Parquet footer is broken",
    "unknown.bin": "unknown format",
    "empty.log": "file is empty",
}


@pytest.fixture(scope="module")
def printed(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a scan prints, and its findings; it ends with 0."""
    out = tmp_path_factory.mktemp("out") / "findings"
    done = runner.invoke(app, ["scan", str(logs), "--out", str(out)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout, out


def test_every_bad_row_is_in_quarantine(printed: tuple[str, Path], logs: Path) -> None:
    """One row for each bad line and each bad file, with place, field and reason, and nothing else."""
    rows = pq.read_table(printed[1] / "quarantine.parquet").to_pylist()
    found = {Path(r["source"]).name: r for r in rows}
    assert found.keys() == {f"{name}.ndjson" for name in BAD_LINES} | FILES_PUT_ASIDE.keys()
    assert len(rows) == len(found)
    for name, (_, field, reason) in BAD_LINES.items():
        bad = found[f"{name}.ndjson"]
        assert (bad["source"], bad["row"], bad["unit"]) == (str(logs / f"{name}.ndjson"), 2, "line")
        assert bad["field"] == field
        assert bad["reason"].startswith(reason)
    assert {name: found[name]["reason"] for name in FILES_PUT_ASIDE} == FILES_PUT_ASIDE


def test_the_counts_add_up_wherever_they_stand(printed: tuple[str, Path]) -> None:
    """The printed line, campaigns.json and the tables say the same, and rows read are all there."""
    stdout, out = printed
    tally = json.loads((out / "campaigns.json").read_text())["tally"]
    read, kept = tally["rows_read"], tally["rows_kept"]
    quarantined, duplicates = tally["rows_quarantined"], tally["rows_duplicate"]
    assert (quarantined, duplicates) == (len(BAD_LINES) + len(FILES_PUT_ASIDE), 2)
    assert read == kept + quarantined + duplicates == sum(tally["formats"].values())
    whole = N_GOOD + 2 * len(BAD_LINES)
    assert whole + 400 < kept < whole + 1_000, "most rows before the cut, none after it"
    assert f"{read:,} rows read = {kept:,} kept + {quarantined} quarantined + {duplicates} duplicates" in stdout
    assert pq.read_metadata(out / "quarantine.parquet").num_rows == quarantined
    assert read_findings(out).tally.n_sources == len(BAD_LINES) + len(FILES_PUT_ASIDE) + 2


def test_no_bad_text_is_shown(printed: tuple[str, Path]) -> None:
    """The long prompt is in none of the files."""
    assert all(b"x" * 1_000 not in path.read_bytes() for path in printed[1].iterdir())


def test_strict_is_3_and_says_where_to_look(logs: Path, tmp_path: Path) -> None:
    """With --strict the findings are written, and the code is 3; a clean folder gives 0."""
    done = runner.invoke(app, ["scan", str(logs), "--out", str(tmp_path / "f"), "--strict"])
    assert isinstance(done.exception, errors.QuarantinedRows)
    assert done.exception.exit_code == 3
    n = len(BAD_LINES) + len(FILES_PUT_ASIDE)
    assert f"{n} rows were quarantined and 2 were duplicates; see {tmp_path / 'f' / 'quarantine.parquet'}" in str(
        done.exception
    )
    assert pq.read_metadata(tmp_path / "f" / "quarantine.parquet").num_rows == n
    clean = runner.invoke(app, ["scan", str(logs / "good.ndjson"), "--out", str(tmp_path / "g"), "--strict"])
    assert clean.exit_code == 0


def refused(*arguments: str) -> errors.StillwatchError:
    """What a scan that cannot be done is stopped with."""
    done = runner.invoke(app, ["scan", *arguments])
    assert isinstance(done.exception, errors.StillwatchError), done.output
    return done.exception


def test_only_unknown_formats_is_4(tmp_path: Path) -> None:
    """Nothing can be read: every file is named with its reason, and a mapping is offered; no findings are left."""
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\0")
    wrong = refused(str(tmp_path))
    assert (type(wrong), wrong.exit_code) == (errors.UnknownFormat, 4)
    assert "cut.gz (gzip stream is cut off)" in str(wrong)
    assert "notes.txt (unknown format)" in str(wrong)
    assert "a mapping can say where its columns are" in str(wrong)
    assert not (tmp_path / "findings").exists()


def test_what_is_not_there_is_4(tmp_path: Path) -> None:
    """A missing path, a pattern without files and an empty folder are named; nothing is written."""
    for name, reason in (("nope", "does not exist"), ("*.gz", "no file matches"), ("", "holds no files")):
        wrong = refused(str(tmp_path / name) if name else str(tmp_path))
        assert (type(wrong), wrong.exit_code) == (errors.UnreadableSource, 4)
        assert reason in str(wrong)
        assert str(tmp_path) in str(wrong)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"PAR1 not really PAR1", errors.UnreadableSource, "no account could be read from .*Parquet"),
        (b'{"account_id": ""}\n', errors.UnreadableSource, "no account could be read from .*account_id is empty"),
        (b"\x00\x01\x02" * 100, errors.UnknownFormat, "no table of accounts"),
        (b"name,plan\nann,pro\n", errors.UnknownFormat, "with a column account_id is needed"),
        (b"", errors.UnknownFormat, "no table of accounts"),
    ],
)
def test_a_named_table_of_accounts_that_gives_none_is_4(
    tmp_path: Path, content: bytes, kind: type[errors.StillwatchError], reason: str
) -> None:
    """Whoever names a table wants it used: a scan without it would say less and not say why."""
    (tmp_path / "log.ndjson").write_bytes(lines([row(1)]))
    (tmp_path / "accounts").write_bytes(content)
    wrong = refused(str(tmp_path / "log.ndjson"), "--accounts", str(tmp_path / "accounts"))
    assert (type(wrong), wrong.exit_code) == (kind, 4)
    with pytest.raises(kind, match=reason):
        raise wrong


def test_a_damaged_table_of_accounts_among_the_logs_is_put_aside(tmp_path: Path) -> None:
    """Found in the folder, it costs one row; named with some good rows, only the bad ones."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "log.ndjson").write_bytes(lines([row(1)]))
    (logs / "accounts.parquet").write_bytes(b"PAR1 not really PAR1")
    found = runner.invoke(app, ["scan", str(logs)], env={"COLUMNS": "200"})
    assert found.exit_code == 0
    assert "2 rows read = 1 kept + 1 quarantined + 0 duplicates" in found.stdout
    half = tmp_path / "half.csv"
    half.write_bytes(b"account_id,payment_fingerprint\na1,card-1\n\xff,card-2\n")
    named = runner.invoke(
        app, ["scan", str(logs / "log.ndjson"), "--accounts", str(half), "--out", str(tmp_path / "o")]
    )
    assert named.exit_code == 0
    assert "no-payments" not in read_findings(tmp_path / "o").not_judged
    assert read_findings(tmp_path / "o").tally.rows_quarantined == 1
