"""Problems and their traces: right ones pass, each kind of wrong one does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments.arithmetic import Arithmetic

GRAMMAR = Arithmetic(10, 3)


@pytest.fixture
def traces() -> NDArray[np.int64]:
    """Two hundred right traces."""
    rng = np.random.default_rng(1)
    return GRAMMAR.traces(rng, GRAMMAR.problems(rng, 200))


def test_right_traces_are_valid(traces: NDArray[np.int64]) -> None:
    """Traces of the grammar are valid, and their answer is what Python works out."""
    for trace in traces:
        assert GRAMMAR.check(trace).valid
        a, b, c, d, e, f = (int(x) for x in trace[1 : GRAMMAR.prompt_length - 1 : 2])
        assert trace[-2] == (a * b + c * d + e * f) % 10


def test_any_wrong_number_is_found(traces: NDArray[np.int64]) -> None:
    """A trace with one number or sign changed anywhere in its steps or its answer is not valid."""
    places = [GRAMMAR.prompt_length + 7 * step + at for step in range(5) for at in (1, 2, 3, 5)] + [GRAMMAR.length - 2]
    for place in places:
        for trace in traces[:10]:
            wrong = trace.copy()
            wrong[place] = (wrong[place] + 1) % 10
            assert not GRAMMAR.check(wrong).valid


def test_wrong_numbers_rightly_multiplied(traces: NDArray[np.int64]) -> None:
    """Steps that hold but take numbers of another problem are no valid trace, though every step is right."""
    swapped = traces[0].copy()
    swapped[: GRAMMAR.prompt_length] = traces[1, : GRAMMAR.prompt_length]
    found = GRAMMAR.check(swapped)
    assert found.right_steps == 1.0
    assert not found.valid


def test_less_is_served(traces: NDArray[np.int64]) -> None:
    """Withheld texts hold problem and answer alone; summaries the products' results and no operand."""
    bare, short = GRAMMAR.without_reasoning(traces), GRAMMAR.summarised(traces)
    pad, prompt = GRAMMAR.symbol("pad"), GRAMMAR.prompt_length
    assert ((bare != pad).sum(1) == prompt + 3).all()
    assert (bare[:, prompt : prompt + 3] == traces[:, -3:]).all()
    products = np.sort(traces[:, 1 : prompt - 1 : 4] * traces[:, 3 : prompt - 1 : 4] % 10, axis=1)
    assert (np.sort(short[:, prompt : prompt + 3], axis=1) == products).all()
    assert ((short != pad).sum(1) == prompt + 6).all()


def test_reordered_steps_all_hold(traces: NDArray[np.int64]) -> None:
    """Reordering keeps every step, every sum's place and the answer, and moves most traces."""
    changed = GRAMMAR.reordered(np.random.default_rng(2), traces)
    assert all(GRAMMAR.check(trace).right_steps == 1.0 for trace in changed)
    assert (changed[:, GRAMMAR.prompt_length + 21 :] == traces[:, GRAMMAR.prompt_length + 21 :]).all()
    assert (np.sort(changed, axis=1) == np.sort(traces, axis=1)).all()
    assert 0.7 < (changed != traces).any(1).mean() < 0.95


@pytest.mark.parametrize(("modulus", "terms"), [(2, 3), (101, 3), (10, 1), (10, 7)])
def test_bad_grammars(modulus: int, terms: int) -> None:
    """Grammars out of range are refused."""
    with pytest.raises(InvalidInput, match="modulus must be in 3 to 100"):
        Arithmetic(modulus, terms)
