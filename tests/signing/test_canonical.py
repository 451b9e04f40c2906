"""Canonical JSON against the RFC's examples; what not everybody reads alike is refused."""

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import MOST_BYTES, MOST_DEPTH, canonical, encoded, parse
from stillwatch.signing.refused import Refused

DOCUMENTS = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(-1e9, 1e9, allow_nan=False)
        | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    """RFC 8785, sections 3.2.2 to 3.2.4."""
    text = r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    wanted = """7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d
        62 65 72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35
        2c 30 2e 30 30 32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66
        5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"""
    assert canonical(parse(text.encode())) == bytes.fromhex(wanted)


def test_keys_are_sorted_by_their_utf_16_units() -> None:
    """RFC 8785, section 3.2.3: a face of two units comes before a Hebrew letter of one."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    found = json.loads(canonical(dict.fromkeys(keys, 0)))
    assert list(found) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_printed_as_the_rfc_prints_them(bits: str, text: str) -> None:
    """RFC 8785, appendix B."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number) == text.encode()


@pytest.mark.parametrize("number", [2**53, -(2**53), 1e16, float("nan"), float("inf"), 10**400])
def test_numbers_that_readers_disagree_about_are_refused(number: float) -> None:
    """Whole numbers beyond 2^53 - 1 lose digits at some readers; NaN is no JSON."""
    with pytest.raises(InvalidInput, match="2\\^53"):
        canonical({"a": [number]})


@pytest.mark.parametrize("document", ["\ud800", {"\ud800": 1}, {1: 2}, b"bytes", {"a": {1, 2}}, object()])
def test_what_is_no_json_is_refused_without_being_repeated(document: Any) -> None:
    """Lone surrogates, keys that are no text, bytes and sets."""
    with pytest.raises(InvalidInput, match="must be JSON"):
        canonical(document)


def nested(levels: int) -> Any:
    """List in a list in a list."""
    document: list[Any] = []
    for _ in range(levels - 1):
        document = [document]
    return document


def test_depth_and_size_have_ends() -> None:
    """The deepest document is accepted, one more level or byte is not."""
    assert canonical(nested(MOST_DEPTH)) == b"[" * MOST_DEPTH + b"]" * MOST_DEPTH
    with pytest.raises(InvalidInput, match="levels"):
        canonical(nested(MOST_DEPTH + 2))
    assert len(canonical("a" * (MOST_BYTES - 2))) == MOST_BYTES
    with pytest.raises(InvalidInput, match="bytes"):
        canonical("a" * (MOST_BYTES - 1))


@given(DOCUMENTS)
def test_what_is_written_is_read_back_and_written_alike(document: dict[str, Any]) -> None:
    """Canonical JSON is its own canonical form, and means the same."""
    data = canonical(document)
    assert parse(data) == document
    assert canonical(parse(data)) == data


@given(DOCUMENTS, st.data())
def test_every_beginning_of_a_document_is_truncated(document: dict[str, Any], data: st.DataObject) -> None:
    """Wherever a message is cut off, that is what is said of it."""
    whole = canonical(document)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Refused) as caught:
        parse(whole[:end])
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b'{"a": 1, "a": 2}', "malformed"),
        (b'{"a": NaN}', "malformed"),
        (b'{"a": 1e999}', "malformed"),
        (b'{"a": 9007199254740993}', "malformed"),
        (b'{"a": ' + b"1" * 5000 + b"}", "malformed"),
        (b"[1]", "malformed"),
        (b"]{", "malformed"),
        (b"{'a': 1}", "malformed"),
        (b'{"a": "\xff"}', "malformed"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        (b'{"a":"' + b"a" * MOST_BYTES + b'"}', "oversized"),
    ],
)
def test_messages_that_are_no_document_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    """Twice the same key, what is no number, no object, no UTF-8; and nothing deep or large is built first."""
    with pytest.raises(Refused) as caught:
        parse(data)
    assert caught.value.reason == reason


class Words(str):
    """Text of another type."""

    __slots__ = ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
        | st.builds(Words, st.text(max_size=4))
        | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53 or abs(x) >= 1e21),
        lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=12,
    )
)  # fmt: skip
def test_every_document_is_written_as_the_slow_writer_writes_it(document: Any) -> None:
    """Whichever of the two writers it is left to: any floats, any keys, tuples, texts of other types."""
    assert encoded(document) == rfc8785.dumps(document)
