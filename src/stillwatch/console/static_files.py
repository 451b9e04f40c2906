"""Style and scripts: our own and what is vendored, served under a name that changes with the content."""

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from stillwatch.web.plain import plain

__all__ = ["answer_static", "static_path"]

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_DIGITS: Final = 16


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Content, type and digest by name: there are few, and none changes while this runs."""
    paths = [path for path in _FOLDER.rglob("*") if path.suffix in _TYPES]
    return {
        path.relative_to(_FOLDER).as_posix(): (
            path.read_bytes(),
            _TYPES[path.suffix],
            hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS],
        )
        for path in paths
    }


def static_path(name: str) -> str:
    """Path of a file, with its digest in it.

    >>> static_path("console.css").endswith("/console.css")
    True
    """
    return f"/console/static/{_files()[name][2]}/{name}"


async def answer_static(request: Request) -> Response:
    """The file, to be kept for good; under another digest it is none."""
    found = _files().get(request.path_params["name"])
    if found is None or request.path_params["digest"] != found[2]:
        return plain({"error": "there is no such file"}, HTTPStatus.NOT_FOUND)
    content, kind, _ = found
    return Response(content, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"})
