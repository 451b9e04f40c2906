"""A folder of findings: written whole or not at all, and read back."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.model.campaign import Figures
from stillwatch.model.findings import CAMPAIGNS_VERSION, Findings
from stillwatch.report.catalogue import LIGHT, catalogue_of, figures_of, write_catalogue
from stillwatch.report.html import to_html
from stillwatch.report.json import TABLES, from_json, run_to_json, to_json

__all__ = [
    "CAMPAIGNS",
    "CATALOGUE_FILE",
    "MARKER",
    "REPORT",
    "RUN",
    "check_folder",
    "read_figures",
    "read_findings",
    "write_findings",
]

MARKER = ".stillwatch"
"""File that marks a folder as findings: readers of logs do not walk into it."""

REPORT = "report.html"
CAMPAIGNS = "campaigns.json"
CATALOGUE_FILE = "campaigns.parquet"
RUN = "run.json"

T = TypeVar("T")

_ROWS = 65_536
"""Rows of a group: what is read to get at the rows of one campaign."""
_FILES = (REPORT, CAMPAIGNS, CATALOGUE_FILE, RUN, *(f"{name}.parquet" for name in TABLES))


def check_folder(folder: Path) -> None:
    """Refuse a folder in which findings would replace something else.

    Raises  InvalidInput if `folder` is a file, or holds files and is not a folder of findings.
    """
    if folder.is_dir():
        if not (folder / MARKER).exists() and any(folder.iterdir()):
            msg = f"--out must be an empty or new folder, or one with earlier findings; {folder} holds other files"
            raise InvalidInput(msg)
    elif folder.exists():
        msg = f"--out must be a folder, {folder} is a file"
        raise InvalidInput(msg)


def write_findings(findings: Findings, folder: Path) -> Path:
    """Write the report, campaigns.json and the tables; return the path of the report.

    Everything is written beside `folder` first and moved into place at the end, so that a crash leaves the old findings
    or none. While files are being moved the marker says so, and `read_findings` refuses the folder.

    Raises  InvalidInput if `folder` holds something else; UnreadableSource if it cannot be written.
    """
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        waiting = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _mark(waiting, complete=False)
            _write_files(findings, waiting)
            _move(waiting, folder)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
    except OSError as wrong:
        msg = f"findings cannot be written to {folder}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(msg) from wrong
    return folder / REPORT


def _write_files(findings: Findings, folder: Path) -> None:
    (folder / REPORT).write_text(to_html(findings), encoding="utf-8", errors="replace")
    (folder / CAMPAIGNS).write_text(to_json(findings), encoding="ascii")
    (folder / RUN).write_text(run_to_json(findings), encoding="ascii")
    write_catalogue(findings, folder / CATALOGUE_FILE)
    for name in TABLES:
        path = folder / f"{name}.parquet"
        pq.write_table(getattr(findings, name), path, compression="zstd", row_group_size=_ROWS)


def _move(waiting: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    _mark(folder, complete=False)
    for name in _FILES:
        (waiting / name).replace(folder / name)
    _mark(folder, complete=True)


def _mark(folder: Path, *, complete: bool) -> None:
    content = {"kind": "findings", "format_version": CAMPAIGNS_VERSION, "complete": complete}
    (folder / MARKER).write_text(json.dumps(content) + "\n", encoding="ascii")


def read_figures(folder: Path) -> list[Figures]:
    """What cases keep of all campaigns, without reading their evidence: of ten thousand that takes minutes.

    Raises  As `read_findings`.
    """
    path = folder / CATALOGUE_FILE
    if not path.is_file():
        return figures_of(catalogue_of(read_findings(folder)))
    if not _is_complete(folder):
        raise IncompatibleVersion(_incomplete(folder))
    return figures_of(_opened(path, lambda found: pq.read_table(found, columns=LIGHT)))


def read_findings(folder: Path) -> Findings:
    """Findings as `write_findings` left them.

    Raises  MissingData if the folder holds none; IncompatibleVersion if they come from another version or are
            incomplete; UnreadableSource if a file is damaged.
    """
    if not (folder / CAMPAIGNS).is_file():
        msg = f"{folder} holds no findings ({CAMPAIGNS}); run 'stillwatch scan' first or name another folder"
        raise MissingData(msg)
    if not _is_complete(folder):
        raise IncompatibleVersion(_incomplete(folder))
    tables = {name: _table(folder / f"{name}.parquet", schema) for name, schema in TABLES.items()}
    text = _opened(folder / CAMPAIGNS, lambda path: path.read_text(encoding="utf-8"))
    run = _opened(folder / RUN, lambda path: path.read_text(encoding="utf-8")) if (folder / RUN).exists() else "{}"
    return from_json(text, tables, run=run, where=str(folder / CAMPAIGNS))


def _incomplete(folder: Path) -> str:
    return f"the findings in {folder} are incomplete: writing them was interrupted; scan again"


def _is_complete(folder: Path) -> bool:
    try:
        content = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("complete") is True


def _table(path: Path, schema: pa.Schema) -> pa.Table:
    table = _opened(path, pq.read_table)
    if not table.schema.equals(schema):
        msg = f"{path} has other columns than this version writes; scan again"
        raise IncompatibleVersion(msg)
    return table


def _opened(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except (OSError, ValueError, pa.ArrowException) as wrong:
        msg = f"{path} cannot be read ({type(wrong).__name__}); scan again"
        raise UnreadableSource(msg) from wrong
