"""Question pools as people have them: one question a line, JSON lines, or Parquet with a column of text."""

import json
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource

__all__ = ["MAX_POOL_BYTES", "MAX_POOL_ITEMS", "TEXT_COLUMNS", "read_pool"]

TEXT_COLUMNS: Final = ("prompt_text", "prompt", "question", "instruction", "text", "input", "query")
"""Names of the text in JSON lines and Parquet; the first that is there counts."""
MAX_POOL_BYTES: Final = 256_000_000
MAX_POOL_ITEMS: Final = 500_000


def read_pool(path: Path) -> pa.Array:
    """Distinct texts of a pool, in order of first appearance; empty ones are left out.

    Raises  MissingData when there is no such file, UnreadableSource when it is damaged or no UTF-8, InvalidInput when
            it is larger than 256 MB or 500,000 items, or holds no text. Messages give places, never text.
    """
    if not path.is_file():
        msg = f"pool {path} does not exist"
        raise MissingData(msg)
    size = path.stat().st_size
    if size > MAX_POOL_BYTES:
        msg = f"pool {path} must be at most {MAX_POOL_BYTES:,} bytes, got {size:,}"
        raise InvalidInput(msg)
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    texts = _from_parquet(path) if is_parquet else _from_lines(path)
    found = pa.array(dict.fromkeys(text for text in texts if text.strip()), pa.string())
    if not 1 <= len(found) <= MAX_POOL_ITEMS:
        msg = f"pool {path} must hold 1 to {MAX_POOL_ITEMS:,} different texts, got {len(found):,}"
        raise InvalidInput(msg)
    return found


def _from_parquet(path: Path) -> list[str]:
    try:
        file = pq.ParquetFile(path)
        if file.metadata.num_rows > MAX_POOL_ITEMS:
            msg = f"pool {path} must hold at most {MAX_POOL_ITEMS:,} rows, got {file.metadata.num_rows:,}"
            raise InvalidInput(msg)
        name = next((name for name in TEXT_COLUMNS if name in file.schema_arrow.names), None)
        if name is None:
            msg = f"pool {path} must have one of the columns {', '.join(TEXT_COLUMNS)}"
            raise InvalidInput(msg)
        return [str(text) for text in file.read(columns=[name])[name].drop_null().to_pylist()]
    except (OSError, pa.ArrowException) as wrong:
        msg = f"pool {path} is damaged: it begins like Parquet and cannot be read"
        raise UnreadableSource(msg) from wrong


def _from_lines(path: Path) -> list[str]:
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        msg = f"pool {path} must be UTF-8, byte {wrong.start} is not"
        raise UnreadableSource(msg) from wrong
    if not next((line for line in lines if line.strip()), "").lstrip().startswith("{"):
        return [line.strip() for line in lines]
    return [_of_json(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _of_json(line: str, place: str) -> str:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        msg = f"{place} is no JSON"
        raise UnreadableSource(msg) from None
    text = next((item[name] for name in TEXT_COLUMNS if name in item), None) if isinstance(item, dict) else None
    if not isinstance(text, str):
        msg = f"{place} must be an object with text under one of {', '.join(TEXT_COLUMNS)}"
        raise InvalidInput(msg)
    return text
