"""Kernels of the structure tests against their twins, and against dealing at random."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.detect.harvest import _kernels, _twins
from stillwatch.detect.harvest._kernels_closeness import chosen_sketches, closest, jackknifed
from stillwatch.detect.harvest._kernels_ratio import pair_sums, sandwich

HOUR_US = 3_600_000_000
seeds = st.integers(0, 2**32)
sizes = st.integers(2, 60)
groups = st.integers(1, 12)


def _topics(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    """Sketches around three subjects."""
    subjects = rng.integers(0, 2**63, 3, dtype=np.uint64) * np.uint64(2)
    noise = rng.integers(0, 2**63, n, dtype=np.uint64) & rng.integers(0, 2**63, n, dtype=np.uint64)
    return subjects[rng.integers(0, 3, n)] ^ noise


def _times(rng: np.random.Generator, n: int, hours: float) -> NDArray[np.int64]:
    return np.sort((rng.uniform(0, hours, n) * HOUR_US).astype(np.int64))


@given(seeds, sizes, groups)
def test_bit_moments(seed: int, n: int, n_groups: int) -> None:
    """Popcounts and byte tables give the moments of +-1 vectors."""
    rng = np.random.default_rng(seed)
    topic, group = _topics(rng, n), rng.integers(0, n_groups, n).astype(np.int32)
    for found, twin in zip(
        _kernels.bit_moments(topic, group, n_groups),
        _twins.centred_moments(_twins.signs(topic), group, n_groups),
        strict=True,
    ):
        np.testing.assert_allclose(np.asarray(found), np.asarray(twin), rtol=1e-9, atol=1e-8)


@given(seeds, sizes, groups)
def test_hour_moments(seed: int, n: int, n_groups: int) -> None:
    """Sums in one pass give the moments of the daily cycles."""
    rng = np.random.default_rng(seed)
    time_us, group = _times(rng, n, 500), rng.integers(0, n_groups, n).astype(np.int32)
    for found, twin in zip(
        _kernels.hour_moments(time_us, group, n_groups),
        _twins.centred_moments(_twins.hour_vectors(time_us), group, n_groups),
        strict=True,
    ):
        np.testing.assert_allclose(np.asarray(found), np.asarray(twin), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n", [181, 182, 1_000, 20_001, 40_000])
def test_an_even_choice_of_pairs_is_enough(n: int) -> None:
    """The mean squared product of large families is close to that of all pairs."""
    rng = np.random.default_rng(n)
    topic = _topics(rng, n)
    centred = _twins.signs(topic) - _twins.signs(topic).mean(axis=0)
    gram = centred.T @ centred
    exact = ((gram**2).sum() - ((centred**2).sum(axis=1) ** 2).sum()) / (n * (n - 1))
    *_, estimate = _kernels.bit_moments(topic, np.zeros(n, np.int32), 1)
    assert estimate == pytest.approx(exact, rel=0.05)


@given(seeds, sizes)
def test_neighbours(seed: int, n: int) -> None:
    """Pairs within ten minutes and their products; the border itself is outside."""
    rng = np.random.default_rng(seed)
    topic, time_us = _topics(rng, n), np.sort(rng.integers(0, 12, n)) * 300_000_000
    rows, products, mean_square, _ = _kernels.neighbours(topic, time_us, 600_000_000)
    twin_rows, twin_products = _twins.neighbours(topic, time_us, 600_000_000)
    assert rows.tolist() == twin_rows.tolist()
    np.testing.assert_allclose(products, twin_products, rtol=1e-9, atol=1e-8)
    centred = _twins.signs(topic) - _twins.signs(topic).mean(axis=0)
    assert mean_square == pytest.approx((centred**2).sum(axis=1).mean(), abs=1e-8)


@given(seeds, sizes, groups, st.sampled_from([1.0, 10.0, 100.0]))
def test_session_gaps(seed: int, n: int, n_groups: int, hours: float) -> None:
    """Two pointers and log factorials give the counts and the exact mean over all dealings."""
    rng = np.random.default_rng(seed)
    time_us, account = _times(rng, n, hours), rng.integers(0, n_groups, n).astype(np.int32)
    for found, twin in zip(
        _kernels.session_gaps(time_us, account, n_groups, HOUR_US // 2),
        _twins.session_gaps(time_us, account, n_groups, HOUR_US // 2),
        strict=True,
    ):
        np.testing.assert_allclose(found, twin, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("n", "n_accounts", "hours"), [(300, 30, 24.0), (6_000, 400, 2.0)])
def test_chance_gaps_are_the_mean_over_dealings(n: int, n_accounts: int, hours: float) -> None:
    """Shuffling accounts gives as many short gaps as stated, also where large windows are binned."""
    rng = np.random.default_rng(4)
    time_us, account = _times(rng, n, hours), rng.integers(0, n_accounts, n).astype(np.int32)
    gap_us = HOUR_US // 2
    expected = _kernels.session_gaps(time_us, account, n_accounts, gap_us)[2].sum()
    shuffled = [
        _kernels.session_gaps(time_us, rng.permutation(account), n_accounts, gap_us)[1].sum() for _ in range(200)
    ]
    assert np.mean(shuffled) == pytest.approx(expected, abs=4 * np.std(shuffled) / np.sqrt(200))


@given(seeds, st.lists(st.integers(2, 9), min_size=1, max_size=9), st.integers(1, 10))
def test_closest(seed: int, sizes: list[int], n_queries: int) -> None:
    """Closest rows of every owner against the asker's own, ties shared, with few sketches and with many."""
    rng = np.random.default_rng(seed)
    topic = _topics(rng, sum(sizes)) & np.uint64(0b1111 if rng.random() < 0.5 else 2**64 - 1)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    first = np.append(0, np.cumsum(sizes))
    for found, twin in zip(
        closest(topic, first, n_queries), _twins.closest(topic, owner.tolist(), n_queries), strict=True
    ):
        np.testing.assert_allclose(found, twin)


