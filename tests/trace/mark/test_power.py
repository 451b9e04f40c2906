"""Tokens that name an account, against what can be known without simulation."""

import numpy as np
import pytest
from scipy.special import gammaincc, gammainccinv

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark.power import Question, needed_of_scores, of_entropy, tokens_needed


def test_one_sure_score_is_counted_by_hand() -> None:
    """With every score s, n tokens are enough as soon as the Gamma tail of n s is small enough."""
    question = Question(accounts=1000, alpha=1e-3)
    by_hand = next(n for n in range(1, 100) if gammaincc(n, 3.0 * n) <= 1e-6)
    assert needed_of_scores(np.full((4, 100), 3.0), question) == by_hand
    assert needed_of_scores(np.full((4, 3), 1.0), question) is None


@pytest.mark.parametrize("entropy", [0.5, 1.0, 2.0])
def test_need_is_the_published_ideal(entropy: float) -> None:
    """Within a fifth of the table of the design, which was simulated with other distributions of the same entropy."""
    ideal = {0.5: [162, 331, 439, 505], 1.0: [59, 105, 140, 140], 2.0: [20, 38, 38, 44]}[entropy]
    p = of_entropy(entropy)
    found = [tokens_needed(p, Question(accounts), texts=2000) for accounts in (1, 1000, 25_000, 1_000_000)]
    assert found == pytest.approx(ideal, rel=0.2)
    assert found == sorted(found)


def test_scores_without_a_mark_reach_their_error_and_no_power() -> None:
    """Exponential scores pass at alpha, at every length."""
    scores = np.random.default_rng(1).exponential(size=(20_000, 40))
    passed = (scores.cumsum(1) >= gammainccinv(np.arange(1, 41), 0.01)).mean(0)
    assert np.abs(passed - 0.01).max() < 0.004
    assert needed_of_scores(scores, Question()) is None


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"power": 1.0}, {"alpha": 0.0}])
def test_questions_without_sense_are_refused(wrong: dict[str, float]) -> None:
    """With the values that were given."""
    with pytest.raises(InvalidInput, match="accounts must be 1 or more"):
        Question(**wrong)  # type: ignore[arg-type]


def test_entropies_that_no_distribution_has_are_refused() -> None:
    """Above ln of the vocabulary, or next to none."""
    with pytest.raises(InvalidInput, match="entropy must be in"):
        of_entropy(9.0)
    with pytest.raises(InvalidInput, match="do not reach"):
        tokens_needed(np.array([1.0]), Question(), texts=2)
