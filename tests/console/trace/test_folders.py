"""Folders are never left, and nothing but plain files is read."""

import os
from pathlib import Path

import pytest

from stillwatch.console.trace import folders
from stillwatch.console.trace.folders import names_in, places_in, read_part
from stillwatch.errors import MissingData, UnreadableSource


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with one report, beside something that is nobody's business."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "report.json").write_text("secret")
    (tmp_path / "base" / "good").mkdir(parents=True)
    (tmp_path / "base" / "good" / "report.json").write_text("told")
    return tmp_path / "base"


def test_a_file_of_a_folder_is_read(base: Path) -> None:
    """As long as it is not larger than told."""
    assert read_part(base, "good", "report.json", 4) == b"told"
    with pytest.raises(UnreadableSource, match="is larger than"):
        read_part(base, "good", "report.json", 3)
    with pytest.raises(MissingData, match="there is no bundle"):
        read_part(base, "good", "bundle.zip", 9)


@pytest.mark.parametrize(
    "name", ["..", ".", "", "../secret", "good/../../secret", "/etc", "nothing", "good\0", "GOOD/"]
)
def test_a_name_that_is_not_listed_is_no_folder(base: Path, name: str) -> None:
    """However it is spelt."""
    with pytest.raises(MissingData, match="no such folder"):
        read_part(base, name, "report.json", 99)


def test_links_are_not_followed(base: Path) -> None:
    """Neither for a folder nor for a file; the listing says of a file that it is none."""
    (base / "linked").symlink_to(base.parent / "secret")
    (base / "inner").mkdir()
    (base / "inner" / "report.json").symlink_to(base.parent / "secret" / "report.json")
    assert sorted(names_in(base)) == ["good", "inner"]
    with pytest.raises(MissingData):
        read_part(base, "linked", "report.json", 99)
    with pytest.raises(UnreadableSource, match="cannot be read"):
        read_part(base, "inner", "report.json", 99)
    assert {place.name: place.is_file for place in places_in(base, "report.json")} == {"good": True, "inner": False}


def test_a_folder_that_is_swapped_for_a_link_is_not_followed(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the listing and the reading."""
    (base / "linked").symlink_to(base.parent / "secret")
    monkeypatch.setattr(folders, "names_in", lambda _base: ["linked"])
    with pytest.raises(UnreadableSource):
        read_part(base, "linked", "report.json", 99)


def test_nothing_waits_for_a_pipe(base: Path) -> None:
    """Nor is a folder of that name read."""
    for name, make in (("pipe", os.mkfifo), ("folder", os.mkdir)):
        (base / name).mkdir()
        make(base / name / "report.json")
        with pytest.raises(UnreadableSource):
            read_part(base, name, "report.json", 99)


def test_the_last_one_changed_stands_first(base: Path) -> None:
    """Folders without the file are left out."""
    for n, name in enumerate(("old", "new")):
        (base / name).mkdir()
        (base / name / "report.json").write_text("x")
        os.utime(base / name / "report.json", (n, n))
    (base / "empty").mkdir()
    assert [place.name for place in places_in(base, "report.json")] == ["good", "new", "old"]
    with pytest.raises(UnreadableSource, match="cannot look into"):
        places_in(base / "none", "report.json")


def test_no_more_folders_are_looked_at_than_told(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have put a million there."""
    for n in range(5):
        (base / f"more-{n}").mkdir()
    monkeypatch.setattr(folders, "MOST_FOLDERS", 3)
    assert len(names_in(base)) == 3
