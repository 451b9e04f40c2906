"""Limits of a rule and the buckets of its answers; the guard's table holds them too."""

from typing import Final, NamedTuple

__all__ = ["ANSWERS", "FEWEST", "RULE_LIMITS", "TOO_FEW", "RuleLimits", "answer_bucket"]


class RuleLimits(NamedTuple):
    """Bounds of a rule.

    segments            Wordings; any of them matches.
    tokens              Words and wildcards of one wording.
    tokens_least        Words of one wording, wildcards not counted: fewer match everything.
    exchanges_least     Exchanges of an account from which on it may count: a rule must not look for one person.
    """

    segments: int = 8
    tokens: int = 16
    tokens_least: int = 3
    word_length: int = 24
    exchanges_least: int = 10
    exchanges_most: int = 100_000


RULE_LIMITS: Final = RuleLimits()
TOO_FEW: Final = "too-few"
FEWEST: Final = 20
"""Accounts below which nothing is told; also of those missed or wrongly flagged nothing is told but the bucket."""
ANSWERS: Final = (TOO_FEW, "under-half", "half", "most", "nearly-all")


def answer_bucket(hits: int, of: int) -> str:
    """Bucket of a share of at least FEWEST: up to 0.5, 0.8, 0.95, more.

    >>> [answer_bucket(n, 100) for n in (10, 70, 90, 99)], answer_bucket(19, 19)
    (['under-half', 'half', 'most', 'nearly-all'], 'too-few')
    """
    if of < FEWEST:
        return TOO_FEW
    share = hits / of
    return ANSWERS[1 + (share >= 0.5) + (share >= 0.8) + (share >= 0.95)]
