"""What is thrown away of a body is read at a pace."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from starlette.requests import Request

from stillwatch.service.collect import body
from stillwatch.service.collect.body import drained

PART = bytes(1 << 16)
N_PARTS = 50


class Sending:
    """A request whose body comes as fast as it is read."""

    def __init__(self, **headers: str) -> None:
        self.headers = headers
        self.n_read = 0

    async def stream(self) -> AsyncIterator[bytes]:
        """Parts."""
        for _ in range(N_PARTS):
            self.n_read += 1
            yield PART


def n_read(sending: Sending, most_bytes: int = 1 << 30) -> int:
    """Parts that were read of a refused body."""
    asyncio.run(drained(cast("Request", sending), most_bytes))
    return sending.n_read


def test_a_refused_body_is_read_to_its_end_when_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender gets to read why."""
    monkeypatch.setattr(body, "_DRAIN_BYTES_S", 1 << 50)
    assert n_read(Sending()) == N_PARTS


def test_it_is_read_no_faster_than_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sender who would send for ever only so much is read in the time that it is listened to."""
    monkeypatch.setattr(body, "_DRAIN_BYTES_S", len(PART))
    monkeypatch.setattr(body, "_DRAIN_S", 0.01)
    assert n_read(Sending()) == 1


def test_no_more_than_a_body_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends on beyond the limit is not listened to; whoever asks first whether it may send is not at all."""
    monkeypatch.setattr(body, "_DRAIN_BYTES_S", 1 << 50)
    assert n_read(Sending(), 3 * len(PART)) == 4
    assert n_read(Sending(expect="100-continue")) == 0
