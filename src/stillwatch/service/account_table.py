"""The provider's table of accounts as decisions look into it: columns by the hash of the account, mapped into memory.

It is made of the provider's file by a process of its own (``python -m stillwatch.service.account_table FILE TO``), as
reading a million lines of text would take the interpreter from decisions for seconds.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.detect.stream_index.rows import RowsByName
from stillwatch.errors import StillwatchError, UnreadableSource
from stillwatch.ingest import installation_salt
from stillwatch.ingest.account_file import read_accounts
from stillwatch.sketch import hash_strings

__all__ = ["AccountRow", "AccountTable", "Reading", "convert", "converted"]

_DAY_US: Final = 86_400_000_000
_UNKNOWN: Final = -1
_UNKNOWN_TIME: Final = np.iinfo(np.int64).min
_ASIDE, _WORDS = b"rows_aside", b"words"
_COMMAND: Final = (sys.executable, "-m", "stillwatch.service.account_table")
_NICE: Final = 5
_LONGEST_S: Final = 900
_MOST_ANSWER_BYTES: Final = 4096


class AccountRow(NamedTuple):
    """What the table says of one account; None for what it does not say."""

    organisation_id: str | None = None
    created_us: int | None = None
    programme: str | None = None
    verified_level: int | None = None
    declared_use: str | None = None

    def age_days(self, now_us: int) -> float | None:
        """Days since it was opened; one that is opened later than now is as new as can be.

        >>> AccountRow(created_us=0).age_days(43_200_000_000)
        0.5
        """
        return None if self.created_us is None else max(0.0, (now_us - self.created_us) / _DAY_US)


class AccountTable:
    """Accounts by id. The hash finds the row and the id itself confirms it, so that nobody passes for another.

    n_aside     Rows of the provider's file that could not be read.
    """

    def __init__(self, batch: pa.RecordBatch, words: Mapping[str, list[str]], n_aside: int) -> None:
        self.n_aside = n_aside
        self._rows = RowsByName(batch["account"].to_numpy())
        self._ids, self._organisations = batch["account_id"], batch["organisation_id"]
        self._created_us, self._level = batch["created_us"].to_numpy(), batch["verified_level"].to_numpy()
        self._codes = tuple((batch[name].to_numpy(), tuple(words[name])) for name in ("programme", "declared_use"))

    @classmethod
    def empty(cls) -> Self:
        """Of a provider that gives none.

        >>> AccountTable.empty().get("acct") is None
        True
        """
        return cls(_no_rows(), {name: [] for name in _CODED}, 0)

    @classmethod
    def mapped(cls, path: Path) -> Self:
        """What `convert` has written; the file may be removed once this returns.

        Raises  UnreadableSource when it is no such file.
        """
        try:
            with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
                told = reader.schema.metadata or {}
                words, n_aside = json.loads(told[_WORDS]), int(told[_ASIDE])
                batch = reader.get_batch(0)
            return cls(batch, words, n_aside)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            message = f"{path} is no prepared table of accounts: {type(error).__name__}"
            raise UnreadableSource(message) from error

    def get(self, account_id: str) -> AccountRow | None:
        """What it says of an account; None when the account is not in it."""
        at = self._rows.row(account_id)
        hashes = self._rows.hashes
        while 0 <= at < len(hashes) and self._ids[at].as_py() != account_id:
            at = at + 1 if at + 1 < len(hashes) and hashes[at + 1] == hashes[at] else _UNKNOWN
        return None if at < 0 else self._row(at)

    def owned(self, accounts: NDArray[np.uint64], before_us: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Of accounts, by their hashes: the hash of the organisation, 0 for none, and whether opened before then.

        It is done outside the interpreter, all accounts at once; the ids are not compared.
        """
        hashes = self._rows.hashes
        at = np.searchsorted(hashes, accounts)
        at[at == len(hashes)] = 0
        if not len(hashes):
            return np.zeros(len(accounts), np.uint64), np.zeros(len(accounts), np.bool_)
        is_there = hashes[at] == accounts
        owner, created_us = hash_strings(self._organisations), self._created_us[at]
        is_old = is_there & (created_us != _UNKNOWN_TIME) & (created_us <= before_us)
        return np.where(is_there, owner[at], np.uint64(0)), is_old

    def __len__(self) -> int:
        """Accounts."""
        return len(self._rows)

    def _row(self, at: int) -> AccountRow:
        created_us, level = int(self._created_us[at]), int(self._level[at])
        programme, use = (words[code] if (code := codes[at]) >= 0 else None for codes, words in self._codes)
        return AccountRow(
            self._organisations[at].as_py(),
            None if created_us == _UNKNOWN_TIME else created_us,
            programme,
            None if level == _UNKNOWN else level,
            use,
        )


