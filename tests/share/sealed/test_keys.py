"""Keys to seal to: kept for their owner, published under the member's signature, refused otherwise."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.sealed.keys import SealingKey, SealingPublic, publication, published_key
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import signed

SIGNING = SigningKey.generate()
KEYS = keys_of([SIGNING.verify_key])
KEY = SealingKey.generate()
ALPHA = "7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b"
TOLD = publication(KEY.public, ALPHA, SIGNING, datetime(2026, 11, 27, tzinfo=UTC))


def test_a_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    """Written once, with mode 600, and read back; nothing prints it."""
    path = tmp_path / "sealing.key"
    KEY.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SealingKey.load(path).public.data == KEY.public.data
    with pytest.raises(InvalidInput, match="exists"):
        KEY.save(path)
    assert KEY.raw.private_bytes_raw().hex() not in repr(KEY)


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(33)])
def test_a_damaged_or_open_key_is_not_used(data: bytes, tmp_path: Path) -> None:
    """Of another length, readable for others, or not there."""
    path = tmp_path / "sealing.key"
    with pytest.raises(UnreadableSource):
        SealingKey.load(path)
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(UnreadableSource, match="32 bytes"):
        SealingKey.load(path)
    path.write_bytes(bytes(32))
    path.chmod(0o644)
    with pytest.raises(UnreadableSource, match="nobody else"):
        SealingKey.load(path)


def test_a_public_key_has_32_bytes() -> None:
    """Others are refused before anything is computed."""
    with pytest.raises(InvalidInput, match="32 bytes"):
        SealingPublic(bytes(33))


def test_what_a_member_publishes_is_believed() -> None:
    """Its own key, under its signature."""
    assert published_key(TOLD, ALPHA, KEYS).data == KEY.public.data


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({k: v for k, v in TOLD.items() if k != "signature"}, Reason.MALFORMED),
        ({**TOLD, "key": SealingKey.generate().public.data.hex()}, Reason.WRONG_SIGNATURE),
        ({**TOLD, "more": "x"}, Reason.MALFORMED),
        ({**TOLD, "key": "xy"}, Reason.MALFORMED),
        ({**TOLD, "key": 7}, Reason.MALFORMED),
        ({**TOLD, "use": "signing"}, Reason.MALFORMED),
        ({**TOLD, "created": "yesterday"}, Reason.MALFORMED),
        (signed(TOLD, SigningKey.generate()), Reason.UNKNOWN_KEY),
    ],
)
def test_a_key_that_somebody_else_put_there_is_not(changed: dict[str, Any], reason: Reason) -> None:
    """A forum's own key, another field, another form, another signer."""
    with pytest.raises(Refused) as told:
        published_key(changed, ALPHA, KEYS)
    assert told.value.reason is reason


def test_a_key_of_one_member_is_none_of_another() -> None:
    """Even one that is signed by a key that both had."""
    with pytest.raises(Refused) as told:
        published_key(TOLD, "8e4b1a2f-2d3e-4f4a-9bac-1d2e3f4a5b6c", KEYS)
    assert told.value.reason is Reason.WRONG_AUDIENCE
