"""Trust goes from key to key only along signatures, for one member, and not from a document to a key."""

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.signature import sign
from stillwatch.signing.succession import EndorsedKey, endorse, succeeding

KEYS = [SigningKey.generate() for _ in range(5)]
LINKS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


def told(new: SigningKey, endorsement: str) -> EndorsedKey:
    """A key as the forum tells it."""
    return EndorsedKey.of(new.verify_key.jwk() | {"endorsement": endorsement})


@given(links=LINKS, first=st.integers(0, 4))
def test_what_is_trusted_is_what_can_be_reached(links: list[tuple[int, int]], first: int) -> None:
    """The plain way: follow signatures from the first key, whatever order they are told in."""
    reached = {first}
    for _ in links:
        reached |= {new for old, new in links if old in reached}
    keys = [told(KEYS[new], endorse(KEYS[new].verify_key, "m", KEYS[old])) for old, new in links]
    found = succeeding(keys, "m", keys_of([KEYS[first].verify_key]))
    assert set(found) == {KEYS[number].key_id for number in reached}


def test_a_signature_for_somebody_else_or_of_something_else_hands_nothing_on() -> None:
    """Another member's, of a document, of an unknown key, none, and garbage."""
    old, new, other = KEYS[:3]
    trusted = keys_of([old.verify_key])
    for word in (
        endorse(new.verify_key, "another member", old),
        endorse(other.verify_key, "m", old),
        endorse(new.verify_key, "m", other),
        sign(new.verify_key.jwk(), old),
        "",
        "garbage",
        "a..b" * 300,
    ):
        assert set(succeeding([told(new, word)], "m", trusted)) == {old.key_id}


def test_a_signature_that_is_no_text_is_none() -> None:
    """The forum may send anything."""
    assert EndorsedKey.of(KEYS[0].verify_key.jwk() | {"endorsement": 7}).endorsement == ""
    assert EndorsedKey.of(KEYS[0].verify_key.jwk()).endorsement == ""


def test_a_key_without_a_word_follows_nothing() -> None:
    """Plain keys are passed over."""
    trusted = keys_of([KEYS[0].verify_key])
    assert succeeding([KEYS[1].verify_key], "m", trusted) == trusted
