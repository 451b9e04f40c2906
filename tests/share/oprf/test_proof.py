"""Proofs hold for what was evaluated and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf import (
    BASE,
    blind,
    blind_evaluate,
    generate_proof,
    new_key_pair,
    random_element,
    verify_proof,
)
from stillwatch.share.oprf.group import IDENTITY, ORDER

KEY = new_key_pair()
ASKED = blind([bytes([i]) for i in range(5)]).elements
EVALUATED = blind_evaluate(KEY.secret, ASKED)
PROOF = generate_proof(KEY, ASKED, EVALUATED)


def test_an_honest_proof_holds_and_no_two_are_alike() -> None:
    """For a batch, and for as many as make several pieces."""
    assert verify_proof(KEY.public, ASKED, EVALUATED, PROOF)
    assert generate_proof(KEY, ASKED, EVALUATED) != PROOF
    many = blind([b"x"] * 150).elements
    done = blind_evaluate(KEY.secret, many)
    assert verify_proof(KEY.public, many, done, generate_proof(KEY, many, done, threads=2), threads=3)


@given(bit=st.integers(0, 511))
def test_a_proof_with_any_bit_changed_fails(bit: int) -> None:
    """Every bit of both scalars counts."""
    changed = (int.from_bytes(PROOF, "little") ^ (1 << bit)).to_bytes(64, "little")
    assert not verify_proof(KEY.public, ASKED, EVALUATED, changed)


def test_a_cheating_evaluator_is_found() -> None:
    """Another key, one element replaced, two swapped, another public key, another mode."""
    other = new_key_pair()
    cheated = blind_evaluate(other.secret, ASKED)
    assert not verify_proof(KEY.public, ASKED, cheated, generate_proof(other, ASKED, cheated))
    assert not verify_proof(KEY.public, ASKED, [*EVALUATED[:4], cheated[4]], PROOF)
    assert not verify_proof(KEY.public, ASKED, [EVALUATED[1], EVALUATED[0], *EVALUATED[2:]], PROOF)
    assert not verify_proof(other.public, ASKED, EVALUATED, PROOF)
    assert not verify_proof(KEY.public, ASKED, EVALUATED, PROOF, BASE)
    mixed = [*EVALUATED[:4], cheated[4]]
    assert not verify_proof(KEY.public, ASKED, mixed, generate_proof(KEY, ASKED, mixed))


@pytest.mark.parametrize(
    "proof",
    [b"", PROOF[:63], PROOF + b"\0", bytes(64), PROOF[:32] + ORDER.to_bytes(32, "little"), b"\xff" * 64],
    ids=["empty", "truncated", "oversized", "zero", "unreduced", "ones"],
)
def test_garbage_is_no_proof(proof: bytes) -> None:
    """It fails, and is not an error."""
    assert not verify_proof(KEY.public, ASKED, EVALUATED, proof)


@pytest.mark.parametrize("element", [IDENTITY, b"\xff" * 32, b"", b"\1" * 33])
def test_elements_that_are_none_prove_nothing(element: bytes) -> None:
    """The identity too: it would hide that nothing was evaluated."""
    assert not verify_proof(KEY.public, ASKED, [*EVALUATED[:4], element], PROOF)


def test_a_proof_is_of_something() -> None:
    """Not of nothing, and not of lists that differ in length."""
    with pytest.raises(InvalidInput, match="1 to 65535 pairs"):
        generate_proof(KEY, [], [])
    with pytest.raises(InvalidInput, match="got 5 and 4"):
        verify_proof(KEY.public, ASKED, EVALUATED[:4], PROOF)
    with pytest.raises(InvalidInput, match="65535"):
        verify_proof(KEY.public, [random_element()] * 65_536, [IDENTITY] * 65_536, PROOF)
