"""The service's secret: made once, read by its owner only, every use apart."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import UnreadableSource


def test_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The first use makes the file, mode 0600; the next use reads the same secret."""
    path = tmp_path / "deep" / "secret"
    first = ServiceSecret.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ServiceSecret.open(path).mac("a", b"b") == first.mac("a", b"b")
    assert [one.name for one in path.parent.iterdir()] == ["secret"]


def test_of_many_that_start_at_once_all_have_one_secret(tmp_path: Path) -> None:
    """Processes that find no file together end with one secret, not with one each."""
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ServiceSecret.open(path).mac("a", b""), range(8)))
    assert len(set(found)) == 1


def test_open_to_others_or_damaged_is_refused(tmp_path: Path) -> None:
    """A secret that others may read is none any more, and half a secret is none yet; no message shows it."""
    path = tmp_path / "secret"
    ServiceSecret.open(path)
    path.chmod(0o640)
    with pytest.raises(UnreadableSource, match="chmod 600"):
        ServiceSecret.open(path)
    path.chmod(0o600)
    kept = path.read_text()[:20]
    path.write_text(kept)
    with pytest.raises(UnreadableSource, match="32 bytes") as raised:
        ServiceSecret.open(path)
    assert kept not in str(raised.value)


def test_a_code_counts_for_its_use_and_secret_alone(tmp_path: Path) -> None:
    """Another use, another secret and other bytes give other codes."""
    one, two = ServiceSecret.open(tmp_path / "one"), ServiceSecret.open(tmp_path / "two")
    code = one.mac("link", b"data")
    assert one.is_of("link", b"data", code)
    assert not one.is_of("form", b"data", code)
    assert not one.is_of("link", b"date", code)
    assert not two.is_of("link", b"data", code)
    assert "link" not in repr(one)
    assert os.fspath(tmp_path) not in repr(one)
