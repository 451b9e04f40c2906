"""What others say is kept once a member, the newest counts, and order of arrival does not matter."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.share import made
from tests.share.made import MEMBER, START

from stillwatch.model.indicator import Tlp
from stillwatch.share.node.said import keep_opinion, keep_sighting, opinions_of, rates_of
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, sighting_bundle
from stillwatch.store.database import open_database

ABOUT = made.indicator().indicator_id
OTHER = "8e4b1a2f-2d3e-4f4a-9bac-1d2e3f4a5b6c"


@pytest.fixture
def engine() -> Engine:
    """An empty database of a node."""
    return open_database("sqlite://", NODE_TABLES)


def against(reason: FalsePositive, minutes: int = 0) -> list[dict[str, Any]]:
    """Opinion and note, as they cross."""
    at = START + timedelta(minutes=minutes)
    bundle = false_positive_bundle(ABOUT, reason, at, member=MEMBER, tlp=Tlp.AMBER)
    return [one for one in bundle["objects"] if one["type"] in {"opinion", "note"}]


def answer(rate: float | None, minutes: int = 0) -> dict[str, Any]:
    """A sighting, as it crosses."""
    bundle = sighting_bundle(made.sighting(benign_rate=rate), MEMBER, Tlp.AMBER, START + timedelta(minutes=minutes))
    return next(one for one in bundle["objects"] if one["type"] == "sighting")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_an_opinion_is_the_newest_whatever_order_it_comes_in(engine: Engine, order: tuple[int, ...]) -> None:
    """Two of one member, each with its note: one word, with the later one's reason."""
    pieces = [*against(FalsePositive.RESEARCH), *against(FalsePositive.SHARED_NETWORK, 5)]
    with engine.begin() as connection:
        for number in order:
            keep_opinion(connection, pieces[number], MEMBER)
        (found,) = opinions_of(connection, ABOUT)
    assert (found.origin, found.opinion, found.reason) == (MEMBER, "strongly-disagree", FalsePositive.SHARED_NETWORK)


def test_opinions_are_of_an_indicator_and_end_when_they_are_taken_back(engine: Engine) -> None:
    """One word a member; a note alone is none."""
    opinion, note = against(FalsePositive.ONE_OWNER)
    with engine.begin() as connection:
        keep_opinion(connection, note, OTHER)
        assert opinions_of(connection, ABOUT) == []
        keep_opinion(connection, opinion, MEMBER)
        assert [one.reason for one in opinions_of(connection)] == [None]
        assert opinions_of(connection, OTHER) == []
        later = opinion | {"modified": "2027-01-01T00:00:00.000Z", "revoked": True}
        keep_opinion(connection, later, MEMBER)
        assert opinions_of(connection, ABOUT) == []


def test_a_note_that_is_about_no_indicator_is_left(engine: Engine) -> None:
    """The table lets a note refer to an opinion alone."""
    _, note = against(FalsePositive.ONE_OWNER)
    with engine.begin() as connection:
        keep_opinion(connection, note | {"object_refs": note["object_refs"][1:]}, MEMBER)
        assert opinions_of(connection) == []


def test_rates_are_one_a_member_and_a_change_is_told(engine: Engine) -> None:
    """The newest counts; the same again, or one without a rate after none, is no change."""
    with engine.begin() as connection:
        assert keep_sighting(connection, answer(0.05), MEMBER) == ABOUT
        assert keep_sighting(connection, answer(0.05), MEMBER) is None
        assert keep_sighting(connection, answer(0.05, 1), MEMBER) is None
        assert keep_sighting(connection, answer(0.5), MEMBER) is None
        assert keep_sighting(connection, answer(None), OTHER) is None
        assert rates_of(connection, ABOUT) == [0.05]
        assert keep_sighting(connection, answer(0.1, 2), MEMBER) == ABOUT
        assert rates_of(connection, ABOUT) == [0.1]
        assert keep_sighting(connection, answer(0.1, 3) | {"revoked": True}, MEMBER) == ABOUT
        assert rates_of(connection, ABOUT) == []
