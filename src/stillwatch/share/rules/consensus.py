"""What independent members answered to one rule, and to no other: a copy that was changed starts anew."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stillwatch.share.rules.shadow import ShadowAnswer
from stillwatch.share.rules.terms import ANSWERS

__all__ = ["Consensus", "consensus"]


@dataclass(frozen=True, slots=True)
class Consensus:
    """How many members gave which bucket; every bucket is there.

    n_members   Members whose answer counts: who wrote the rule is not among them.
    """

    n_members: int
    precision: Mapping[str, int]
    recall: Mapping[str, int]


def consensus(rule: str, author_id: str, answers: Iterable[tuple[str, ShadowAnswer]]) -> Consensus:
    """Add up the last answer of every member to exactly this rule.

    rule        Its content hash.
    author_id   Pseudonym of who published it: its own answer does not count.
    answers     Pseudonym and answer, the oldest first; those to other rules are passed over.

    >>> said = [("a", ShadowAnswer("h", "half", "most")), ("a", ShadowAnswer("h", "most", "most"))]
    >>> consensus("h", "b", said).precision["most"], consensus("h", "a", said).n_members
    (1, 0)
    """
    last = {member: answer for member, answer in answers if answer.rule == rule and member != author_id}
    precision = Counter(answer.precision for answer in last.values())
    recall = Counter(answer.recall for answer in last.values())
    return Consensus(len(last), {name: precision[name] for name in ANSWERS}, {name: recall[name] for name in ANSWERS})
