"""Bands find similar templates as often as the formula says, and unlike ones never."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import BAND_COUNT, SignalKind, Tag
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.tags import BANDS_OF_A_HIT, TagBlock, bands, canonical, chance_of_a_hit
from stillwatch.sketch._kernels_cluster import BANDS, ROWS
from stillwatch.sketch.bands import band_values


def tags_of(minhashes: NDArray[np.uint32]) -> list[Tag]:
    """Bands as tags: any injective function of the values stands in for the keyed one."""
    values = [canonical(SignalKind.BAND, value).ljust(32, b"\0") for value in band_values(minhashes)]
    return list(TagBlock.of_outputs(SignalKind.BAND, 7, values).tags())


def index_of(minhashes: NDArray[np.uint32]) -> TagIndex:
    """Index of a member with a family for each template, numbered from 1 on."""
    rows = np.array([np.frombuffer(bytes.fromhex(tag.value), np.uint8) for tag in tags_of(minhashes)])
    family = np.repeat(np.arange(1, len(minhashes) + 1, dtype=np.uint64), BAND_COUNT)
    kind = np.full(len(rows), KINDS.index(SignalKind.BAND), np.uint8)
    local = Local(rows, kind, family, np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.bool_))
    return TagIndex.of(local, epoch=7, days=1, coverage={}, n_accounts=1, n_families=len(minhashes))


def similar(minhashes: NDArray[np.uint32], similarity: float, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Templates whose every MinHash is equal with this chance, which is what MinHash promises."""
    fresh = rng.integers(0, 2**32, minhashes.shape, np.uint32)
    return np.where(rng.random(minhashes.shape) < similarity, minhashes, fresh)


@pytest.mark.parametrize("similarity", [0.0, 0.3, 0.5, 0.8, 0.95])
def test_hits_are_as_frequent_as_the_formula_says(similarity: float) -> None:
    """4,000 templates and a relative of each, within four standard errors; nothing but relatives hits."""
    rng = np.random.default_rng(11)
    theirs = rng.integers(0, 2**32, (4_000, 16), np.uint32)
    hits = index_of(similar(theirs, similarity, rng)).hits(tags_of(theirs))
    template = hits.tag // BAND_COUNT + 1
    equal = np.bincount(template[template == hits.family], minlength=4_001)
    p = chance_of_a_hit(similarity)
    assert abs((equal >= BANDS_OF_A_HIT).sum() / 4_000 - p) <= 4 * (p * (1 - p) / 4_000) ** 0.5
    assert (template == hits.family).all()


@given(similarity=st.floats(0, 1), bands=st.integers(1, 8))
def test_the_chance_is_a_binomial_tail(similarity: float, bands: int) -> None:
    """As scipy has it."""
    assert chance_of_a_hit(similarity, bands) == pytest.approx(stats.binom.sf(bands - 1, 8, similarity**2), abs=1e-12)


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
    """Other numbers of lanes, other types, chances beyond one."""
    with pytest.raises(InvalidInput, match="uint32"):
        band_values(np.zeros((1, 15), np.uint32))
    with pytest.raises(InvalidInput, match="uint32"):
        band_values(np.zeros((1, 16), np.uint64))
    with pytest.raises(InvalidInput, match="0 to 1"):
        chance_of_a_hit(1.1)
