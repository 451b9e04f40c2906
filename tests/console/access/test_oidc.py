"""Logins through an identity provider: the way in, and every way in that is none."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.console.access.identity_provider import (
    BACK,
    CLIENT,
    ISSUER,
    NAME,
    NOW,
    SECRET,
    IdentityProvider,
    as_sent,
    streamed,
)
from tests.console.access.login_room import ADA, LATER, SETTINGS, Room

from stillwatch.console.access.oidc import LASTS, Attempt
from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_wire import MOST_BYTES
from stillwatch.errors import Declined


@pytest.fixture
def room() -> Room:
    """A console whose provider does everything right."""
    return Room()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """File with the client's secret."""
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


def test_a_person_logs_in(room: Room) -> None:
    """Whoever goes to the provider and agrees comes back as somebody."""
    assert room.came_back() == ADA
    assert room.there.asked == ["/.well-known/openid-configuration", "/token", "/keys"]


def test_what_the_browser_takes_along(room: Room) -> None:
    """The URL holds state, nonce and the challenge of the verifier, and never the verifier itself."""
    attempt = room.here.begin(BACK, NOW)
    told = parse_qs(urlsplit(attempt.url).query)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.code_verifier.encode()).digest()).decode().rstrip("=")
    assert told["state"] == [attempt.state]
    assert told["nonce"] == [attempt.nonce]
    assert told["code_challenge"] == [challenge]
    assert told["redirect_uri"] == [BACK]
    assert told["scope"] == ["openid profile email"]
    assert attempt.code_verifier not in attempt.url


def test_attempts_share_nothing(room: Room) -> None:
    """Every attempt has random numbers of its own, long enough for what RFC 7636 and 6749 ask."""
    some = [room.here.begin(BACK, NOW) for _ in range(20)]
    values = [value for one in some for value in (one.state, one.nonce, one.code_verifier)]
    assert len(set(values)) == 60
    assert min(len(value) for value in values) >= 43


def test_a_query_of_the_endpoint_is_kept() -> None:
    """What the provider's own address asks for stays in the URL."""
    room = Room(IdentityProvider(metadata={"authorization_endpoint": f"{ISSUER}/authorize?p=flow"}))
    told = parse_qs(urlsplit(room.here.begin(BACK, NOW).url).query)
    assert (told["p"], told["client_id"]) == (["flow"], [CLIENT])


@pytest.mark.parametrize("method", [None, "client_secret_basic", "client_secret_post"])
def test_a_secret_is_shown(secret_file: Path, method: str | None) -> None:
    """A client with a secret shows it as the provider wants, signs included, and to the token endpoint alone."""
    methods = {} if method is None else {"token_endpoint_auth_methods_supported": [method, "private_key_jwt"]}
    room = Room(IdentityProvider(secret=SECRET, metadata=methods), replace(SETTINGS, client_secret_file=secret_file))
    assert room.came_back() == ADA
    shown = [one.url.path for one in room.there.requests if "authorization" in one.headers or b"secret" in one.content]
    assert shown == ["/tenant/token"]


def test_a_secret_stays_with_its_client(secret_file: Path) -> None:
    """A public client that logs in after one with a secret does not show that one's."""
    owner = Room(IdentityProvider(secret=SECRET), replace(SETTINGS, client_secret_file=secret_file))
    assert owner.came_back() == ADA
    assert Room().came_back() == ADA


def test_a_changed_secret_counts_at_once(secret_file: Path) -> None:
    """The secret is read whenever it is used."""
    there = IdentityProvider(secret=SECRET[::-1])
    room = Room(there, replace(SETTINGS, client_secret_file=secret_file))
    room.refused(Why.MISCONFIGURED, "401, invalid_client")
    secret_file.write_text(SECRET[::-1])
    assert room.came_back() == ADA


