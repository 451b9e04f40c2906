"""What was done to an answer so that it teaches less, in order of decency, and what each kind asks for first."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.model.campaign import Verdict

__all__ = ["Label", "Measure", "StreamVerdict", "allow"]


class Measure(StrEnum):
    """What is done, the most decent first.

    WITHHOLD        Reasoning is left out.
    SUMMARISE       Reasoning is replaced by a summary.
    REORDER         Independent steps of the reasoning change places; the answer stays.
    EXPERTS         Tokens are drawn from a product of the model and a weak proxy student.
    ANTIDISTIL      Tokens that a proxy student would learn badly from are likelier: "subtle logic shifts".
    """

    WITHHOLD = "withhold"
    SUMMARISE = "summarise"
    REORDER = "reorder"
    EXPERTS = "experts"
    ANTIDISTIL = "antidistil"


CHANGES_CONTENT: Final = frozenset({Measure.EXPERTS, Measure.ANTIDISTIL})
"""Measures that can put a wrong step before a person who pays: for streams under a harvest verdict only."""


@dataclass(frozen=True, slots=True)
class StreamVerdict:
    """A campaign's verdict as it holds for one stream: what a caller passes in, explicitly, request by request.

    campaign_id, account_id, family_id   Which stream, and under which campaign it was judged.
    """

    verdict: Verdict
    campaign_id: str
    account_id: str
    family_id: str

    def __post_init__(self) -> None:
        """Refuse a verdict on nobody."""
        for name in ("campaign_id", "account_id", "family_id"):
            if not getattr(self, name):
                message = f"{name} must name what the verdict is on, got an empty text"
                raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Label:
    """What the audit keeps of one answer: that it was changed, how strongly and why; no word of it.

    settings        What the measure was set to, such as ``("gamma", 0.3)``.
    campaign_id, account_id, family_id   The stream and its campaign; empty when no verdict was needed or given.
    """

    measure: Measure
    settings: tuple[tuple[str, float], ...] = ()
    campaign_id: str = ""
    account_id: str = ""
    family_id: str = ""

    def entry(self) -> dict[str, str | float]:
        """The label as one flat record for an audit log.

        >>> Label(Measure.EXPERTS, (("gamma", 0.3),), "c-1", "acct-1", "f-1").entry()["gamma"]
        0.3
        """
        stream = {"campaign_id": self.campaign_id, "account_id": self.account_id, "family_id": self.family_id}
        return {"measure": self.measure.value, **dict(self.settings), **stream}


def allow(measure: Measure, verdict: StreamVerdict | None, settings: tuple[tuple[str, float], ...] = ()) -> Label:
    """The label of a measure on a stream, when the stream may have it.

    verdict     Needed, and harvest, for measures that change what is said; None is enough for the others.
    Raises      InvalidInput when a measure that changes content is asked for without a harvest verdict.

    >>> judged = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")
    >>> allow(Measure.ANTIDISTIL, judged).campaign_id
    'c-1'
    >>> allow(Measure.WITHHOLD, None).campaign_id
    ''
    """
    if measure in CHANGES_CONTENT and (verdict is None or verdict.verdict is not Verdict.HARVEST):
        found = "none" if verdict is None else verdict.verdict.value
        message = f"{measure.value} runs only on a stream under a harvest verdict, got verdict {found}"
        raise InvalidInput(message)
    if verdict is None:
        return Label(measure, settings)
    return Label(measure, settings, verdict.campaign_id, verdict.account_id, verdict.family_id)
