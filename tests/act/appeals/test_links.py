"""Appeal links: what is not made by the service is never read as good, and every link is of one decision."""

import base64
import hmac
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.desk import NOW, decision

from stillwatch.act.appeals.links import TOKEN_CHARACTERS, AppealLinks
from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import InvalidInput

LINKS = AppealLinks(ServiceSecret(bytes(32)), "https://api.example/v/")
OTHERS = AppealLinks(ServiceSecret(bytes(31) + b"\1"), "https://api.example")


@given(st.uuids(), st.integers(0, 4_000_000_000))
def test_read_as_made(name: uuid.UUID, seconds: int) -> None:
    """A token gives back its decision and, to the second, its end."""
    at = datetime.fromtimestamp(seconds, UTC)
    claim = LINKS.read(LINKS.token(str(name), at))
    assert (claim.is_good, claim.decision_id, claim.expires_at) == (True, str(name), at)


@given(st.integers(0, TOKEN_CHARACTERS - 1), st.sampled_from("ABCDEFabcdef0123456789-_"))
def test_any_other_character_spoils_it(place: int, character: str) -> None:
    """Of a token with one character changed nothing is good: version, decision, time and code are all covered."""
    token = LINKS.token(decision().decision_id, NOW)
    changed = token[:place] + character + token[place + 1 :]
    assert LINKS.read(changed).is_good == (changed == token)


@given(st.text(max_size=90) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_we_did_not_make_is_not_good(token: str) -> None:
    """Whatever somebody makes up is read without an error, and is of nothing."""
    assert not LINKS.read(token).is_good


def test_another_key_another_spelling() -> None:
    """A token of another service is of nothing here, and a good one has no second spelling."""
    token = LINKS.token(decision().decision_id, NOW)
    assert not OTHERS.read(token).is_good
    for spelled in (token + "=", token + "\n", " " + token, token.replace("-", "+").replace("_", "/") + "+", token * 2):
        assert not LINKS.read(spelled).is_good


def test_one_link_for_one_decision() -> None:
    """The link is the same whenever it is asked for, differs between decisions, and ends 30 days after the decision."""
    url = LINKS.appeal_url(decision(1))
    assert url == LINKS.appeal_url(decision(1)) != LINKS.appeal_url(decision(2))
    assert url.startswith("https://api.example/v/appeal/")
    assert LINKS.read(url.rpartition("/")[2]).expires_at == NOW + timedelta(days=30)


def test_a_decision_must_have_an_unguessable_name() -> None:
    """An id that is no UUID gets no link, and is not repeated."""
    with pytest.raises(InvalidInput, match="UUID") as raised:
        LINKS.token("decision-7", NOW)
    assert "decision-7" not in str(raised.value)


def test_what_is_not_ours_names_no_decision() -> None:
    """A real decision's id under a made-up code asks the database for nothing that is there: no time tells it is."""
    token = LINKS.token(decision().decision_id, NOW)
    forged = token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")
    nothing = LINKS.read("")
    assert LINKS.read(forged) == nothing
    assert nothing.decision_id != decision().decision_id


def test_every_wrong_token_costs_one_code_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with a token, one code is computed and compared whole, not up to the first difference."""
    compared: list[int] = []
    real = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append(len(other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    token = LINKS.token(decision().decision_id, NOW)
    for wrong in ("", "x", "A" * 76, token[:-1], "B" + token[1:], token[:-4] + "AAAA", "\u00e9" * 76):
        LINKS.read(wrong)
    assert compared == [32] * 7