_KINDS: Final = {
    "account": pa.uint64(),
    "account_id": pa.string(),
    "organisation_id": pa.string(),
    "created_us": pa.int64(),
    "verified_level": pa.int32(),
    "programme": pa.int32(),
    "declared_use": pa.int32(),
}
_CODED: Final = ("programme", "declared_use")


def _no_rows() -> pa.RecordBatch:
    return pa.record_batch([pa.array([], kind) for kind in _KINDS.values()], names=list(_KINDS))


def convert(source: Path, target: Path, salt: bytes) -> None:
    """Write the provider's file as it is mapped.

    Raises  As `stillwatch.ingest.account_file.read_accounts`; OSError when it cannot be written.
    """
    table, n_aside = read_accounts(source, salt)
    hashes = hash_strings(table["account_id"])
    order = np.argsort(hashes, kind="stable")
    table = table.take(pa.array(order)).combine_chunks()
    columns: dict[str, Any] = {
        "account": hashes[order],
        "account_id": table["account_id"],
        "organisation_id": table["organisation_id"],
        "created_us": pc.fill_null(table["created_at"].cast(pa.int64()), _UNKNOWN_TIME),
        "verified_level": pc.fill_null(table["verified_level"], _UNKNOWN),
    }
    words = {}
    for name in _CODED:
        columns[name], words[name] = _coded(table[name])
    told = {_WORDS: json.dumps(words), _ASIDE: str(n_aside)}
    whole = pa.table([columns[name] for name in _KINDS], schema=pa.schema(list(_KINDS.items()), told))
    batches = whole.combine_chunks().to_batches()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, pa.ipc.new_file(file, whole.schema) as writer:
        writer.write_batch(batches[0] if batches else _no_rows())


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Places of values among the words, -1 for null; and the words."""
    if not len(column):
        return np.zeros(0, np.int32), []
    coded = column.combine_chunks().dictionary_encode()
    places = pc.fill_null(coded.indices, _UNKNOWN).to_numpy().astype(np.int32)
    return places, coded.dictionary.to_pylist()


class Reading:
    """One reading of the provider's file at a time, by a process of its own that yields to this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ends = False

    def end(self) -> None:
        """Kill what is being read, and read no more: whoever ends waits for no table."""
        with self._lock:
            self._ends = True
            if self._process is not None:
                self._process.kill()

    def run(self, command: Sequence[str]) -> tuple[int, bytes]:
        """Run the process to its end: how it ended, and what it told.

        Raises  OSError, SubprocessError.
        """
        with self._lock:
            if self._ends:
                raise subprocess.SubprocessError
            process = self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        try:
            told, _ = process.communicate(timeout=_LONGEST_S)
        finally:
            with self._lock:
                self._process = None
            process.kill()
            process.wait()
            assert process.stdout is not None  # noqa: S101 - a pipe
            process.stdout.close()
        return process.returncode, told


def converted(source: Path, folder: Path, reading: Reading | None = None) -> AccountTable:
    """The provider's file, as a process of its own has read it.

    folder  For the prepared table; the file in it is removed once it is mapped.
    reading Can end it from another thread.
    Raises  UnreadableSource with what is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / "accounts.arrow"
    target.unlink(missing_ok=True)
    try:
        code, answer = (reading or Reading()).run((*_COMMAND, str(source), str(target)))
        if code:
            told = answer[:_MOST_ANSWER_BYTES].decode("utf-8", "replace").strip()
            message = told or f"{source} cannot be read: the process that reads it ended with {code}"
            raise UnreadableSource(message)
        return AccountTable.mapped(target)
    except (OSError, subprocess.SubprocessError) as error:
        if isinstance(error, UnreadableSource):
            raise
        message = f"{source} cannot be read: {type(error).__name__}"
        raise UnreadableSource(message) from error
    finally:
        target.unlink(missing_ok=True)


def main() -> int:
    """Convert; what is wrong goes to standard output, in stillwatch's words or as the name of the error alone."""
    os.nice(_NICE)
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]), installation_salt())
    except StillwatchError as error:
        sys.stdout.write(str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - a traceback may hold what somebody wrote
        sys.stdout.write(f"{sys.argv[1]} cannot be read: {type(error).__name__}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
