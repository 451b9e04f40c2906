"""Which measures a stream may have, and what the audit keeps of them."""

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.model.campaign import Verdict
from stillwatch.trace.antidistill.lesson import Measure, StreamVerdict, allow

GENTLE = [Measure.WITHHOLD, Measure.SUMMARISE, Measure.REORDER]
HARSH = [Measure.EXPERTS, Measure.ANTIDISTIL]


@pytest.mark.parametrize("measure", HARSH)
@pytest.mark.parametrize("verdict", [None, *(v for v in Verdict if v is not Verdict.HARVEST)])
def test_content_changes_only_under_harvest(measure: Measure, verdict: Verdict | None) -> None:
    """A measure that can change what is said refuses every stream that is under no harvest verdict."""
    judged = None if verdict is None else StreamVerdict(verdict, "c-1", "acct-1", "f-1")
    with pytest.raises(InvalidInput, match="harvest verdict, got verdict"):
        allow(measure, judged)


@pytest.mark.parametrize("measure", [*GENTLE, *HARSH])
def test_the_label_names_the_stream(measure: Measure) -> None:
    """A label's entry holds measure, settings, campaign, account and family, and nothing else."""
    judged = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")
    entry = allow(measure, judged, (("gamma", 0.5),)).entry()
    stream = {"campaign_id": "c-1", "account_id": "acct-1", "family_id": "f-1"}
    assert entry == {"measure": measure.value, "gamma": 0.5, **stream}


@pytest.mark.parametrize("measure", GENTLE)
def test_gentle_measures_need_no_verdict(measure: Measure) -> None:
    """What changes no word may be done to any stream."""
    assert allow(measure, None).account_id == ""


def test_a_verdict_is_on_somebody() -> None:
    """A verdict that names no account is refused."""
    with pytest.raises(InvalidInput, match="account_id must name"):
        StreamVerdict(Verdict.HARVEST, "c-1", "", "f-1")
