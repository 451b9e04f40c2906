"""Permutation machinery against brute force, scipy and its own promise: uniform p-values when nothing differs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, kstest

from stillwatch.errors import InvalidInput
from stillwatch.stats._kernels_two_sample import CUTS
from stillwatch.stats.two_sample import (
    LEVELS,
    RowSets,
    combine,
    excess_nats,
    excess_tables,
    holm,
    log_tail,
    permutation_p_value,
    random_labels,
    scan_sets,
)


def sets_of(members: list[list[int]], strata: list[int]) -> RowSets:
    """Sets from lists of rows."""
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in members])]).astype(np.int64)
    rows = np.array([row for rows in members for row in rows], np.int32)
    return RowSets(starts, rows, np.array(strata, np.int64))


def scan_twin(sets: RowSets, labels: NDArray[np.uint8], n_strata: int) -> NDArray[np.float64]:
    """The kernel in a few plain lines."""
    n_rows, n_marked = len(labels), int(labels[:, 0].sum())
    out = np.zeros((n_strata, LEVELS, labels.shape[1]))
    for s, stratum in enumerate(sets.strata):
        rows = sets.rows[sets.starts[s] : sets.starts[s + 1]]
        nats = excess_nats(labels[rows].sum(axis=0, dtype=np.int64), len(rows), n_marked, n_rows)
        for level, cut in enumerate(CUTS):
            out[stratum, level] += np.maximum(nats - cut, 0)
        out[stratum, -1] = np.maximum(out[stratum, -1], nats)
    return out


@pytest.mark.parametrize(("marked", "size"), [(12, 20), (30, 31), (7, 7), (60, 150)])
def test_excess_is_half_of_the_g_statistic(marked: int, size: int) -> None:
    """The excess of a set is half of scipy's G on the two by two table."""
    n_marked, n_rows = 80, 300
    cells = [[marked, size - marked], [n_marked - marked, n_rows - n_marked - size + marked]]
    g = chi2_contingency(cells, correction=False, lambda_="log-likelihood").statistic
    assert excess_nats(marked, size, n_marked, n_rows) == pytest.approx(g / 2)


def test_a_set_as_frequent_as_expected_or_less_is_no_excess() -> None:
    """The test is one-sided: what is missing among marked rows adds nothing."""
    assert excess_nats([0, 3, 5], [20, 20, 20], 25, 100).tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(6, 400), st.integers(1, 30))
def test_kernel_agrees_with_its_twin(seed: int, n_rows: int, n_sets: int) -> None:
    """Sums and maxima of the kernel are those of the plain version, at every cut."""
    rng = np.random.default_rng(seed)
    members = [rng.permutation(n_rows)[: rng.integers(1, n_rows + 1)].tolist() for _ in range(n_sets)]
    sets = sets_of(members, rng.integers(0, 3, n_sets).tolist())
    labels = random_labels(n_rows, int(rng.integers(1, n_rows)), 5, seed % 1000)
    excesses = excess_tables(sets.sizes, int(labels[:, 0].sum()), n_rows)
    found = scan_sets(sets, labels, excesses, 3)
    # Tables end ten standard deviations up; random labels stay below.
    assert found == pytest.approx(scan_twin(sets, labels, 3), rel=1e-4, abs=1e-4)


def test_a_table_stays_level_far_beyond_what_is_expected() -> None:
    """A count that no table holds has the greatest excess there is, not something beside the table."""
    sets = sets_of([list(range(1000))], [0])
    labels = np.zeros((5000, 2), np.uint8)
    labels[:1000, 0] = labels[4000:, 1] = 1
    excesses = excess_tables(sets.sizes, 1000, 5000)
    found = scan_sets(sets, labels, excesses, 1)
    assert found[0, -1].tolist() == [pytest.approx(float(excesses.nats.max())), 0.0]


def test_labels_mark_every_choice_equally_often() -> None:
    """Each of the 10 ways to mark 2 of 5 rows comes up as often as any other (chi-squared)."""
    labels = random_labels(5, 2, 20_000, seed=4)
    code = (labels * (1 << np.arange(5))[:, None]).sum(axis=0)
    counts = [int((code == (1 << a | 1 << b)).sum()) for a, b in combinations(range(5), 2)]
    assert sum(counts) == 20_000
    assert ((np.array(counts) - 2000) ** 2 / 2000).sum() < 27.9  # chi-squared, 9 degrees, 0.1 %


def test_labels_follow_from_their_seed() -> None:
    """The same seed marks the same rows; another marks others."""
    one, same, other = (random_labels(50, 20, 4, seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize("n_marked", [0, 5, 6])
def test_some_rows_are_marked_and_some_are_not(n_marked: int) -> None:
    """Labels that mark none or all are refused."""
    with pytest.raises(InvalidInput, match="marked rows"):
        random_labels(5, n_marked, 1, seed=0)


def test_log_tail_is_the_empirical_tail_and_rises_beyond_it() -> None:
    """Inside the sample it is -ln of the share that reaches a value; beyond, it goes on rising."""
    drawn = np.random.default_rng(0).exponential(size=5000)
    inside = np.quantile(drawn, [0.1, 0.5, 0.9])
    shares = [(drawn >= value).mean() for value in inside]
    assert log_tail(inside, drawn) == pytest.approx(-np.log(shares))
    beyond = log_tail([12.0, 20.0, 40.0], drawn, floor=0.1)
    assert beyond == pytest.approx([12, 20, 40], rel=0.25)  # an exponential's own tail


def test_permutation_p_value_counts_ties_against_the_sample() -> None:
    """(b + 1) / (m + 1), equal statistics counted; it is never 0."""
    assert permutation_p_value(2.0, [1, 2, 3, 0]) == pytest.approx(3 / 5)
    assert permutation_p_value(9.0, np.zeros(99)) == pytest.approx(0.01)


def test_combined_p_value_is_uniform_without_a_difference() -> None:
    """Random samples have uniform p-values, whatever ties the sets have with one another (Kolmogorov-Smirnov)."""
    rng = np.random.default_rng(3)
    p_values = []
    for trial in range(200):
        base = [rng.permutation(60)[: rng.integers(4, 30)].tolist() for _ in range(6)]
        sets = sets_of([*base, *base[:3]], [0, 0, 0, 1, 1, 1, 2, 2, 2])
        labels = random_labels(60, 25, 200, seed=trial)
        values = scan_sets(sets, labels, excess_tables(sets.sizes, 25, 60), 3).reshape(-1, 200)
        whole = combine(values, np.repeat(np.arange(3), LEVELS), slice(None))[1]
        p_values.append(permutation_p_value(whole[0], whole[1:]))
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_combine_treats_columns_alike() -> None:
    """Another order of the columns gives the same numbers in that order: what makes the p-value exact."""
    rng = np.random.default_rng(5)
    values, part = rng.gamma(1, size=(8, 60)).astype(np.float32), np.array([0, 0, 0, 1, 1, 2, 2, 2])
    order = rng.permutation(60)
    for one, other in zip(
        combine(values, part, slice(None)), combine(values[:, order], part, slice(None)), strict=True
    ):
        assert one[..., order] == pytest.approx(other)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=20))
def test_holm_is_the_step_down_of_its_paper(p_values: list[float]) -> None:
    """Adjusted p-values reject at every level what the sequential procedure rejects."""
    adjusted = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        left = sorted(range(len(p_values)), key=lambda i: p_values[i])
        rejected = set()
        for step, i in enumerate(left):
            if p_values[i] * (len(left) - step) > level:
                break
            rejected.add(i)
        assert {i for i, p in enumerate(adjusted) if p <= level} == rejected
