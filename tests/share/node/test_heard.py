"""What others say of an indicator is remembered by member, the last word of each."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.share import made
from tests.share.node.members import ALPHA, BETA

from stillwatch.model.indicator import SightingAnswer, Tlp
from stillwatch.share.node.heard import Heard, heard_of
from stillwatch.share.node.said import keep_opinion, keep_sighting
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, sighting_bundle
from stillwatch.store.database import open_database

ABOUT = made.sighting().indicator_id


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A node's database."""
    with open_database("sqlite://", NODE_TABLES).begin() as begun:
        yield begun


def said(member: str, minutes: int = 0, **changes: Any) -> dict[str, Any]:
    """Sighting of a member."""
    told = made.sighting(sighting_id=str(uuid.uuid4()), created=made.START + timedelta(minutes=minutes), **changes)
    return next(o for o in sighting_bundle(told, member, Tlp.AMBER)["objects"] if o["type"] == "sighting")


def test_searches_in_vain_and_rates_are_kept_by_member(connection: Connection) -> None:
    """What was seen is no search in vain; of a member the last word counts, whichever comes first."""
    keep_sighting(connection, said(ALPHA, minutes=5, answer=SightingAnswer.SEEN, benign_rate=0.01), ALPHA)
    keep_sighting(connection, said(ALPHA, coverage=0.5), ALPHA)
    keep_sighting(connection, said(BETA, coverage=0.9, benign_rate=None), BETA)
    assert heard_of(connection, ABOUT) == Heard({BETA: 0.9}, {ALPHA: 0.01}, frozenset())
    keep_sighting(connection, said(ALPHA, minutes=9, coverage=0.3, benign_rate=None), ALPHA)
    assert heard_of(connection, ABOUT) == Heard({ALPHA: 0.3, BETA: 0.9}, {}, frozenset())


def test_an_objection_stands_beside_a_sighting_and_ends_when_it_is_taken_back(connection: Connection) -> None:
    """Neither replaces the other."""
    bundle = false_positive_bundle(ABOUT, next(iter(FalsePositive)), made.START, member=ALPHA, tlp=Tlp.AMBER)
    opinion = next(o for o in bundle["objects"] if o["type"] == "opinion")
    keep_sighting(connection, said(ALPHA, coverage=0.5, benign_rate=None), ALPHA)
    keep_opinion(connection, opinion, ALPHA)
    assert heard_of(connection, ABOUT) == Heard({ALPHA: 0.5}, {}, frozenset({ALPHA}))
    keep_opinion(connection, opinion | {"revoked": True, "modified": "2027-01-01T00:00:00.000Z"}, ALPHA)
    assert heard_of(connection, ABOUT) == Heard({ALPHA: 0.5}, {}, frozenset())
