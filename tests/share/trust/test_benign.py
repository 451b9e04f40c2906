"""Benign hit rates: noise of the stated size, one answer to one question, a budget that ends, robust pooling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.share.signals import tag

from stillwatch.errors import InvalidInput
from stillwatch.share.trust import benign
from stillwatch.share.trust.benign import (
    BENIGN_TABLES,
    BUDGET,
    NOISE_SD,
    RATE_FLOOR,
    Accounts,
    benign_rate,
    discounted,
    epsilon,
    match_bits,
    pooled_rate,
    question_of,
)
from stillwatch.store.database import open_database

MANY = Accounts(1_000_000, 50_000)


def asked(connection: Connection, number: int, accounts: Accounts = MANY, epoch: int = 1) -> float | None:
    """Rate of the indicator with this one tag."""
    return benign_rate(connection, epoch, [tag(number)], accounts)


def test_the_same_question_has_the_same_answer_in_an_epoch() -> None:
    """Asked a hundred times, with whatever count behind it, there is one answer and one charge."""
    with open_database("sqlite://", BENIGN_TABLES).begin() as connection:
        first = asked(connection, 1)
        again = {asked(connection, 1, Accounts(1_000_000, 50_000 + n * 1000)) for n in range(100)}
        spent = connection.exec_driver_sql("select count(*), sum(cost) from benign_answers").one()
    assert again == {first}
    assert spent[0] == 2
    assert spent[1] == pytest.approx(2 / (2 * NOISE_SD**2))


def test_the_budget_ends_and_begins_again() -> None:
    """A thousand counts an epoch, one of them that of all accounts; what was answered stays answered."""
    with open_database("sqlite://", BENIGN_TABLES).begin() as connection:
        answers = [asked(connection, n) for n in range(1005)]
        assert sum(answer is not None for answer in answers) == 999 == round(BUDGET * 2 * NOISE_SD**2) - 1
        assert asked(connection, 0) == answers[0]
        assert asked(connection, 2000) is None
        assert asked(connection, 2000, epoch=2) is not None


def test_the_noise_is_as_wide_as_stated() -> None:
    """Counts of 3,000 answers have the mean and the standard deviation of a discrete Gaussian."""
    measure = benign._noisy_count()
    drawn = np.array([measure(5000) for _ in range(3000)])
    assert abs(drawn.mean() - 5000) < 4 * NOISE_SD / math.sqrt(3000)
    assert drawn.std() == pytest.approx(NOISE_SD, rel=0.08)
    assert measure.map(1) == pytest.approx(1 / (2 * NOISE_SD**2))


@pytest.mark.parametrize("carrying", [0, 100_000, 999_999, 1_000_000])
def test_rates_are_near_the_truth_and_coarse(carrying: int) -> None:
    """Within noise and half an octave, never outside 0 and 1."""
    with open_database("sqlite://", BENIGN_TABLES).begin() as connection:
        rate = asked(connection, 1, Accounts(1_000_000, carrying))
    assert rate is not None
    if carrying:
        assert abs(math.log2(rate / (carrying / 1_000_000))) < 0.3
        assert math.log2(rate) * 2 == pytest.approx(round(math.log2(rate) * 2))
    else:
        assert rate == 0 or rate < 6 * NOISE_SD / 1_000_000


def test_a_small_member_tells_nothing() -> None:
    """Noise of a hundred accounts would drown what it has."""
    with open_database("sqlite://", BENIGN_TABLES).begin() as connection:
        assert asked(connection, 1, Accounts(10_000, 500)) is None


def test_counts_are_checked() -> None:
    """More carriers than accounts, or fewer than none, are no counts."""
    with open_database("sqlite://", BENIGN_TABLES).begin() as connection:
        for carrying in (-1, 11):
            with pytest.raises(InvalidInput, match="carrying"):
                asked(connection, 1, Accounts(10, carrying))


def test_epsilon_is_what_the_loss_of_a_gaussian_allows() -> None:
    """The chance that the privacy loss of 1,000 questions exceeds epsilon, integrated, is below delta."""
    spread = math.sqrt(2 * BUDGET)
    loss = np.linspace(-2, 6, 2_000_001)
    density = np.exp(-0.5 * ((loss - BUDGET) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    excess = np.maximum(1 - np.exp(epsilon() - loss), 0) * density
    assert float(excess.sum() * (loss[1] - loss[0])) <= 1e-9


@given(rates=st.lists(st.floats(0, 1), min_size=4, max_size=9), lie=st.floats(0, 1))
def test_one_liar_moves_a_pooled_rate_no_further_than_to_a_neighbour(rates: list[float], lie: float) -> None:
    """Whatever it says, the pooled rate is between two that honest members told."""
    honest = sorted(rates[1:])
    assert honest[0] <= pooled_rate([lie, *honest]) <= honest[-1]
    around = pooled_rate([0.0, *honest]), pooled_rate([1.0, *honest])
    assert around[0] <= pooled_rate([lie, *honest]) <= around[1]


@given(bits=st.floats(0, 100), rates=st.lists(st.floats(0, 1), max_size=6), own=st.floats(0, 1))
def test_a_discount_takes_away_and_never_adds(bits: float, rates: list[float], own: float) -> None:
    """Between nothing and what there was; one's own rate counts at least."""
    left = discounted(bits, rates, own)
    assert 0 <= left <= bits
    assert left <= max(bits - (match_bits(0) - match_bits(own)), 0) + 1e-9


def test_a_carriers_address_undoes_itself() -> None:
    """At a rate of one in ten, ten bits are gone; at a rate below the noise, none."""
    assert discounted(10.0, [0.1, 0.12, 0.09]) < 0.1
    assert discounted(10.0, [0.0, RATE_FLOOR, 0.0]) == 10.0


def test_rates_outside_of_zero_and_one_are_refused() -> None:
    """A member that tells nonsense is told so."""
    for told in ([1.5], [-0.1], [math.nan]):
        with pytest.raises(InvalidInput, match="benign rates"):
            pooled_rate(told)


def test_questions_are_named_by_their_tags() -> None:
    """Other tags, kinds or epochs are other questions."""
    assert question_of([tag(1)]) not in {question_of([tag(2)]), question_of([tag(1, epoch=2)]), question_of([])}
