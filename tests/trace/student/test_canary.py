"""Canaries: drawn alike, ranked exactly, found where one was learnt."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trace.student.taught import KEEPER, campaign

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.student.canary import _log_rank_sum, canaries, canary_test

KEY = KEEPER.key(Purpose.CANARY, "c-1", "e")


def test_canaries_are_those_of_their_key() -> None:
    """The same again for a key, others for another; secrets are unlike and as long as one another; none is shown."""
    found = canaries(KEY, 20)
    assert found == canaries(KEY, 20)
    assert found != canaries(KEEPER.key(Purpose.CANARY, "c-2", "e"), 20)
    secrets = [secret for one in found for secret in one.secrets]
    assert len(set(secrets)) == 2000
    assert {len(secret) for secret in secrets} == {23}
    assert found[0].secrets[found[0].served] in found[0].text
    assert found[0].secrets[0] not in repr(found[0])


def test_the_served_one_is_any_of_them() -> None:
    """Over many canaries each place is served as often as the others."""
    counts = np.bincount([one.served for one in canaries(KEY, 3000, held_out=4)], minlength=5)
    assert counts.min() > 520
    assert len(counts) == 5


def test_a_suspect_that_learnt_them_is_found() -> None:
    """Six canaries of a hundred, the served one best known in five: p < 1e-6."""
    planted = canaries(KEY, 6)
    rng = np.random.default_rng(1)
    scores = [rng.normal(-60, 5, 100).tolist() for _ in planted]
    for one, row in list(zip(planted, scores, strict=True))[:5]:
        row[one.served] = -20.0
    assert canary_test(planted, scores).log_p < math.log(1e-6)


def test_a_suspect_that_did_not_is_not() -> None:
    """Four hundred suspects with scores of nothing: p-values at most as often small as they say."""
    planted, rng = canaries(KEY, 8, held_out=9), np.random.default_rng(2)
    log_p = np.array([canary_test(planted, rng.normal(size=(8, 10)).tolist()).log_p for _ in range(400)])
    assert (log_p <= math.log(0.05)).mean() < 0.09
    assert log_p.min() > math.log(1e-4)


@given(st.lists(st.integers(2, 5), min_size=1, max_size=5), st.integers(1, 25))
def test_the_sum_of_ranks_has_its_exact_distribution(sizes: list[int], total: int) -> None:
    """Against all outcomes, counted."""
    outcomes = list(product(*(range(1, size + 1) for size in sizes)))
    share = sum(sum(one) <= total for one in outcomes) / len(outcomes)
    found = _log_rank_sum(total, sizes)
    assert math.exp(found) == pytest.approx(share)


def test_silence_is_no_evidence() -> None:
    """A suspect that gives every secret the same score, as one that never says any, has p = 1."""
    planted = canaries(KEY, 5, held_out=9)
    assert canary_test(planted, [[0.0] * 10] * 5).log_p == 0.0


def test_wrong_keys_and_scores_are_refused() -> None:
    """Another purpose, no canaries, scores that are too few or no numbers."""
    with pytest.raises(InvalidInput, match="purpose canary, got campaign"):
        canaries(campaign("c-1"), 1)
    with pytest.raises(InvalidInput, match="at least 1"):
        canaries(KEY, 0)
    planted = canaries(KEY, 1, held_out=1)
    for scores in ([], [[1.0]], [[1.0, 2.0], [1.0, 2.0]], [[1.0, math.nan]]):
        with pytest.raises(InvalidInput, match="scores must be"):
            canary_test(planted, scores)