def test_an_attempt_is_kept_as_text(room: Room) -> None:
    """An attempt that was written and read back finishes as well, and its URL is forgotten."""
    attempt = room.here.begin(BACK, NOW)
    read = Attempt.read(attempt.written())
    assert read == replace(attempt, url="")
    assert room.finish(read, room.there.visited(attempt.url)) == ADA


def test_nothing_secret_is_printed(room: Room) -> None:
    """The representation of an attempt shows when and where, and nothing to finish it with."""
    attempt = room.here.begin(BACK, NOW)
    shown = repr(attempt)
    assert ISSUER in shown
    assert not [one for one in (attempt.state, attempt.nonce, attempt.code_verifier) if one in shown]


@pytest.mark.parametrize("state", ["", "x" * 43, None, "é\udcff"])
def test_another_state(room: Room, state: str | None) -> None:
    """An answer with another state, or none, was caused by somebody else (RFC 6749, 10.12); no code is exchanged."""
    room.refused(Why.MISMATCHED, "state must be that", state=state)
    assert "/token" not in room.there.asked


def test_an_answer_to_another_attempt(room: Room) -> None:
    """The answer that one browser got is of no use to the attempt of another."""
    mine, yours = room.here.begin(BACK, NOW), room.here.begin(BACK, NOW)
    with pytest.raises(LoginFailed, match="state"):
        room.finish(mine, room.there.visited(yours.url))


def test_a_stolen_code(room: Room) -> None:
    """A code that was put into the answer to another attempt fails by its verifier (RFC 9700, 4.5)."""
    mine, yours = room.here.begin(BACK, NOW), room.here.begin(BACK, NOW)
    stolen = room.there.visited(yours.url)["code"]
    with pytest.raises(LoginFailed, match="400, invalid_grant") as caught:
        room.finish(mine, {**room.there.visited(mine.url), "code": stolen})
    assert caught.value.why is Why.DISTRUSTED


def test_an_answer_again(room: Room) -> None:
    """Whoever brings the same answer a second time does not get in: its code was used."""
    attempt = room.here.begin(BACK, NOW)
    answer = room.there.visited(attempt.url)
    assert room.finish(attempt, answer) == ADA
    with pytest.raises(LoginFailed, match="invalid_grant"):
        room.finish(attempt, answer)


@pytest.mark.parametrize("after", [LASTS + timedelta(seconds=1), -timedelta(minutes=2)])
def test_an_attempt_ends(room: Room, after: timedelta) -> None:
    """Ten minutes later an attempt is over, and one from the future never was."""
    attempt = room.here.begin(BACK, NOW)
    answer = room.there.visited(attempt.url)
    with pytest.raises(LoginFailed, match="longer than 10 minutes") as caught:
        room.here.finish(attempt, answer, BACK, NOW + after)
    assert caught.value.why is Why.EXPIRED
    assert room.here.finish(attempt, answer, BACK, LATER) == ADA


@pytest.mark.parametrize("iss", ["https://evil.example", ISSUER + "/", "", None])
def test_a_mix_up(room: Room, iss: str | None) -> None:
    """The answer of another provider, or one that does not say whose it is, brings no code anywhere (RFC 9207)."""
    room.refused(Why.MISMATCHED, "must come from", iss=iss)
    assert "/token" not in room.there.asked


def test_providers_that_do_not_name_themselves() -> None:
    """Where the provider never says who it is that may be missing, and must be right when it is there."""
    there = IdentityProvider(metadata={"authorization_response_iss_parameter_supported": None})
    assert Room(there).came_back(iss=None) == ADA
    Room(there).refused(Why.MISMATCHED, "must come from", iss="https://evil.example")


