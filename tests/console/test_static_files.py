"""Style and scripts: what is vendored is what it says it is, and every file has its content in its name."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from tests.console.conftest import Rig

from stillwatch.console import static_files
from stillwatch.console.static_files import static_path

STATIC = Path(static_files.__file__).parent / "static"
VENDOR = STATIC / "vendor"
FILES = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["file"]
SERVED = sorted(
    path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.suffix in {".css", ".js", ".svg"}
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["name"])
def test_vendored_files_are_unchanged_and_have_their_licence(file: dict[str, str]) -> None:
    """The hash that was looked up in the registry, the version in the name, the licence's text beside it."""
    content = (VENDOR / file["name"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert f"-{file['version']}." in file["name"]
    licence = (VENDOR / file["licence_file"]).read_text(encoding="utf-8")
    words = {"MIT": "Permission is hereby granted, free of charge", "0BSD": "Permission to use, copy, modify"}
    assert words[file["licence"]] in licence


def test_nothing_else_is_vendored() -> None:
    """Every file of the folder is told of, and the other way round."""
    told = {"vendor.toml", *(file["name"] for file in FILES), *(file["licence_file"] for file in FILES)}
    assert {path.name for path in VENDOR.iterdir()} == told


@pytest.mark.parametrize("name", SERVED)
def test_every_file_is_served_under_its_content(standing: Rig, name: str) -> None:
    """To anybody, for good, with its type; the digest is that of what is sent."""
    path = static_path(name)
    answer = standing.client().get(path)
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]
    assert path == f"/console/static/{digest}/{name}"
    assert answer.content == (STATIC / name).read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    assert answer.headers["content-type"] == kinds[name.rpartition(".")[2]]


@pytest.mark.parametrize(
    "path",
    [
        "0000000000000000/console.css",
        "{digest}/console.js",
        "{digest}/../console.css",
        "{digest}/..%2f..%2frendering.py",
        "{digest}/vendor/vendor.toml",
        "{digest}/vendor/htmx-4.0.1.LICENSE.txt",
        "{digest}/%2fetc%2fpasswd",
        "{digest}/",
        "/console.css",
    ],
)
def test_nothing_else_is_served(standing: Rig, path: str) -> None:
    """Another digest, another folder, a file of another kind."""
    digest = static_path("console.css").split("/")[3]
    assert standing.client().get(f"/console/static/{path.format(digest=digest)}").status_code == 404


def test_a_name_that_is_none_fails_where_it_is_written() -> None:
    """A template that names a file that is not there does not render."""
    with pytest.raises(KeyError):
        static_path("no-such.css")


def test_our_style_and_scripts_load_nothing_from_elsewhere() -> None:
    """No address of another host, no code that is made of text."""
    for name in SERVED:
        if not name.startswith("vendor/"):
            text = (STATIC / name).read_text(encoding="utf-8")
            assert not re.search(r"https?://(?!www\.w3\.org/)", text), name
            assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|@import", text), name
