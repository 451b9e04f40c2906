"""What is told of a campaign: values that are its own, nothing of anybody else, only of what the member accuses."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.node.members import ALPHA, NOW, harvest_of, lists, node, tagged, told

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.indicator import LEVELS, SignalKind, Technique
from stillwatch.share.guard.check import check
from stillwatch.share.node.describe import behaviour_of, levels, values_of
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.publish import Telling, indicator_of, renewed
from stillwatch.share.stix.write import indicator_bundle


def test_what_is_told_passes_the_guard_and_reads_back(indexes: dict[str, LocalIndex]) -> None:
    """No refusal; templates and reasoning among the techniques; valid for as long as was asked."""
    indicator = told(indexes["alpha"])
    assert check(indicator_bundle(indicator, ALPHA), now=NOW) == []
    assert {Technique.TEMPLATED_PROMPTS, Technique.REASONING_ELICITATION} <= set(indicator.techniques)
    assert indicator.valid_until - indicator.valid_from == timedelta(days=14)


def test_values_belong_to_the_campaign_and_to_hardly_anybody_else(indexes: dict[str, LocalIndex]) -> None:
    """Every value that is told is had by several of its accounts, and nine of ten who have it are its own."""
    index = indexes["alpha"]
    accounts = set(index.acts[harvest_of(index)]["accounts"])
    for kind, values in values_of(index, harvest_of(index)).items():
        if kind is SignalKind.BAND:
            continue
        for value in values:
            owners = {
                row["account"]
                for row in index.signals.to_pylist()
                if (row["kind"], row["value"]) == (kind.value, value)
            }
            assert len(owners & accounts) >= 2
            assert len(owners & accounts) >= 0.9 * len(owners)


def test_only_a_harvest_is_told(indexes: dict[str, LocalIndex]) -> None:
    """Nobody points others at what they do not accuse themselves."""
    index = indexes["alpha"]
    acts = {name: {**act, "verdict": "tool"} for name, act in index.acts.items()}
    with pytest.raises(InvalidInput, match="only a harvest"):
        indicator_of(dataclasses.replace(index, acts=acts), harvest_of(index), tagged, lists(), NOW)
    with pytest.raises(MissingData, match="no campaign"):
        indicator_of(index, "campaign-0", tagged, lists(), NOW)


def test_advice_to_wait_is_bounded_by_the_guard(indexes: dict[str, LocalIndex]) -> None:
    """Seventy-two hours pass, more do not."""
    index = indexes["alpha"]
    for hours, passes in ((72, True), (73, False)):
        made = indicator_of(index, harvest_of(index), tagged, lists(), NOW, Telling(quiet_h=hours))
        assert (check(indicator_bundle(made, ALPHA), now=NOW) == []) is passes


def test_a_new_version_keeps_its_id_and_its_end(indexes: dict[str, LocalIndex]) -> None:
    """Tags of another epoch, later than the first version, and no longer than was promised."""
    old = told(indexes["alpha"])
    later = NOW + timedelta(days=7)
    new = renewed(old, told(indexes["alpha"], later))
    assert (new.indicator_id, new.group_id, new.created, new.valid_until) == (
        old.indicator_id,
        old.group_id,
        old.created,
        old.valid_until,
    )
    assert new.modified == later
    assert check(indicator_bundle(new, ALPHA), now=later) == []
    sender = node(ALPHA)
    for version in (old, new):
        sender.tell(version, "campaign-1", version.modified)
    ((kept, campaign_id),) = sender.own(later)
    assert (kept.modified, campaign_id) == (later, "campaign-1")
    assert sender.own(old.valid_until) == []


def test_a_node_remembers_which_campaign_it_told_of(indexes: dict[str, LocalIndex]) -> None:
    """The campaign's id stays in its database and is nowhere in what it sends."""
    name = harvest_of(indexes["alpha"])
    sent = node(ALPHA).tell(told(indexes["alpha"]), name, NOW)
    assert name.encode() not in sent.body


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_levels_keep_the_order_and_use_the_whole_range(counts: list[int]) -> None:
    """Zero is zero, the largest is seven, more is never less."""
    found = levels(counts)
    if not any(counts):
        assert found == ()
        return
    assert max(found) == LEVELS - 1
    assert all(level == 0 for level, count in zip(found, counts, strict=True) if count == 0)
    pairs = sorted(zip(counts, found, strict=True))
    assert [level for _, level in pairs] == sorted(found)


def test_a_client_of_ones_own_is_not_told(indexes: dict[str, LocalIndex]) -> None:
    """Only public libraries have a name."""
    act = dict(indexes["alpha"].acts[harvest_of(indexes["alpha"])])
    act["builds"] = ["acme-crawler 3.1", "openai-python/2.14.1", "OpenAI-Python 1.9 linux"]
    assert behaviour_of(act).builds == ("openai-python/1", "openai-python/2")