def test_an_attempt_at_another_provider(room: Room) -> None:
    """An attempt from before the settings named another provider is not finished at the new one."""
    attempt = room.here.begin(BACK, NOW)
    with pytest.raises(LoginFailed, match="must come from") as caught:
        room.finish(replace(attempt, issuer="https://old.example"), room.there.visited(attempt.url))
    assert caught.value.why is Why.MISMATCHED


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("access_denied", Why.DENIED),
        ("login_required", Why.DENIED),
        ("temporarily_unavailable", Why.UNAVAILABLE),
        ("invalid_scope", Why.MISCONFIGURED),
        ("<script>\n", Why.MISCONFIGURED),
    ],
)
def test_an_error_in_the_answer(room: Room, error: str, why: Why) -> None:
    """An error is told by a word for the page and a name for the log, and nothing of its text goes along."""
    with pytest.raises(LoginFailed) as caught:
        room.came_back(error=error, error_description="<b>all", code=None)
    assert caught.value.why is why
    assert "<" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", [None, "", "x" * 5000])
def test_no_code(room: Room, code: str | None) -> None:
    """An answer without a code, or with one of any length, is none."""
    room.refused(Why.DISTRUSTED, "must hold a code", code=code)


@pytest.mark.parametrize("code", ["a b+c/=&%25", "é\u2028", "'\"<>;\x00", "~!*()"])
def test_odd_codes_arrive(room: Room, code: str) -> None:
    """Whatever characters a code has, the provider gets it back as it gave it."""
    attempt = room.here.begin(BACK, NOW)
    answer = room.there.visited(attempt.url)
    room.there._codes[code] = room.there._codes.pop(answer["code"])
    assert room.finish(attempt, {**answer, "code": code}) == ADA


@pytest.mark.parametrize(
    "token",
    [{"id_token": None}, {"id_token": 7}, {"expires_in": "soon"}, {"expires_in": [1]}, {"error": "invalid_grant"}],
)
def test_answers_that_are_no_tokens(token: dict[str, Any]) -> None:
    """What the token endpoint sends must hold an ID token, whatever else it holds."""
    Room(IdentityProvider(token=token)).refused(Why.DISTRUSTED, "identity provider")


@pytest.mark.parametrize(
    ("answer", "why", "match"),
    [
        (streamed(200, b" " * (MOST_BYTES + 1)), Why.DISTRUSTED, f"{MOST_BYTES} bytes at most"),
        (streamed(200, b"[]"), Why.DISTRUSTED, "JSON object"),
        (streamed(200, b'{"id_token": "'), Why.DISTRUSTED, "truncated"),
        (streamed(400, b"<html>"), Why.DISTRUSTED, "400, no known error"),
        (as_sent(400, {"error": "in\nvalid"}), Why.DISTRUSTED, "400, no known error"),
        (as_sent(400, {"error": "unauthorized_client"}), Why.MISCONFIGURED, "unauthorized_client"),
        (streamed(401, b""), Why.MISCONFIGURED, "401"),
        (streamed(307, b"", location="https://evil.example"), Why.MISCONFIGURED, "307"),
        (streamed(503, b"", **{"retry-after": "30"}), Why.UNAVAILABLE, "503"),
        (streamed(429, b""), Why.UNAVAILABLE, "429"),
    ],
    ids=lambda one: str(one)[:24],
)
def test_other_answers_for_a_code(answer: httpx.Response, why: Why, match: str) -> None:
    """Whatever else comes for a code is bounded, never followed, and told by its status."""
    room = Room(IdentityProvider(answers={"/token": lambda _: answer}))
    room.refused(why, match)
    assert room.there.asked[-1] == "/token"


def test_claims_from_the_userinfo_endpoint() -> None:
    """A provider that keeps names for its userinfo endpoint is asked there; what the ID token says goes first."""
    there = IdentityProvider(claims={"preferred_username": None}, more={"preferred_username": NAME, "email": "other"})
    assert Room(there).came_back() == ADA
    assert there.asked[-1] == "/userinfo"


def test_the_id_token_goes_first() -> None:
    """What the signed token says is not replaced by what the userinfo endpoint says."""
    there = IdentityProvider(
        claims={"preferred_username": None, "groups": ["staff"]},
        more={"preferred_username": NAME, "groups": ["admins"]},
    )
    assert Room(there, replace(SETTINGS, roles_claim="groups")).came_back() == replace(ADA, groups=("staff",))


