"""Templates of a prompt as the values that partners' indicators are held against, cut by what the last scan learnt."""

from collections.abc import Callable, Sequence

from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.indicator import BAND_COUNT
from stillwatch.service.partner.words import Bands
from stillwatch.sketch.bands import band_values

__all__ = ["bands_by"]


def bands_by(lookup: Callable[[], SingleLookup | None]) -> Bands:
    """Function for `PartnerWords`.

    lookup      The lookup of the newest scan, None before the first.

    >>> bands_by(lambda: None)("some words")
    []
    """

    def bands(prompt: str) -> Sequence[Sequence[str]]:
        single = lookup()
        if single is None:
            return []
        values = band_values(single.minhashes(prompt))
        return [values[start : start + BAND_COUNT] for start in range(0, len(values), BAND_COUNT)]

    return bands
