"""The node's own key: made once, told, renewed under the old one's signature, whole after a crash."""

from pathlib import Path
from typing import Any

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.node.own_key import own_key, renewed_key
from stillwatch.signing.keys import keys_of
from stillwatch.signing.succession import EndorsedKey, succeeding


def refuse(_told: dict[str, Any]) -> None:
    """A forum that takes no key."""
    message = "no"
    raise InvalidInput(message)


def test_a_key_is_made_once_and_told_each_time(tmp_path: Path) -> None:
    """Its public half only."""
    told: list[dict[str, Any]] = []
    first, second = own_key(tmp_path, told.append), own_key(tmp_path, told.append)
    assert first.key_id == second.key_id
    assert told == [first.verify_key.jwk()] * 2
    assert "d" not in told[0]


def test_a_new_key_takes_the_place_of_the_old_one_which_signed_it(tmp_path: Path) -> None:
    """The old private half is gone."""
    told: list[dict[str, Any]] = []
    old = own_key(tmp_path, told.append)
    new = renewed_key(tmp_path, "m", told.append)
    assert own_key(tmp_path, told.append).key_id == new.key_id != old.key_id
    found = succeeding([EndorsedKey.of(told[1])], "m", keys_of([old.verify_key]))
    assert set(found) == {old.key_id, new.key_id}
    assert [path.name for path in tmp_path.iterdir()] == ["node.key"]


def test_a_renewal_that_failed_is_done_again_with_the_same_key(tmp_path: Path) -> None:
    """The old one signs until the forum has the new one."""
    told: list[dict[str, Any]] = []
    old = own_key(tmp_path, told.append)
    with pytest.raises(InvalidInput):
        renewed_key(tmp_path, "m", refuse)
    assert own_key(tmp_path, told.append).key_id == old.key_id
    waiting = (tmp_path / "node.key.new").read_bytes()
    renewed_key(tmp_path, "m", told.append)
    assert (tmp_path / "node.key").read_bytes() == waiting


def test_there_is_nothing_to_renew_without_a_key(tmp_path: Path) -> None:
    """The node has to be there first."""
    with pytest.raises(UnreadableSource):
        renewed_key(tmp_path, "m", refuse)