@pytest.mark.parametrize("there", [{"email": "a@b"}, {"email_verified": True}])
def test_addresses_are_not_mixed(room: Room, there: dict[str, Any]) -> None:
    """An address of one place is not taken for verified because another place says so of its own."""
    room.there.claims = {"preferred_username": None, "email": None, "email_verified": None, **there}
    room.there.more = {"preferred_username": NAME, "email": "c@d", "email_verified": "email" in there}
    assert room.came_back() == replace(ADA, email=None)


def test_userinfo_of_another(room: Room) -> None:
    """Claims about another subject are not taken (OpenID Connect Core, 5.3.2)."""
    room.there.claims = {"preferred_username": None}
    for sub in ("root", None, 7):
        room.there.more = {"sub": sub, "preferred_username": "root"}
        room.refused(Why.DISTRUSTED, "userinfo must be of the subject")


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 201, "a\nb", 7])
def test_nobody_without_a_name(room: Room, name: object) -> None:
    """A name that is missing, or cannot be shown, lets nobody in."""
    room.there.claims = {"preferred_username": None}
    room.there.more = {"preferred_username": name}
    room.refused(Why.UNNAMED, "the claim preferred_username must be printable")


@pytest.mark.parametrize("access_token", [None, "a b", "ä"])
def test_an_access_token_that_cannot_be_shown(room: Room, access_token: str | None) -> None:
    """Without an access token that fits into a header the userinfo endpoint is not asked."""
    room.there.token = {"access_token": access_token}
    assert room.came_back() == ADA
    room.there.claims = {"preferred_username": None}
    room.refused(Why.UNNAMED, "and is missing")
    assert "/userinfo" not in room.there.asked


@pytest.mark.parametrize("is_verified", [False, None, "true", 1])
def test_an_address_that_nobody_verified(room: Room, is_verified: object) -> None:
    """An e-mail address that a person only claims is not told."""
    room.there.claims = {"email_verified": is_verified}
    assert room.came_back() == replace(ADA, email=None)


@pytest.mark.parametrize(
    ("claim", "told", "groups"),
    [
        ("groups", {"groups": ["b", "a"]}, ("b", "a")),
        ("groups", {"groups": "one"}, ("one",)),
        ("groups", {}, ()),
        ("realm.roles", {"realm": {"roles": ["a"]}}, ("a",)),
        ("https://watch.example/roles", {"https://watch.example/roles": ["a"]}, ("a",)),
        ("realm.roles", {"realm": ["roles"]}, ()),
    ],
)
def test_groups(claim: str, told: dict[str, Any], groups: tuple[str, ...]) -> None:
    """Groups come from the claim that the settings name, also one inside another."""
    room = Room(IdentityProvider(claims=told), replace(SETTINGS, roles_claim=claim))
    assert room.came_back().groups == groups


@pytest.mark.parametrize("told", [{"groups": {"a": 1}}, {"groups": ["a", 1]}, {"groups": True}])
def test_groups_that_are_none(told: dict[str, Any]) -> None:
    """A claim that is no list of texts gives no groups by chance."""
    room = Room(IdentityProvider(claims=told), replace(SETTINGS, roles_claim="groups"))
    room.refused(Why.MISCONFIGURED, "the claim groups must be a list")


@pytest.mark.parametrize("back", ["http://watch.example/back", "https://u@watch.example/", "/login/back"])
def test_ways_back_that_are_none(room: Room, back: str) -> None:
    """No code is sent over a network in clear."""
    with pytest.raises(LoginFailed, match="redirect_uri must be") as caught:
        room.here.begin(back, NOW)
    assert caught.value.why is Why.MISCONFIGURED


def test_failures_are_one_kind(room: Room) -> None:
    """Whoever handles what another party declines handles this as well."""
    with pytest.raises(Declined):
        room.came_back(error="access_denied")
