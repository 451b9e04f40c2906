"""Two evaluators with a share each are one with the sum; who cheats is named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.oprf import (
    Answer,
    KeyPair,
    blind,
    blind_evaluate,
    combine,
    evaluate,
    generate_proof,
    joined,
    key_pair,
    new_key_pair,
    outputs,
)
from stillwatch.share.oprf.group import IDENTITY, ORDER

FIRST, SECOND = new_key_pair(), new_key_pair()
ASKED = blind([b"a", b"b", b"a"])


def answer(name: str, key: KeyPair, elements: tuple[bytes, ...] = ASKED.elements) -> Answer:
    """What an honest evaluator sends."""
    done = blind_evaluate(key.secret, elements)
    return Answer(name, key.public, tuple(done), generate_proof(key, elements, done))


@given(inputs=st.lists(st.binary(max_size=50), min_size=1, max_size=4))
def test_two_evaluators_are_one_with_the_sum_of_their_keys(inputs: list[bytes]) -> None:
    """The asker gets what one evaluator with both shares would give, and neither share gives it alone."""
    asked = blind(inputs)
    found = outputs(asked, [answer("one", FIRST, asked.elements), answer("two", SECOND, asked.elements)])
    assert found == [evaluate(joined(FIRST, SECOND).secret, data) for data in inputs]
    assert found[0] not in {evaluate(key.secret, inputs[0]) for key in (FIRST, SECOND)}


def test_the_evaluator_that_cheats_is_named() -> None:
    """It answers under another key, whichever of the two it is."""
    honest, fake = answer("hub", FIRST), answer("second", new_key_pair())
    cheat = replace(fake, public=SECOND.public)
    for answers in ([honest, cheat], [cheat, honest]):
        with pytest.raises(FailedProof, match="evaluator second"):
            combine(ASKED.elements, answers)


@pytest.mark.parametrize(
    "change",
    [
        {"evaluated": ()},
        {"evaluated": (IDENTITY,) * 3},
        {"evaluated": (b"\xff" * 32,) * 3},
        {"evaluated": (b"short",) * 3},
        {"proof": b""},
        {"proof": bytes(65)},
        {"public": IDENTITY},
        {"evaluated": answer("x", FIRST).evaluated},
    ],
)
def test_answers_that_are_none_are_cheating(change: dict[str, object]) -> None:
    """Fewer, identities, garbage, truncated and oversized proofs, no key, the other's elements sent on."""
    with pytest.raises(FailedProof, match="evaluator second"):
        combine(ASKED.elements, [answer("hub", FIRST), replace(answer("second", SECOND), **change)])  # type: ignore[arg-type]


def test_one_evaluator_is_not_enough_and_none_counts_twice() -> None:
    """Two answers under two keys at least."""
    for answers in ([], [answer("hub", FIRST)], [answer("hub", FIRST), answer("again", FIRST)]):
        with pytest.raises(InvalidInput, match="two or more different keys"):
            combine(ASKED.elements, answers)


def test_keys_that_cancel_out_give_no_tag() -> None:
    """A second key that is minus the first would make every output the same: it is refused."""
    minus = key_pair((ORDER - int.from_bytes(FIRST.secret, "little")).to_bytes(32, "little"))
    with pytest.raises(InvalidInput, match="identity"):
        outputs(ASKED, [answer("hub", FIRST), answer("second", minus)])
