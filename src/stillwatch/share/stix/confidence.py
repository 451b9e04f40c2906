"""Confidence at the edge: the Admiralty grades stay apart; STIX's one number comes from the information alone."""

from typing import Final

from stillwatch.model.indicator import Confidence, InformationGrade

__all__ = ["STIX_CONFIDENCE", "stix_confidence"]

STIX_CONFIDENCE: Final = {
    InformationGrade.ONE: 90,
    InformationGrade.TWO: 70,
    InformationGrade.THREE: 50,
    InformationGrade.FOUR: 30,
    InformationGrade.FIVE: 10,
}
"""References: STIX 2.1 (OASIS, 2021), appendix A, table "Admiralty Credibility". Grade 6 has no number."""


def stix_confidence(confidence: Confidence) -> int | None:
    """Number for STIX's `confidence`; None when the truth cannot be judged.

    >>> from stillwatch.model.indicator import SourceGrade
    >>> stix_confidence(Confidence(SourceGrade.F, InformationGrade.TWO))
    70
    """
    return STIX_CONFIDENCE.get(confidence.information)
