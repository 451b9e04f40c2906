"""Match behaviour that is similar, not equal: bands of MinHashes, one tag a band.

A template's 16 MinHashes are cut into 8 bands of 2. Two templates with Jaccard similarity J of their 4-grams agree in
one band with chance J^2, and in at least b of 8 with that of a binomial tail:

===  =====  =====  =====  =====  =====  =====  =====  =====  =====
b    J=0.1  J=0.2  J=0.3  J=0.4  J=0.5  J=0.6  J=0.7  J=0.8  J=0.9
===  =====  =====  =====  =====  =====  =====  =====  =====  =====
1    .0773  .2786  .5297  .7521  .8999  .9719  .9954  .9997  1
2    .0027  .0381  .1577  .3744  .6329  .8452  .9602  .9957  .9999
3    .0001  .0031  .0289  .1226  .3215  .5958  .8419  .9707  .9991
4    .0000  .0002  .0034  .0267  .1138  .3153  .6146  .8820  .9917
===  =====  =====  =====  =====  =====  =====  =====  =====  =====

Three bands are a hit: a template used again with its variables changed (J of 0.8 and more) is found 97 times in 100,
and two texts that share a tenth of their 4-grams meet 5 times in 100,000. Texts with nothing in common agree in a lane
with chance 2^-32, in a band 2^-64, in three bands 2^-186: a million templates against a million give none. Two bands
would find 85 of 100 at J = 0.6, and 4 of 100 at 0.2, where people ask for the same thing in different words; a hit
only opens a local search, but each costs somebody's attention.

References
----------
Leskovec, Rajaraman and Ullman (2020), Mining of massive datasets, section 3.4.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.model.indicator import BAND_COUNT, SignalKind
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.tags.index import TagIndex

__all__ = ["BANDS_OF_A_HIT", "BandHits", "band_hits", "chance_of_a_hit"]

BANDS_OF_A_HIT: Final = 3
_LANES: Final = SIGNATURE_LENGTH // BAND_COUNT


class BandHits(NamedTuple):
    """Templates and indicators with enough equal bands, one row each pair, by template.

    n_equal     Equal bands, 1 to 8.
    """

    template: NDArray[np.int64]
    indicator: NDArray[np.int64]
    n_equal: NDArray[np.int64]


def chance_of_a_hit(similarity: float, bands: int = BANDS_OF_A_HIT) -> float:
    """Chance that two templates of this Jaccard similarity have at least so many equal bands.

    similarity  0 to 1.
    Raises      InvalidInput out of range.

    >>> round(chance_of_a_hit(0.8), 4)
    0.9707
    """
    if not 0 <= similarity <= 1:
        message = f"a similarity must be 0 to 1, got {similarity}"
        raise InvalidInput(message)
    return float(stats.binom.sf(bands - 1, BAND_COUNT, similarity**_LANES))


def band_hits(
    templates: TagBlock, indicators: TagIndex, owner: NDArray[np.int64], bands: int = BANDS_OF_A_HIT
) -> BandHits:
    """Templates that have at least `bands` equal bands with an indicator.

    templates   Tags of `band_values`, eight a template in order.
    indicators  Tags of all indicators' bands, in any order.
    owner       Number of the indicator each indexed tag belongs to, int64[len(indicators)], at least 0; a tag that an
                indicator repeats counts once.
    Raises      InvalidInput if the tags are no bands, no whole templates, or not one owner each.
    """
    if templates.kind is not SignalKind.BAND or len(templates) % BAND_COUNT or len(owner) != len(indicators):
        message = (
            f"tags must be of kind band, {BAND_COUNT} a template, with an owner for each indexed one, "
            f"got {len(templates)} of kind {templates.kind} and {len(owner)} owners of {len(indicators)}"
        )
        raise InvalidInput(message)
    asked, indexed = indicators.pairs(templates)
    met = np.unique(np.stack([asked, owner[indexed]], axis=1), axis=0)
    met[:, 0] //= BAND_COUNT
    pairs, n_equal = np.unique(met, axis=0, return_counts=True)
    enough = n_equal >= bands
    return BandHits(pairs[enough, 0], pairs[enough, 1], n_equal[enough])
