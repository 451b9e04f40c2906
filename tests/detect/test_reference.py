"""Files that are no reference: each says what is wrong and what to do, none ends in a traceback of somebody else."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.detect.reference import ReferenceFile
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The default reference as a file of one's own."""
    path = tmp_path / "mine.parquet"
    ReferenceFile.load().save(path)
    return path


def test_a_saved_reference_is_read(saved: Path) -> None:
    """The tests below spoil a file that is good."""
    assert not ReferenceFile.load(saved).is_default


@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", b"\x00" * 5000])
def test_what_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    """Neither an empty file nor rubbish."""
    path = tmp_path / "rubbish"
    path.write_bytes(content)
    with pytest.raises(UnreadableSource, match=r"rubbish is no Parquet file, or is damaged; build one with"):
        ReferenceFile.load(path)


def test_a_reference_that_is_cut_off(saved: Path) -> None:
    """Half a file is damaged."""
    saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(UnreadableSource, match="damaged"):
        ReferenceFile.load(saved)


def test_another_table(tmp_path: Path) -> None:
    """A Parquet file without the label, and with the label of another version."""
    path = tmp_path / "other.parquet"
    for labels, layout in ((None, "none"), ({"stillwatch.reference_version": "99"}, "99")):
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(labels), path)
        with pytest.raises(IncompatibleVersion, match=f"has layout {layout}, this version reads 1; build it again"):
            ReferenceFile.load(path)


def test_a_reference_that_lacks_a_test(saved: Path) -> None:
    """One structure test less than this version runs: it must be built again."""
    table = pq.read_table(saved)
    pq.write_table(table.drop_columns(["hi_error"]), saved)
    with pytest.raises(IncompatibleVersion, match=r"hi_error.*build it again"):
        ReferenceFile.load(saved)


def test_none_at_all(tmp_path: Path) -> None:
    """A path with nothing there."""
    with pytest.raises(MissingData, match="does not exist; build one with"):
        ReferenceFile.load(tmp_path / "nothing")
