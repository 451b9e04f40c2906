"""Passwords: long instead of odd, kept as hashes, and nobody learns from the time whether there is a user."""

import re

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.service.access import passwords
from stillwatch.service.access.passwords import LEAST, MOST, fresh_password, hash_password, is_password

WORDS = "correct horse battery staple"


def test_the_right_password_and_no_other() -> None:
    """What was hashed is the password; what differs by a letter, by case or by a space is not."""
    hashed = hash_password(WORDS, "ada")
    assert is_password(WORDS, hashed)
    assert not any(is_password(told, hashed) for told in ("", WORDS.upper(), WORDS + " ", WORDS[:-1]))


def test_what_is_kept_is_argon2id_with_its_own_salt() -> None:
    """The same password is never the same hash, which says how it was made and holds nothing of it."""
    one, other = hash_password(WORDS, "ada"), hash_password(WORDS, "ada")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert "horse" not in one
    assert len(one) <= 200


@pytest.mark.parametrize(
    "told", ["", "x" * (LEAST - 1), "x" * (MOST + 1), "a" * 40, "abcdabcdabcdabcd", "ada-ada-ada-"], ids=len
)
def test_what_is_no_password(told: str) -> None:
    """Too short, too long, a few characters again and again."""
    with pytest.raises(InvalidInput) as caught:
        hash_password(told, "someone")
    assert not told or told not in str(caught.value)


def test_the_name_again_and_again_is_no_password() -> None:
    """Whatever letters it is written in."""
    with pytest.raises(InvalidInput, match="nor the user's name"):
        hash_password("LovelaceLovelace", "lovelace")


@pytest.mark.parametrize("n", [LEAST, MOST])
def test_bounds_are_passwords_themselves(n: int) -> None:
    """The shortest and the longest one can be used, and one character more than the longest is another."""
    told = ("abcdefgh" * MOST)[:n]
    hashed = hash_password(told, "ada")
    assert is_password(told, hashed)
    assert not is_password(told + "x", hashed)


def test_without_a_hash_nothing_is_right_after_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's hash is verified as somebody's is, at the same cost, and never holds."""
    asked: list[str] = []

    class Counted:
        @staticmethod
        def verify(hashed: str, _password: str) -> bool:
            asked.append(hashed)
            return True

    monkeypatch.setattr(passwords, "_HASHER", Counted)
    assert not is_password(WORDS, None)
    assert len(asked) == 1
    assert asked[0].startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_a_damaged_hash_lets_nobody_in() -> None:
    """It is a wrong password, not a failure."""
    assert not is_password(WORDS, "$argon2id$broken")
    assert not is_password(WORDS, "")


def test_fresh_passwords_can_be_used_and_read_aloud() -> None:
    """They fit the rules, differ, and hold no letters that look alike."""
    made = {fresh_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([a-hj-km-np-z2-9]{5}-){3}[a-hj-km-np-z2-9]{5}", one) for one in made)
    assert hash_password(made.pop(), "ada")
