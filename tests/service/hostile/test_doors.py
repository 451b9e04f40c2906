"""Who tries tokens, and where it seems to come from. Each test has addresses of its own on the shared service."""

import httpx
import pytest
from tests.service.hostile.front import Front

from stillwatch.service.access import doorkeeper
from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.web.tokens import Token, matches

ALLOWED = 20
"""Wrong tokens that a source may show in a minute."""
PROXY = "127.0.0.9"
"""The shared service's settings name it as one that tells who asks."""
CALLS = (("POST", "/v1/exchanges"), ("POST", "/v1/decide"), ("GET", "/metrics"), ("GET", "/v1/status"))


def guess(n: int) -> str:
    """A token of the right form that nobody has issued."""
    return f"sws.{n:016x}.{'A' * 43}"


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What argon2 was run on."""
    seen: list[str | None] = []

    def counted(token: Token, hashed: str | None) -> bool:
        seen.append(hashed)
        return matches(token, hashed)

    monkeypatch.setattr(doorkeeper, "matches", counted)
    return seen


def statuses(client: httpx.Client, n: int, **headers: str) -> list[int]:
    """Of so many guesses, at whatever is behind a token."""
    told = []
    for i in range(n):
        method, path = CALLS[i % len(CALLS)]
        shown = {"x-api-key": guess(i)} | {name.replace("_", "-"): value for name, value in headers.items()}
        told.append(client.request(method, path, headers=shown).status_code)
    return told


def test_guesses_are_slowed_and_cost_no_hashes(shared: Front, hashes: list[str | None]) -> None:
    """After some wrong tokens at any endpoints a source waits, unhashed; a gateway behind it does not."""
    home = shared.service.home
    issue = Issue("late", frozenset({Scope.DECIDE}), "ada")
    with home.engine.begin() as connection:
        late = issue_token(connection, home.trail, issue, shared.service.deciding.decider._clock.wall()).text
    with shared.client("127.0.0.20", "") as client:
        assert statuses(client, 3 * ALLOWED) == [401] * ALLOWED + [429] * 2 * ALLOWED
        assert len(hashes) == ALLOWED
        refused = client.get("/metrics", headers={"authorization": f"Bearer {guess(1)}"})
        assert int(refused.headers["retry-after"]) > 0
        for token in (shared.home.token, late):
            for beside in ({}, {"x-api-key": guess(2)}):
                shown = {"x-stillwatch-token": token, **beside}
                assert client.post("/v1/decide", json={"account_id": "a"}, headers=shown).status_code == 200
    with shared.client("127.0.0.21", "") as elsewhere:
        assert statuses(elsewhere, 1) == [401]


def test_an_address_that_a_client_makes_up_counts_for_nothing(shared: Front) -> None:
    """Whoever is no trusted proxy is counted by its own address, whatever it says of others."""
    with shared.client("127.0.0.22", "") as client:
        told = [statuses(client, 1, x_forwarded_for=f"198.51.100.{i}, {PROXY}")[0] for i in range(ALLOWED + 5)]
    assert told == [401] * ALLOWED + [429] * 5


def test_a_trusted_proxys_word_counts(shared: Front) -> None:
    """Behind the proxy each customer is counted apart, by the last address that is none of ours."""
    with shared.client(PROXY, "") as client:
        assert statuses(client, ALLOWED + 1, x_forwarded_for="198.51.100.7")[-1] == 429
        assert statuses(client, 1, x_forwarded_for="198.51.100.8") == [401]
        assert statuses(client, 1, x_forwarded_for="203.0.113.1, 198.51.100.7") == [429]
        assert statuses(client, 1, x_forwarded_for=f"198.51.100.7, {PROXY}") == [429]


def test_links_are_counted_by_who_is_behind_the_proxy(shared: Front) -> None:
    """One customer who tries appeal links shuts out himself, and nobody else behind the same proxy."""
    with shared.client(PROXY, "") as client:

        def tries(source: str) -> int:
            return client.get(f"/appeal/{'A' * 76}", headers={"x-forwarded-for": source}).status_code

        assert [tries("198.51.100.9") for _ in range(ALLOWED + 1)] == [404] * ALLOWED + [429]
        assert tries(f"192.0.2.1, 198.51.100.9, {PROXY}") == 429
        assert tries("198.51.100.10") == 404
