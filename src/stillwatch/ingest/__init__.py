r"""From log files to Arrow batches of exchanges; what cannot be read goes to quarantine, never away.

>>> import tempfile
>>> from pathlib import Path
>>> folder = Path(tempfile.mkdtemp())
>>> line = '{"exchange_id": "x", "time": "2026-01-01T00:00:00Z", "account_id": "a", "output_tokens": %s}\n'
>>> _ = (folder / "log.ndjson").write_text(line % 7 + line % 7 + line % -7)
>>> logs = ingest([folder])
>>> sum(batch.num_rows for batch in logs.batches())
1
>>> logs.tally.rows_read, logs.tally.rows_kept, logs.tally.rows_duplicate, logs.tally.rows_quarantined
(3, 1, 1, 1)
>>> logs.quarantine["reason"].to_pylist()
['output_tokens is -7, allowed 0 to 2,147,483,647']
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ingest.conceal import installation_salt
from stillwatch.ingest.mapping import read_mapping
from stillwatch.ingest.options import Content, Limits
from stillwatch.ingest.registry import READERS
from stillwatch.ingest.run import Options, Run
from stillwatch.model.findings import Tally

__all__ = ["READERS", "Content", "Ingest", "Limits", "ingest", "installation_salt"]


class Ingest:
    """Logs ready to be read. Make one with `ingest`."""

    def __init__(self, paths: Sequence[str | Path], options: Options) -> None:
        self._paths = paths
        self._options = options
        self._run: Run | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read everything from the start and yield accepted rows, schema `EXCHANGE`, at most `limits.batch_rows` each.

        Memory does not grow with the logs, but for 18 to 28 bytes an exchange to know duplicates. Standard input can
        be read once only.

        Raises      UnknownFormat if no file is of a known format, UnreadableSource if one cannot be opened or a named
                    table of accounts gives none, MissingData if there are only tables of accounts.
        """
        self._run = Run(self._paths, self._options)
        yield from self._run.batches()

    @property
    def tally(self) -> Tally:
        """What became of every row; complete once `batches` is exhausted."""
        return self._started().tally()

    @property
    def quarantine(self) -> pa.Table:
        """Rows put aside (`QUARANTINE`); ask when `batches` is exhausted."""
        return self._started().quarantine.table()

    @property
    def accounts(self) -> pa.Table:
        """Accounts found or given (`ACCOUNT`), one row each, maybe none; complete once `batches` is exhausted."""
        return self._started().account_table.table()

    def _started(self) -> Run:
        if self._run is None:
            message = "nothing was read yet: iterate over batches() first"
            raise MissingData(message)
        return self._run


def ingest(  # noqa: PLR0913 - all but the first are keywords, each of its own
    paths: str | Path | Sequence[str | Path],
    *,
    accounts: str | Path | Sequence[str | Path] | None = None,
    mapping: str | Path | None = None,
    content: Content | str = Content.FULL,
    salt: bytes | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Ingest:
    """Prepare logs for reading; nothing but the mapping is opened yet.

    paths       Files, folders (all the way down), patterns, or ``-`` for standard input; .gz and .zst are inflated.
    accounts    Tables of accounts: Parquet, NDJSON or CSV. Those found among the logs are taken as well, after these.
    mapping     TOML file that says which columns of a foreign CSV, JSON or Parquet log are which (`mapping`).
    content     How much of the texts is handed on: ``full``, ``hashed`` or ``none`` (`Content`).
    salt        Key for hashing API keys, e-mail names and, in mode ``hashed``, system prompts. None draws one, so the
                hashes differ from run to run; `installation_salt` gives one that stays.
    limits      What is too long or too late to be a row, and batch sizes (`Limits`).
    on_progress     Called with (bytes done, bytes in all) while reading.

    Raises      InvalidInput if the mapping or the content mode is wrong.
    """
    try:
        mode = Content(content)
    except ValueError as error:
        message = f"content must be one of {', '.join(Content)}, got {content}"
        raise InvalidInput(message) from error
    mapped = None if mapping is None else read_mapping(Path(mapping))
    options = Options(_listed(accounts), mapped, mode, salt, limits or Limits(), on_progress)
    return Ingest(_listed(paths), options)


def _listed(paths: str | Path | Sequence[str | Path] | None) -> Sequence[str | Path]:
    if paths is None:
        return ()
    return (paths,) if isinstance(paths, str | Path) else tuple(paths)
