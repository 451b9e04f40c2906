"""The index of local tags: hits against a plain loop, and what is left out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.share.signals import tag

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.answers.index import KINDS, TAG_BYTES, Local, TagIndex
from stillwatch.share.tags import TagBlock

ROW = st.tuples(st.integers(0, 6), st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 4), st.booleans())
Row = tuple[int, SignalKind, int, int, bool]


def local_of(drawn: list[Row]) -> Local:
    """Local tags: number of the tag, kind, family, account, whether it is on a warning list."""
    values = b"".join(bytes.fromhex(tag(number, kind).value) for number, kind, *_ in drawn)
    return Local(
        tags=np.frombuffer(values, np.uint8).reshape(-1, TAG_BYTES),
        kind=np.array([KINDS.index(row[1]) for row in drawn], np.uint8),
        family=np.array([row[2] for row in drawn], np.uint64),
        account=np.array([row[3] for row in drawn], np.uint64),
        is_shared=np.array([row[4] for row in drawn], np.bool_),
    )


def index_of(local: Local, **changes: object) -> TagIndex:
    """Index of a small member."""
    settings: dict[str, object] = {"epoch": 1, "days": 14, "coverage": {}, "n_accounts": 5, "n_families": 4}
    return TagIndex.of(local, **(settings | changes))  # type: ignore[arg-type]


@given(
    drawn=st.lists(ROW, max_size=30),
    wanted=st.lists(st.builds(tag, st.integers(0, 8), st.sampled_from(KINDS), st.integers(1, 2)), max_size=12),
)
def test_hits_are_those_of_a_plain_loop(drawn: list[Row], wanted: list[Tag]) -> None:
    """Equal tag, kind and epoch; rows of warning lists hit nothing; repeated rows count once."""
    hits = index_of(local_of(drawn)).hits(wanted)
    found = sorted(zip(hits.tag.tolist(), hits.family.tolist(), hits.account.tolist(), strict=True))
    rows = {(tag(number, kind), family, account) for number, kind, family, account, shared in drawn if not shared}
    expected = sorted((n, f, a) for n, one in enumerate(wanted) for known, f, a in rows if known == one)
    assert found == expected


def test_tags_that_share_a_first_word_are_told_apart() -> None:
    """The whole 32 bytes decide, not the word that they are sorted by."""
    twins = [Tag(SignalKind.TLS, 1, "0" * 16 + digit * 48) for digit in "ab"]
    data = np.frombuffer(bytes.fromhex(twins[0].value), np.uint8).reshape(1, -1)
    one = Local(data, np.array([4], np.uint8), np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.bool_))
    assert index_of(one).hits(twins).tag.tolist() == [0]


def test_many_tags_match_where_they_are_equal() -> None:
    """50,000 against 5,000, of which 1,000 are among them, one byte away from each not."""
    rng = np.random.default_rng(3)
    data: NDArray[np.uint8] = rng.integers(0, 256, (50_000, TAG_BYTES), np.uint8)
    asked: NDArray[np.uint8] = rng.integers(0, 256, (5_000, TAG_BYTES), np.uint8)
    asked[:1000] = data[7_000:8_000]
    near = asked[:1000].copy()
    near[np.arange(1000), rng.integers(0, TAG_BYTES, 1000)] ^= 1
    kind, place = np.full(50_000, KINDS.index(SignalKind.TLS), np.uint8), np.arange(50_000, dtype=np.uint64)
    index = index_of(Local(data, kind, place, place, np.zeros(50_000, np.bool_)))
    hits = index.hits(TagBlock(SignalKind.TLS, 1, np.concatenate([asked, near])).tags())
    assert hits.tag.tolist() == list(range(1000))
    assert hits.family.tolist() == hits.account.tolist() == list(range(7_000, 8_000))


@pytest.mark.parametrize("value", ["", "ab", "g" * 64, "0" * 63 + " ", "é" * 64])
def test_what_is_no_tag_is_refused(value: str) -> None:
    """A tag is 64 hexadecimal digits, and the message does not repeat what was given."""
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        index_of(local_of([])).hits([Tag(SignalKind.TLS, 1, value)])


def test_columns_and_ranges_are_checked() -> None:
    """Rows that do not go together, a kind that is none, no days, more than all of the traffic."""
    local = local_of([(1, SignalKind.TLS, 0, 0, False)])
    for broken in (replace(local, family=np.zeros(2, np.uint64)), replace(local, kind=np.array([9], np.uint8))):
        with pytest.raises(InvalidInput, match="local tags"):
            index_of(broken)
    for changes in ({"days": 0}, {"coverage": {SignalKind.TLS: 1.1}}, {"n_accounts": -1}):
        with pytest.raises(InvalidInput, match="days"):
            index_of(local, **changes)
