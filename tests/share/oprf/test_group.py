"""The group: what is no element is refused, and arithmetic is that of the integers modulo the order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf import read_element
from stillwatch.share.oprf.group import (
    IDENTITY,
    ORDER,
    add,
    from_uniform,
    inverses,
    is_scalar,
    multiply,
    multiply_generator,
    random_scalar,
    scalar_add,
    scalar_multiply,
    scalar_reduce,
    scalar_subtract,
)
from stillwatch.share.oprf.hashing import hash_to_group

FIELD = 2**255 - 19
SCALARS = st.integers(1, ORDER - 1)


def encoded(number: int) -> bytes:
    """32 bytes, little-endian."""
    return number.to_bytes(32, "little")


BAD = {
    "identity": IDENTITY,
    "non-canonical zero": encoded(FIELD),
    "non-canonical": encoded(FIELD + 2),
    "negative": encoded(FIELD - 2),
    "not on the curve": bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),
    "all ones": b"\xff" * 32,
}
"""The last but one is of RFC 9496, appendix A.3."""


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_element_is_refused(data: bytes) -> None:
    """Read or multiplied, it is an error that does not show it."""
    with pytest.raises(InvalidInput) as told:
        read_element(data)
    assert data.hex() not in str(told.value)
    with pytest.raises(InvalidInput):
        multiply(encoded(2), data)


@pytest.mark.parametrize("size", [0, 31, 33, 1000])
def test_elements_of_another_length_are_refused(size: int) -> None:
    """The message says the length and no more."""
    with pytest.raises(InvalidInput, match=f"got {size}$"):
        read_element(b"\1" * size)
    with pytest.raises(InvalidInput):
        multiply(encoded(2), b"\1" * size)


def test_small_multiples_of_the_generator_are_those_of_the_rfc() -> None:
    """RFC 9496, appendix A.1: the generator and its double; a sum is what the product is."""
    one = multiply_generator(encoded(1))
    assert one.hex() == "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
    assert add(one, one).hex() == "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"
    assert read_element(one) == one
    assert add(one, IDENTITY) == one


@given(a=SCALARS, b=SCALARS)
def test_scalars_are_integers_modulo_the_order(a: int, b: int) -> None:
    """Sum, difference, product, inverse and reduction against Python's integers."""
    one, other = encoded(a), encoded(b)
    assert scalar_add(one, other) == encoded((a + b) % ORDER)
    assert scalar_subtract(one, other) == encoded((a - b) % ORDER)
    assert scalar_multiply(one, other) == encoded(a * b % ORDER)
    assert inverses([one, other]) == [encoded(pow(a, -1, ORDER)), encoded(pow(b, -1, ORDER))]
    assert scalar_reduce((a * b).to_bytes(64, "little")) == encoded(a * b % ORDER)


def test_inverses_of_many_and_of_none() -> None:
    """Each times its scalar is one; nothing has no inverses."""
    scalars = [random_scalar() for _ in range(7)]
    assert {scalar_multiply(s, i) for s, i in zip(scalars, inverses(scalars), strict=True)} == {encoded(1)}
    assert inverses([]) == []


def test_scalars_have_one_encoding() -> None:
    """Below the order, 32 bytes."""
    assert is_scalar(encoded(ORDER - 1))
    assert not is_scalar(encoded(ORDER))
    assert not is_scalar(bytes(31))
    with pytest.raises(InvalidInput, match="zero"):
        multiply_generator(bytes(32))


@given(data=st.binary(max_size=100))
def test_what_was_hashed_is_an_element(data: bytes) -> None:
    """Any bytes, and the element can be multiplied; 64 zeros, which nobody hashes to, are the identity."""
    element = hash_to_group(data, b"tag")
    assert multiply(encoded(1), element) == read_element(element)
    assert from_uniform(bytes(64)) == IDENTITY
