"""Blinding hides the input and changes nothing of the result."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf import BASE, blind, blind_evaluate, evaluate, finalize, key_pair, new_key_pair
from stillwatch.share.oprf.group import IDENTITY, ORDER
from stillwatch.share.oprf.spread import pieces, spread


@given(inputs=st.lists(st.binary(max_size=200), max_size=5))
def test_a_blind_evaluation_is_the_evaluation(inputs: list[bytes]) -> None:
    """For any inputs, empty and repeated ones too, in both modes apart."""
    key = new_key_pair()
    asked = blind(inputs)
    found = finalize(asked, blind_evaluate(key.secret, asked.elements))
    assert found == [evaluate(key.secret, data) for data in inputs]
    assert not set(found) & {evaluate(key.secret, data, BASE) for data in inputs}


def test_the_same_input_is_never_asked_twice_alike() -> None:
    """Elements differ, outputs do not, and no representation shows input or blind."""
    key = new_key_pair()
    asked = blind([b"198.51.100.7"] * 2)
    assert asked.elements[0] != asked.elements[1]
    one, other = finalize(asked, blind_evaluate(key.secret, asked.elements))
    assert one == other
    assert "198.51" not in repr(asked)
    assert repr(asked.blinds[0]) not in repr(asked)
    assert repr(key.secret) not in repr(key)


def test_threads_change_nothing() -> None:
    """As many items as make several pieces, in order."""
    inputs = [bytes([i]) for i in range(200)]
    key = new_key_pair()
    asked = blind(inputs, threads=3)
    evaluated = blind_evaluate(key.secret, asked.elements, threads=3)
    assert finalize(asked, evaluated, threads=3) == finalize(asked, evaluated, threads=1)
    assert finalize(asked, evaluated)[137] == evaluate(key.secret, inputs[137])


def test_one_bad_element_of_many_is_refused_on_any_thread() -> None:
    """An error on a thread reaches the caller."""
    with pytest.raises(InvalidInput):
        blind_evaluate(new_key_pair().secret, [*blind([b"x"] * 100).elements, IDENTITY], threads=2)


def test_inputs_that_cannot_be_asked_are_refused() -> None:
    """Too long, or with blinds that do not fit; and answers that are not as many."""
    with pytest.raises(InvalidInput, match="at most 65535"):
        blind([bytes(65_536)])
    with pytest.raises(InvalidInput, match="canonical scalar"):
        blind([b"x"], blinds=[ORDER.to_bytes(32, "little")])
    with pytest.raises(InvalidInput, match="canonical scalar"):
        blind([b"x"], blinds=[])
    with pytest.raises(InvalidInput, match="must be 1 evaluated"):
        finalize(blind([b"x"]), [])


@pytest.mark.parametrize("secret", [bytes(32), ORDER.to_bytes(32, "little"), b"\xff" * 32, b"short"])
def test_keys_that_are_none_are_refused_without_being_told(secret: bytes) -> None:
    """Zero, too large, too short."""
    with pytest.raises(InvalidInput) as told:
        key_pair(secret)
    assert secret.hex() not in str(told.value)


@given(items=st.lists(st.integers()), n=st.integers(1, 5))
def test_pieces_are_the_items_in_order(items: list[int], n: int) -> None:
    """Not more pieces than asked, nothing lost."""
    cut = pieces(items, n)
    assert [item for piece in cut for item in piece] == items
    assert len(cut) <= n
    assert spread(list, items, threads=n) == items
