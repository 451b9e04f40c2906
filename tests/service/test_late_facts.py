"""Facts that are opened beside the requests."""

from typing import cast

import pytest

from stillwatch.model.decision import AccountFacts, Facts, Request
from stillwatch.service.facts import FactsHealth, LiveFacts
from stillwatch.service.late_facts import LateFacts

KNOWN = Facts(AccountFacts(spend_band=3))


class _Live:
    """Facts that are open."""

    def __init__(self) -> None:
        self.n_refreshed = 0

    def facts(self, _request: Request) -> Facts:
        return KNOWN

    def refresh(self) -> bool:
        self.n_refreshed += 1
        return False

    def health(self) -> FactsHealth:
        return FactsHealth(
            "index-000001", 1.0, is_stale=False, n_streams=2, n_accounts=0, n_window_accounts=0, problems=()
        )

    def problems(self) -> tuple[str, ...]:
        return ()


def test_nothing_is_known_until_they_are_open() -> None:
    """A request that comes before is observed, and the health says why."""
    late = LateFacts()
    assert late.facts(Request("a")) == Facts()
    assert late.lookup() is None
    assert late.health().generation is None
    assert late.problems() == ("what is known of streams is being opened",)
    assert late.refresh() is False


def test_the_first_refresh_opens_them_and_later_ones_refresh() -> None:
    """They are opened once, with what is there, before anybody asks them."""
    late, live = LateFacts(), _Live()
    late.open_by(lambda: cast("LiveFacts", live))
    assert late.refresh() is True
    assert late.facts(Request("a")) == KNOWN
    assert late.problems() == ()
    assert late.health().n_streams == 2
    assert late.refresh() is False
    assert live.n_refreshed == 2


def test_what_cannot_be_opened_is_tried_again() -> None:
    """An error is the caller's to tell; the next refresh opens them."""
    late, tries = LateFacts(), 0

    def make() -> LiveFacts:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise FileNotFoundError
        return cast("LiveFacts", _Live())

    late.open_by(make)
    with pytest.raises(FileNotFoundError):
        late.refresh()
    assert late.facts(Request("a")) == Facts()
    assert late.refresh() is True
    assert late.facts(Request("a")) == KNOWN
