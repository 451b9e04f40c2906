"""Messages are of one form, and every other length, head or number of rows is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.psi.messages import LARGEST, ROUNDED_TO, Form, Message, read_message, write_message

TLS = SignalKind.TLS
ROWS = np.arange(ROUNDED_TO * 32, dtype=np.uint32).astype(np.uint8).reshape(-1, 32)
DATA = write_message(Message(Form.REQUEST, TLS, 7, ROWS))


@pytest.mark.parametrize("form", list(Form))
def test_what_was_written_is_read(form: Form) -> None:
    """Every form, with rows of its own length."""
    rows = ROWS[:, :8] if form is Form.SETUP else ROWS
    data = write_message(Message(form, TLS, 7, np.ascontiguousarray(rows)))
    np.testing.assert_array_equal(read_message(data, form, TLS, 7).rows, rows)


@given(size=st.integers(0, len(DATA) - 1))
def test_truncated_messages_are_refused(size: int) -> None:
    """Wherever they end."""
    with pytest.raises(InvalidInput):
        read_message(DATA[:size], Form.REQUEST, TLS, 7)


@given(data=st.binary(max_size=100))
def test_garbage_is_refused(data: bytes) -> None:
    """With a message of our own, behind a good head too."""
    for garbage in (data, DATA[:34] + data):
        with pytest.raises(InvalidInput, match="must be"):
            read_message(garbage, Form.REQUEST, TLS, 7)


def test_messages_of_another_search_are_refused() -> None:
    """Another form, kind, epoch or version; too long; rows that are no multiple; more rows than there may be."""
    for form, kind, epoch in (
        (Form.COUNTED, TLS, 7),
        (Form.REQUEST, SignalKind.BAND, 7),
        (Form.REQUEST, TLS, 8),
    ):
        with pytest.raises(InvalidInput, match="must be"):
            read_message(DATA, form, kind, epoch)
    with pytest.raises(InvalidInput):
        read_message(DATA[:4] + b"\2" + DATA[5:], Form.REQUEST, TLS, 7)
    with pytest.raises(InvalidInput, match="multiple"):
        read_message(DATA + b"\0", Form.REQUEST, TLS, 7)
    with pytest.raises(InvalidInput, match="multiple"):
        read_message(write_message(Message(Form.REQUEST, TLS, 7, ROWS[:100])), Form.REQUEST, TLS, 7)
    many = np.zeros((LARGEST[Form.REQUEST] + ROUNDED_TO, 32), np.uint8)
    with pytest.raises(InvalidInput, match="at most"):
        read_message(write_message(Message(Form.REQUEST, TLS, 7, many)), Form.REQUEST, TLS, 7)
