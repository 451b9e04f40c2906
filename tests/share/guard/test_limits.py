"""Bounds of a message, before anything of it is looked at."""

import pytest
from tests.share.made import MEMBER, digest, indicator

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.guard.admit import admit_bytes
from stillwatch.share.guard.check import check
from stillwatch.share.guard.limits import BYTES_MOST, DEPTH_MOST, NODES_MOST, read_json, too_much
from stillwatch.share.stix.write import bundle_bytes, indicator_bundle


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b" " * (BYTES_MOST + 1), "at most"),
        (b"[" * 100_000, "deep"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "NaN"),
        (b'{"a": 12345678901234567}', "2\\^53"),
        (b'{"a": "secret', "must be whole"),
        (b'{"a": secret}', r"JSON in UTF-8, .*line 1"),
        (b"\xff\xfe{}", "JSON in UTF-8"),
        (b"", "must be whole"),
    ],
)
def test_bytes_that_are_no_document_are_refused(raw: bytes, said: str) -> None:
    """Too large, too deep, ambiguous, truncated; nothing of them is repeated."""
    with pytest.raises(InvalidInput, match=said) as caught:
        read_json(raw)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_bounds_hold_at_their_edges() -> None:
    """One level, one value less is let through."""
    deep: object = "x"
    for _ in range(DEPTH_MOST):
        deep = [deep]
    assert too_much(deep) is None
    assert too_much([deep]) == f"a document must be at most {DEPTH_MOST} levels deep"
    assert too_much([0] * (NODES_MOST - 1)) is None
    assert too_much([0] * NODES_MOST) is not None


def test_as_many_tags_as_may_be_fit() -> None:
    """10,000 tags are admitted, one more is not; half of them are bands."""
    tags = tuple(Tag(list(SignalKind)[number % 2 * 5], 1, digest(number)) for number in range(10_000))
    bundle = indicator_bundle(indicator(tags=tags), MEMBER)
    assert len(admit_bytes(bundle_bytes(bundle)).body) < BYTES_MOST
    more = indicator_bundle(indicator(tags=(*tags, Tag(SignalKind.BAND, 1, digest(10_000)))), MEMBER)
    assert {refusal.rule for refusal in check(more)} == {"tag-count"}
