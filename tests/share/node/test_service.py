"""A running service: what goes on beside the feed ends with it, and an error of either ends both."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.share.node import service
from stillwatch.share.node.service import Service

NOTHING: Any = None


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A service that watches nothing, until it is called stale; the function says so."""
    is_stale = [False]

    async def watch(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Service, "watch", watch)
    monkeypatch.setattr(Service, "trust", SimpleNamespace(keep=watch))
    monkeypatch.setattr(Service, "attend", lambda *_: None)
    monkeypatch.setattr(Service, "is_stale", lambda *_: is_stale[0])
    monkeypatch.setattr(service, "_LOOK_S", 0.01)
    return lambda: is_stale.__setitem__(0, True)


def opened() -> Service:
    """A service without anything to work with."""
    return Service(*[NOTHING] * 9)


def test_what_goes_on_beside_is_ended_when_the_service_is_stale(stale: Callable[[], None]) -> None:
    """It was at work, and it is told."""
    seen: list[str] = []

    async def beside() -> None:
        seen.append("at work")
        stale()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    assert opened().run(NOTHING, lambda _: None, beside) is True
    assert seen == ["at work", "ended"]


@pytest.mark.usefixtures("stale")
def test_an_error_beside_the_feed_ends_the_service_with_it() -> None:
    """As itself, not inside a group."""

    async def beside() -> None:
        message = "the database is gone"
        raise UnreadableSource(message)

    with pytest.raises(UnreadableSource, match="the database is gone"):
        opened().run(NOTHING, lambda _: None, beside)
