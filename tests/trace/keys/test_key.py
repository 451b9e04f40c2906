"""Keys of marks: what they derive from, what they show, what their commitments bind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, Purpose, derive, key_words

MASTER = bytes(range(32))


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_names_run_together_give_other_keys(first: str, second: str, third: str) -> None:
    """An id and an epoch are framed: moving letters from one to the other changes the key."""
    one = derive(MASTER, Purpose.ACCOUNT, first + second, third)
    other = derive(MASTER, Purpose.ACCOUNT, first, second + third)
    assert (one.secret == other.secret) == (second == "")


def test_purposes_and_masters_give_other_keys() -> None:
    """Each purpose has a key of its own, and so has each master secret."""
    keys = {derive(m, purpose, "a", "e").secret for purpose in Purpose for m in (MASTER, bytes(32))}
    assert len(keys) == 2 * len(Purpose)


def test_a_commitment_binds_secret_and_names() -> None:
    """Changing any part changes the commitment, which holds neither secret nor id."""
    key = derive(MASTER, Purpose.ACCOUNT, "acct-1", "e")
    others = [
        MarkKey(Purpose.CAMPAIGN, "acct-1", "e", key.secret),
        MarkKey(Purpose.ACCOUNT, "acct-2", "e", key.secret),
        MarkKey(Purpose.ACCOUNT, "acct-1", "f", key.secret),
        MarkKey(Purpose.ACCOUNT, "acct-1", "e", bytes(16)),
    ]
    assert len({key.commitment, *(other.commitment for other in others)}) == 5


def test_a_key_shows_no_secret() -> None:
    """Neither its text nor a message about it holds the secret."""
    key = derive(MASTER, Purpose.ACCOUNT, "acct-1", "e")
    assert key.secret.hex() not in repr(key)
    assert "secret" not in repr(key)
    with pytest.raises(InvalidInput, match="32 bytes or more, got 31"):
        derive(MASTER[:31], Purpose.ACCOUNT, "a", "e")
    with pytest.raises(InvalidInput, match="16 bytes, got 15"):
        MarkKey(Purpose.ACCOUNT, "a", "e", bytes(15))
    with pytest.raises(InvalidInput, match="at most 400"):
        derive(MASTER, Purpose.ACCOUNT, "a" * 401, "e")


def test_words_of_many_keys_are_the_words_of_each() -> None:
    """What kernels take is what each key says."""
    keys = [derive(MASTER, Purpose.ACCOUNT, str(i), "e") for i in range(5)]
    assert [tuple(row) for row in key_words(keys).tolist()] == [key.words for key in keys]
    assert key_words([]).shape == (0, 2)
    assert keys[0].engine_key == int.from_bytes(keys[0].secret[:8], "big")
