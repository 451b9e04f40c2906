"""The master secret's file: made once, for its owner only, and refused when it is not whole."""

import os
from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose


def test_a_secret_is_kept_and_found_again(tmp_path: Path) -> None:
    """A new file holds a secret that only its owner may read; opened again it gives the same keys."""
    path = tmp_path / "deep" / "master"
    made = KeyKeeper.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = KeyKeeper.open(path)
    assert made.key(Purpose.GLOBAL, "", "e") == again.key(Purpose.GLOBAL, "", "e")
    assert made.key(Purpose.GLOBAL, "", "e") != KeyKeeper.create(tmp_path / "other").key(Purpose.GLOBAL, "", "e")
    assert made.keys(Purpose.ACCOUNT, ["a", "b"], "e") == [made.key(Purpose.ACCOUNT, one, "e") for one in "ab"]


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    """Making one where there is one is refused, and the one stays."""
    KeyKeeper.create(tmp_path / "master")
    before = (tmp_path / "master").read_bytes()
    with pytest.raises(InvalidInput, match="new file"):
        KeyKeeper.create(tmp_path / "master")
    assert (tmp_path / "master").read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"00" * 31, b"zz" * 32, b"00" * 33, b"\xff" * 64])
def test_a_damaged_secret_is_refused(tmp_path: Path, data: bytes) -> None:
    """Too short, too long or no digits: the message says what the file must hold and shows nothing of it."""
    path = tmp_path / "master"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(UnreadableSource, match="32 bytes as hexadecimal"):
        KeyKeeper.open(path)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The message gives the command; a missing file names the command that makes one."""
    KeyKeeper.create(tmp_path / "master")
    os.chmod(tmp_path / "master", 0o640)  # noqa: PTH101 - as an operator would
    with pytest.raises(UnreadableSource, match="chmod 600"):
        KeyKeeper.open(tmp_path / "master")
    with pytest.raises(MissingData, match="trace keys new"):
        KeyKeeper.open(tmp_path / "none")
    with pytest.raises(UnreadableSource, match="IsADirectory"):
        KeyKeeper.open(tmp_path)


def test_decoys_are_keys_like_the_real_one() -> None:
    """Same purpose and epoch, another id, all different, the same again; the real key is none of them."""
    keeper = KeyKeeper(bytes(32))
    real = keeper.key(Purpose.CAMPAIGN, "c-1", "e")
    found = keeper.decoys(real, 200)
    assert {(key.purpose, key.epoch) for key in found} == {(Purpose.CAMPAIGN, "e")}
    assert len({key.secret for key in [*found, real]}) == 201
    assert found[:50] == keeper.decoys(real, 50)
    assert all("\n" in key.for_id for key in found)
