"""The way to the forum: bounded, and each kind of refusal as what the caller can do about it."""

import httpx
import pytest

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.share.node.post import MOST_BYTES, Post


def got(answer: httpx.Response) -> dict[str, object]:
    """What a node reads of an answer."""
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        return Post("http://forum", "secret-token", client).get("/x/")


def test_an_answer_is_one_object() -> None:
    """Nothing else is taken, nor two meanings of one name."""
    assert got(httpx.Response(200, content=b'{"a": 1}')) == {"a": 1}
    for content in (b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"\xff"):
        with pytest.raises(UnreadableSource, match="JSON object"):
            got(httpx.Response(200, content=content))


def test_an_answer_is_bounded() -> None:
    """However much the forum would send."""
    with pytest.raises(UnreadableSource, match=f"{MOST_BYTES} bytes at most"):
        got(httpx.Response(200, content=b" " * (MOST_BYTES + 1)))


@pytest.mark.parametrize(("status", "error"), [(404, InvalidInput), (409, InvalidInput), (503, UnreadableSource)])
def test_a_refusal_is_told_with_its_reason_and_without_the_token(status: int, error: type[Exception]) -> None:
    """The caller's fault and the forum's are two."""
    with pytest.raises(error, match=f"{status}: why") as caught:
        got(httpx.Response(status, json={"description": "why"}))
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize(("header", "wait"), [("60", 60), ("soon", None), ("9" * 20, None), (None, None)])
def test_who_asks_too_often_learns_when_to_come_back(header: str | None, wait: int | None) -> None:
    """As far as the forum says it in seconds."""
    headers = {"Retry-After": header} if header else {}
    with pytest.raises(Declined) as caught:
        got(httpx.Response(429, json={}, headers=headers))
    assert caught.value.retry_after_s == wait
