"""An index of served outputs on disk: one Parquet file that says its version, and what it was made with."""

import json
import os
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import IncompatibleVersion, UnreadableSource
from stillwatch.trace.served.index import SERVED, ServedIndex
from stillwatch.trace.served.shingles import KEPT_SHARE, SHINGLE_TOKENS

__all__ = ["VERSION", "load", "save"]

VERSION: Final = 1
_FACTS: Final = b"stillwatch.served"
_ROWS: Final = 1 << 16


def save(index: ServedIndex, path: Path) -> None:
    """Write an index as one file, whole or not at all.

    path      Where; a file of that name is replaced.
    Raises    UnreadableSource when it cannot be written.
    """
    facts = {"version": VERSION, "tokens": SHINGLE_TOKENS, "share": KEPT_SHARE, "sign": index.sign}
    table = index.table.replace_schema_metadata({_FACTS: json.dumps(facts).encode()})
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        pq.write_table(table, unfinished, compression="zstd", row_group_size=_ROWS, use_dictionary=["account_id"])
        unfinished.replace(path)
    except OSError as error:
        message = f"cannot write the index {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path) -> ServedIndex:
    """Read an index.

    Raises    UnreadableSource when there is none or it is damaged; IncompatibleVersion when another version wrote it.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        message = f"cannot read an index of served outputs from {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    facts = _facts(table.schema, path)
    made = (facts.get("version"), facts.get("tokens"), facts.get("share"))
    if made != (VERSION, SHINGLE_TOKENS, KEPT_SHARE):
        message = (
            f"{path} has version, tokens a shingle and share kept {made}, "
            f"expected {(VERSION, SHINGLE_TOKENS, KEPT_SHARE)}; make the index again"
        )
        raise IncompatibleVersion(message)
    if not table.schema.equals(SERVED):
        message = f"{path} says it is an index of served outputs, but has other columns; make it again"
        raise UnreadableSource(message)
    return ServedIndex(table.replace_schema_metadata(None).combine_chunks(), str(facts.get("sign")))


def _facts(schema: pa.Schema, path: Path) -> dict[str, object]:
    told = (schema.metadata or {}).get(_FACTS)
    try:
        facts = json.loads(told) if told is not None else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        message = f"{path} is no index of served outputs"
        raise UnreadableSource(message)
    return facts
