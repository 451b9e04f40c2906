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

import math
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.model.indicator import BAND_COUNT

__all__ = ["BANDS_OF_A_HIT", "chance_of_a_hit"]

BANDS_OF_A_HIT: Final = 3
_LANES: Final = SIGNATURE_LENGTH // BAND_COUNT


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
    p = similarity**_LANES
    chances = (math.comb(BAND_COUNT, n) * p**n * (1 - p) ** (BAND_COUNT - n) for n in range(bands, BAND_COUNT + 1))
    return math.fsum(chances)
