"""Bundles: there and back without loss, the same bytes, and what a revocation leaves."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.share.made import MEMBER, SIGHTINGS, START, indicator, indicators, sighting

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Indicator, InformationGrade, Sighting, SightingAnswer, Tlp
from stillwatch.share.guard.admit import admit
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.read import is_revoked, maker_of, read_false_positive, read_indicator, read_sighting
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import (
    bundle_bytes,
    false_positive_bundle,
    indicator_bundle,
    revocation,
    sighting_bundle,
)


def only(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    """The one object of a type that a member made."""
    (found,) = (made for made in bundle["objects"] if made["type"] == kind and EXTENSION in made.get("extensions", {}))
    return dict(found)


@settings(max_examples=60, deadline=None)
@given(told=indicators())
def test_an_indicator_comes_back_as_it_was(told: Indicator) -> None:
    """Any indicator that the types can say passes the guard and is read again without loss."""
    admitted = admit(indicator_bundle(told, MEMBER))
    assert read_indicator(admitted) == told
    assert maker_of(admitted) == MEMBER
    assert not is_revoked(admitted)


@settings(max_examples=60, deadline=None)
@given(told=SIGHTINGS, tlp=st.sampled_from(Tlp))
def test_a_sighting_comes_back_as_it_was(told: Sighting, tlp: Tlp) -> None:
    """Any sighting passes the guard and is read again without loss."""
    assert read_sighting(admit(sighting_bundle(told, MEMBER, tlp))) == told


def test_the_order_in_which_things_were_found_makes_no_difference() -> None:
    """The same tags and techniques in another order, some twice, are the same bytes."""
    told = indicator()
    tags, techniques = list(told.tags) * 2, list(told.techniques)
    random.Random(0).shuffle(tags)  # noqa: S311 - an order, no secret
    other = replace(told, tags=tuple(tags), techniques=tuple(reversed(techniques)))
    assert bundle_bytes(indicator_bundle(told, MEMBER)) == bundle_bytes(indicator_bundle(other, MEMBER))


def test_two_indicators_of_one_group_share_their_campaign_to_the_byte() -> None:
    """Made at different times, they send the same campaign, so that no version of it contradicts another."""
    one = indicator()
    later = START + timedelta(days=1)
    other = indicator(
        indicator_id="2b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89", created=later, modified=later, quiet_until=None
    )
    assert only(indicator_bundle(one, MEMBER), "campaign") == only(indicator_bundle(other, MEMBER), "campaign")
    red = indicator_bundle(replace(one, tlp=Tlp.RED), MEMBER)
    assert only(red, "campaign")["id"] != only(indicator_bundle(one, MEMBER), "campaign")["id"]


def test_looked_and_not_seen_is_a_count_of_nothing() -> None:
    """The standard's count is 0 with coverage, or 1; how often is never told."""
    counts = [
        only(sighting_bundle(sighting(answer=answer), MEMBER, Tlp.GREEN), "sighting")["count"]
        for answer in (SightingAnswer.LOOKED_NOT_SEEN, SightingAnswer.SEEN)
    ]
    assert counts == [0, 1]


def test_the_unknown_truth_has_no_number() -> None:
    """Grade 6 leaves STIX's confidence out, while both grades stay in the extension."""
    told = indicator()
    told = replace(told, confidence=replace(told.confidence, information=InformationGrade.SIX))
    made = only(indicator_bundle(told, MEMBER), "indicator")
    assert "confidence" not in made
    assert made["extensions"][EXTENSION]["information_grade"] == "6"
    assert only(indicator_bundle(indicator(), MEMBER), "indicator")["confidence"] == 70


def test_every_object_of_a_member_names_the_schema_that_it_passed() -> None:
    """Campaign, indicator, tags and links: each carries the table's hash."""
    objects = indicator_bundle(indicator(), MEMBER)["objects"]
    own = [made["extensions"][EXTENSION] for made in objects if EXTENSION in made.get("extensions", {})]
    assert len(own) > 5
    assert {told["schema"] for told in own} == {schema_hash()}


@pytest.mark.parametrize("reason", FalsePositive)
def test_a_false_positive_says_why(reason: FalsePositive) -> None:
    """An opinion and a note pass the guard, and the reason comes back."""
    told = indicator()
    admitted = admit(false_positive_bundle(told.indicator_id, reason, START, member=MEMBER, tlp=told.tlp))
    assert read_false_positive(admitted) == (told.indicator_id, reason)


def test_a_revocation_leaves_a_tombstone() -> None:
    """It passes the guard, is later, and holds neither tags nor behaviour; the campaign stays."""
    told = indicator()
    admitted = admit(revocation(told, MEMBER, START + timedelta(hours=1)))
    assert is_revoked(admitted)
    left = read_indicator(admitted)
    assert (left.indicator_id, left.tags, left.behaviour.week, left.quiet_until) == (told.indicator_id, (), (), None)
    assert b"revoked" not in bundle_bytes(only(admitted.document(), "campaign"))
    for tag in told.tags:
        assert tag.value.encode() not in admitted.body


def test_a_revocation_must_be_later() -> None:
    """At the same instant nobody could say which version wins."""
    with pytest.raises(InvalidInput, match="later"):
        revocation(indicator(), MEMBER, START)


@pytest.mark.parametrize(
    "changes",
    [
        {"indicator_id": "campaign-17"},
        {"group_id": "6B0F1BD4-9B7E-4C53-8A1E-0D2F5B6C7A89"},
        {"created": START.replace(tzinfo=None)},
        {"valid_until": START.replace(microsecond=1)},
    ],
)
def test_what_would_not_come_back_is_not_written(changes: dict[str, Any]) -> None:
    """Ids that may tell something, times without a zone, times finer than milliseconds."""
    with pytest.raises(InvalidInput):
        indicator_bundle(indicator(**changes), MEMBER)


def test_bundles_without_what_is_read_are_refused() -> None:
    """A sighting is no indicator, and the other way round."""
    with pytest.raises(InvalidInput, match="one indicator, got 0"):
        read_indicator(admit(sighting_bundle(sighting(), MEMBER, Tlp.RED)))
    with pytest.raises(InvalidInput, match="one sighting, got 0"):
        read_sighting(admit(indicator_bundle(indicator(), MEMBER)))
