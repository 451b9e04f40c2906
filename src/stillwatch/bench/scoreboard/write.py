"""The scoreboard as files."""

import os
import tempfile
from pathlib import Path
from typing import Final

from stillwatch.bench.scoreboard.page import to_html
from stillwatch.bench.scoreboard.pictures import readme_picture
from stillwatch.bench.scoreboard.results import Board
from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["JSON", "PAGE", "check_out", "write_board"]

PAGE: Final = "scoreboard.html"
JSON: Final = "scoreboard.json"


def check_out(folder: Path) -> None:
    """Refuse a folder that holds something else than an earlier scoreboard, before hours of work.

    Raises  InvalidInput if `folder` is a file, or holds files and no scoreboard.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"--out must be a folder, {folder} is a file"
        raise InvalidInput(msg)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / JSON).is_file():
        msg = f"--out must be an empty or new folder, or one with an earlier scoreboard; {folder} holds other files"
        raise InvalidInput(msg)


def write_board(board: Board, folder: Path, picture: Path | None = None) -> Path:
    """Write scoreboard.html and scoreboard.json, each whole or not at all; return the page.

    picture     Where the README's picture goes; nothing is written when the campaigns were not played.
    Raises      UnreadableSource if something cannot be written.
    """
    files = {folder / JSON: board.to_json(), folder / PAGE: to_html(board)}
    drawn = readme_picture(board) if picture else None
    if picture is not None and drawn is not None:
        files[picture] = drawn
    for path, text in files.items():
        _write_whole(path, text)
    return folder / PAGE


def _write_whole(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as waiting:
            waiting.write(text)
        os.chmod(waiting.name, 0o644)  # noqa: PTH101 (a name, not a path)
        Path(waiting.name).replace(path)
    except OSError as wrong:
        msg = f"the scoreboard cannot be written to {path}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(msg) from wrong
