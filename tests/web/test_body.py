"""Bodies are read within their bounds: told or not told, in one piece or in many, cut off or never ending."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from stillwatch.web.body import read_body
from stillwatch.web.problem import Problem


def request_of(pieces: Sequence[bytes | None], length: str | None = None) -> Request:
    """Request whose body comes in these pieces; None: the client is gone."""
    left = list(pieces)
    headers = [] if length is None else [(b"content-length", length.encode())]

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        piece = left.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": len(left) > 0 or piece == b"..."}

    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read(request: Request, limit: int) -> bytes:
    """The body."""
    return asyncio.run(read_body(request.headers, request.receive, limit))


def refused(request: Request, limit: int = 100) -> int:
    """Status with which the body is refused."""
    with pytest.raises(Problem) as caught:
        asyncio.run(read_body(request.headers, request.receive, limit, 0.05))
    return int(caught.value.status)


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=6))
def test_a_body_is_read_whole_or_refused_for_its_size(pieces: list[bytes]) -> None:
    """Whatever the pieces: up to the limit it is all of them, beyond it is none."""
    whole = b"".join(pieces)
    if len(whole) <= 100:
        assert read(request_of(pieces), 100) == whole
    else:
        assert refused(request_of(pieces)) == 413


@pytest.mark.parametrize("length", ["101", "-1", "1e2", "", "9" * 30, "٣"])
def test_a_length_that_is_too_much_or_none_is_refused_before_anything_is_read(length: str) -> None:
    """Nothing is asked for: the pieces are not there."""
    request = request_of([], None)
    request.scope["headers"] = [(b"content-length", length.encode("latin-1", "replace"))]
    assert refused(request) == 413


def test_a_length_that_lies_does_not_lift_the_limit() -> None:
    """Told were ten bytes."""
    assert refused(request_of([b"x" * 60, b"x" * 60], "10")) == 413


def test_who_goes_away_or_never_ends_is_given_up() -> None:
    """400 for a body that is cut off, 408 for one that does not come, and the limit is told in the answer."""
    assert refused(request_of([b"...", None])) == 400
    assert refused(request_of([b"..."])) == 408
    with pytest.raises(Problem, match="64 bytes"):
        read(request_of([b"x" * 65]), 64)
