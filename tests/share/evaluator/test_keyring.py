"""Keys live for their epoch and its grace, on disk only where their owner reads them, and are gone afterwards."""

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tests.share.evaluator.worlds import EPOCH, NOW

from stillwatch.errors import IncompatibleVersion, InvalidInput, StillwatchError, UnreadableSource
from stillwatch.share.evaluator import Keyring
from stillwatch.share.tags import epoch_end


def secrets_in(path: Path) -> list[str]:
    """Secrets of a key file as text."""
    return list(json.loads(path.read_text())["keys"].values())


def test_keys_outlive_the_process_and_are_their_owner_s(tmp_path: Path) -> None:
    """The same key after it was opened again; mode 0600 whatever the mask; nothing left beside it but the lock."""
    path = tmp_path / "keys.json"
    mask = os.umask(0)
    try:
        with Keyring(path) as keyring:
            first = keyring.key(EPOCH, NOW)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Keyring(path) as keyring:
        assert keyring.key(EPOCH, NOW) == first
    assert sorted(p.name for p in tmp_path.iterdir()) == [".keys.json.lock", "keys.json"]


def test_no_key_comes_from_another(tmp_path: Path) -> None:
    """Two epochs, two keyrings: four secrets that are all drawn."""
    found = set()
    for name in "ab":
        with Keyring(tmp_path / name) as keyring:
            keyring.rotate(NOW)
        found.update(secrets_in(tmp_path / name))
    assert len(found) == 4


def test_a_key_past_its_grace_is_destroyed(tmp_path: Path) -> None:
    """It answers to the last second, then it is in no file, and the bytes that held it are overwritten."""
    path = tmp_path / "keys.json"
    with Keyring(path) as keyring:
        over = epoch_end(EPOCH) + timedelta(days=2)
        assert keyring.key(EPOCH, NOW) == keyring.key(EPOCH, over - timedelta(seconds=1))
        secret = secrets_in(path)[0].encode()
        (tmp_path / "old").hardlink_to(path)
        assert keyring.rotate(over) == (EPOCH,)
        assert keyring.key(EPOCH, over) is None
        assert EPOCH not in keyring.publics(over)
    assert secret not in path.read_bytes()
    assert not any((tmp_path / "old").read_bytes())


def test_a_key_answers_only_once_its_epoch_has_begun(tmp_path: Path) -> None:
    """Its public half is there before, to be pinned."""
    with Keyring(tmp_path / "keys") as keyring:
        assert keyring.key(EPOCH + 1, NOW) is None
        before = keyring.publics(NOW)[EPOCH + 1]
        later = keyring.key(EPOCH + 1, NOW + timedelta(days=7))
        assert later is not None
        assert later.public == before
        assert keyring.key(EPOCH - 1, NOW) is None


def test_one_process_holds_the_file(tmp_path: Path) -> None:
    """A second one would draw keys of its own for the same epoch."""
    with Keyring(tmp_path / "keys"), pytest.raises(UnreadableSource, match="another process"):
        Keyring(tmp_path / "keys")
    Keyring(tmp_path / "keys").close()


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The message says what to do."""
    with Keyring(tmp_path / "keys") as keyring:
        keyring.rotate(NOW)
    (tmp_path / "keys").chmod(0o640)
    with pytest.raises(UnreadableSource, match="chmod 600"):
        Keyring(tmp_path / "keys")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", UnreadableSource),
        ("[]", UnreadableSource),
        ('{"version": 1, "days": 7}', UnreadableSource),
        ('{"version": 1, "days": 7, "keys": []}', UnreadableSource),
        ('{"version": 1, "days": 7, "keys": {"1": "00"}}', UnreadableSource),
        ('{"version": 1, "days": 7, "keys": {"1": "' + "00" * 32 + '"}}', UnreadableSource),
        ('{"version": 1, "days": 7, "keys": {"x": "' + "01" + "00" * 31 + '"}}', UnreadableSource),
        ('{"version": 2, "days": 7, "keys": {}}', IncompatibleVersion),
        ('{"version": 1, "days": 8, "keys": {}}', InvalidInput),
    ],
)
def test_a_file_that_is_none_is_refused_and_not_overwritten(
    tmp_path: Path, content: str, error: type[StillwatchError]
) -> None:
    """Damaged, of another version, of epochs of another length; its secrets are in no message."""
    path = tmp_path / "keys"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(error) as told:
        Keyring(path)
    assert path.read_text() == content
    assert "00000000" not in str(told.value)


def test_lengths_and_places_that_are_none_are_refused(tmp_path: Path) -> None:
    """No days, a grace below zero, a folder that is not there."""
    with pytest.raises(InvalidInput, match="1 to 366"):
        Keyring(tmp_path / "keys", days=0)
    with pytest.raises(InvalidInput, match="grace"):
        Keyring(tmp_path / "keys", grace_days=-1)
    with pytest.raises(UnreadableSource, match="cannot open"):
        Keyring(tmp_path / "none" / "keys")
