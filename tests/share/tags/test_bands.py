"""Bands find similar templates as often as the formula says, and unlike ones never."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import BAND_COUNT, SignalKind
from stillwatch.share.tags import TagBlock, TagIndex, band_hits, bands, canonical, chance_of_a_hit
from stillwatch.sketch._kernels_cluster import BANDS, ROWS
from stillwatch.sketch.bands import band_values


def tagged(minhashes: NDArray[np.uint32]) -> TagBlock:
    """Bands as tags: any injective function of the values stands in for the keyed one."""
    values = [canonical(SignalKind.BAND, value).ljust(32, b"\0") for value in band_values(minhashes)]
    return TagBlock.of_outputs(SignalKind.BAND, 7, values)


def similar(minhashes: NDArray[np.uint32], similarity: float, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Templates whose every MinHash is equal with this chance, which is what MinHash promises."""
    fresh = rng.integers(0, 2**32, minhashes.shape, np.uint32)
    return np.where(rng.random(minhashes.shape) < similarity, minhashes, fresh)


@pytest.mark.parametrize("similarity", [0.0, 0.3, 0.5, 0.8, 0.95])
def test_hits_are_as_frequent_as_the_formula_says(similarity: float) -> None:
    """4,000 templates and a relative of each, within four standard errors; nothing but relatives hits."""
    rng = np.random.default_rng(11)
    theirs = rng.integers(0, 2**32, (4_000, 16), np.uint32)
    ours = similar(theirs, similarity, rng)
    hits = band_hits(tagged(ours), TagIndex(tagged(theirs)), np.repeat(np.arange(4_000), BAND_COUNT))
    p = chance_of_a_hit(similarity)
    assert abs(len(hits.template) / 4_000 - p) <= 4 * (p * (1 - p) / 4_000) ** 0.5
    assert (hits.template == hits.indicator).all()


@given(n_equal=st.integers(0, 8), wanted=st.integers(1, 8))
def test_a_hit_needs_as_many_bands_as_were_asked_for(n_equal: int, wanted: int) -> None:
    """Of one indicator, counted by hand; that of another indicator does not count towards it."""
    rng = np.random.default_rng(2)
    ours = rng.integers(0, 2**32, (1, 16), np.uint32)
    theirs = rng.integers(0, 2**32, (2, 16), np.uint32)
    theirs[0, : 2 * n_equal] = ours[0, : 2 * n_equal]
    theirs[1, 2 * n_equal :] = ours[0, 2 * n_equal :]
    hits = band_hits(tagged(ours), TagIndex(tagged(theirs)), np.repeat([5, 9], BAND_COUNT), wanted)
    expected = {5: n_equal, 9: BAND_COUNT - n_equal}
    assert dict(zip(hits.indicator.tolist(), hits.n_equal.tolist(), strict=True)) == {
        i: n for i, n in expected.items() if n >= wanted
    }


def test_a_tag_repeated_by_an_indicator_counts_once() -> None:
    """Who lists one band eight times has one equal band."""
    ours = np.arange(16, dtype=np.uint32)[None]
    one = tagged(ours).values[[0] * 8]
    index = TagIndex(TagBlock(SignalKind.BAND, 7, one))
    assert not len(band_hits(tagged(ours), index, np.zeros(8, np.int64), 2).template)
    assert band_hits(tagged(ours), index, np.zeros(8, np.int64), 1).n_equal.tolist() == [1]


def test_two_bands_of_one_text_are_not_the_same_value() -> None:
    """Equal MinHashes in different bands stay apart: the number of the band is part of the value."""
    assert len(set(band_values(np.zeros((1, 16), np.uint32)))) == BAND_COUNT


def test_bands_are_those_that_cluster_templates() -> None:
    """Eight of two lanes, lane after lane, as the kernel takes them."""
    assert (BAND_COUNT, bands._LANES) == (BANDS, ROWS)
    values = band_values(np.arange(32, dtype=np.uint32).reshape(2, 16))
    assert values[8 + 3] == f"3:{22:08x}{23:08x}"


def test_the_table_in_the_text_is_the_formula() -> None:
    """Every number of the docstring, to its four digits."""
    rows = [line.split() for line in (bands.__doc__ or "").splitlines() if re.fullmatch(r"\d +[.\d ]+", line)]
    assert len(rows) == 4
    for b, *cells in rows:
        expected = [chance_of_a_hit(tenth / 10, int(b)) for tenth in range(1, 10)]
        assert [float(cell) for cell in cells] == pytest.approx(expected, abs=5.1e-5)


def test_shapes_that_do_not_fit_are_refused() -> None:
    """Other numbers of lanes, other types, no whole templates, other kinds, owners missing, chances beyond one."""
    with pytest.raises(InvalidInput, match="uint32"):
        band_values(np.zeros((1, 15), np.uint32))
    with pytest.raises(InvalidInput, match="uint32"):
        band_values(np.zeros((1, 16), np.uint64))
    whole = tagged(np.zeros((1, 16), np.uint32))
    owner = np.zeros(8, np.int64)
    for asked, owners in (
        (TagBlock(SignalKind.BAND, 7, whole.values[:7]), owner),
        (TagBlock(SignalKind.TLS, 7, whole.values), owner),
        (whole, owner[:7]),
    ):
        with pytest.raises(InvalidInput, match="kind band"):
            band_hits(asked, TagIndex(whole), owners)
    with pytest.raises(InvalidInput, match="0 to 1"):
        chance_of_a_hit(1.1)