@given(seeds, sizes)
def test_bins_of_time(seed: int, n: int) -> None:
    """Bins without any row are not counted."""
    time_us = _times(np.random.default_rng(seed), n, 30)
    _, expected = np.unique(time_us // HOUR_US, return_inverse=True)
    assert _kernels.bins_of_time(time_us, HOUR_US).tolist() == expected.tolist()


@given(seeds, st.integers(2, 40))
def test_sandwich(seed: int, n: int) -> None:
    """Ratio of sums, and the root of the summed squares of residuals."""
    rng = np.random.default_rng(seed)
    numerator, denominator = rng.normal(0, 1, n), rng.uniform(1, 9, n)
    value = numerator.sum() / denominator.sum()
    squares = np.square(numerator - value * denominator).sum()
    expected = (value, np.sqrt(n / (n - 1) * squares) / denominator.sum(), denominator.sum())
    np.testing.assert_allclose(sandwich(numerator, denominator), expected, rtol=1e-9, atol=1e-12)


@given(seeds, groups)
def test_pair_sums(seed: int, n_groups: int) -> None:
    """Groups of fewer than two vectors are left out."""
    rng = np.random.default_rng(seed)
    counts, joint, own = rng.integers(0, 4, size=(n_groups,)), rng.uniform(0, 9, n_groups), rng.uniform(0, 9, n_groups)
    sums, weights, spread = pair_sums(counts, joint, own, 2.0)
    n = counts[counts >= 2]
    np.testing.assert_allclose(sums, ((joint - own) / np.maximum(2.0 * counts, 1))[counts >= 2])
    assert weights.tolist() == (n - 1).tolist()
    assert spread == pytest.approx(float(((n - 1) / np.maximum(n, 1)).sum()))


@given(seeds, st.integers(0, 60), groups, st.tuples(st.integers(1, 5), st.integers(2, 9)))
def test_chosen_sketches(seed: int, n: int, n_owners: int, most: tuple[int, int]) -> None:
    """The least ranks of the owners with two rows, and of the rows of each."""
    rng = np.random.default_rng(seed)
    topic, owner = _topics(rng, n), rng.integers(0, n_owners, n).astype(np.int32)
    place, owner_place = rng.permutation(n).astype(np.uint64), rng.permutation(n_owners).astype(np.uint64)
    sketches, first = chosen_sketches(topic, place, owner, owner_place, most)
    found = [sketches[i:j].tolist() for i, j in itertools.pairwise(first)]
    assert found == _twins.chosen_sketches(topic, place, owner, owner_place, most)


@given(seeds, st.integers(3, 12))
def test_jackknifed(seed: int, n: int) -> None:
    """Leaving out one owner leaves out all pairs that it is part of."""
    rng = np.random.default_rng(seed)
    asked = np.full((n, n), 12.0) - 12 * np.eye(n)
    by_chance, closer = asked * rng.uniform(0.2, 0.8, (n, n)), asked * rng.uniform(0, 1, (n, n))
    np.testing.assert_allclose(
        jackknifed(closer, by_chance, asked), _twins.jackknifed(closer, by_chance, asked), rtol=1e-9
    )


@given(seeds, st.integers(0, 400), groups, st.integers(1, 30), st.booleans())
def test_no_group_keeps_more_than_the_most(seed: int, n: int, n_groups: int, most: int, ties: bool) -> None:  # noqa: FBT001
    """Small groups stay whole, large ones keep exactly the most, equal rows or not."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, n_groups, n).astype(np.int32)
    time_us = np.zeros(n, np.int64) if ties else _times(rng, n, 50)
    content = rng.integers(0, 3, n).astype(np.uint64)
    keep = _kernels.capped(group, n_groups, time_us, content, most)
    counts = np.bincount(group, minlength=n_groups)
    assert np.bincount(group[keep], minlength=n_groups).tolist() == np.minimum(counts, most).tolist()


def test_the_choice_depends_on_the_rows_alone() -> None:
    """What is kept of a group does not change when other groups come between, nor is it the first or the last rows."""
    rng = np.random.default_rng(12)
    time_us, content = _times(rng, 900, 90), rng.integers(0, 2**63, 900, dtype=np.uint64)
    group = rng.integers(0, 3, 900).astype(np.int32)
    together = _kernels.capped(group, 3, time_us, content, 30)
    for g in range(3):
        mine = group == g
        alone = _kernels.capped(np.zeros(mine.sum(), np.int32), 1, time_us[mine], content[mine], 30)
        assert together[mine].tolist() == alone.tolist()
        place = np.flatnonzero(alone) / len(alone)
        assert 0.3 < place.mean() < 0.7
