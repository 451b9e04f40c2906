"""What a person has cleared is taken back at the forum: once, late if need be, and never lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.act.cases.made import campaign, hand
from tests.act.desk import NOW, Office, notice, office
from tests.service.partner.nodes import Members
from tests.share.trust_exchange import House

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.outbox import to_revoke
from stillwatch.act.cases.case import ClosedWhy
from stillwatch.act.cases.changes import close
from stillwatch.act.cases.opening import update_cases
from stillwatch.ledger.tables import DOCUMENTS
from stillwatch.service.partner.outbox import Retracted, revoke_upheld
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import OWN

WHY = "The school has shown us its timetable and its pupils."


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Office]:
    """The service's database."""
    (tmp_path / "home").mkdir()
    with office(tmp_path / "home") as made:
        yield made


def uphold(home: Office, campaign_id: str, n: int = 1) -> None:
    """A person upholds an appeal of one stream of a campaign."""
    filed = home.file(notice(n, campaign_id=campaign_id, account_id=f"account-{n}"))
    with home.engine.begin() as connection:
        answer(connection, home.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)


def told_as(house: House, identifier: str) -> str:
    """The campaign that an indicator of the house's tells of."""
    with house.service.node.engine.begin() as connection:
        return str(connection.execute(select(OWN.c.campaign_id).where(OWN.c.indicator_id == identifier)).scalar_one())


def tick(home: Office, node: NodeSettings | None) -> list[Retracted]:
    """What the service does at each tick."""
    return revoke_upheld(home.engine, home.trail, node, NOW)


def waiting(home: Office) -> list[str]:
    """Campaigns that are still to be taken back."""
    with home.engine.begin() as connection:
        return [one.campaign_id for one in to_revoke(connection)]


def recorded(home: Office) -> list[int]:
    """How many indicators each entry about a revocation tells of."""
    with home.engine.begin() as connection:
        told = [row.document for row in connection.execute(select(DOCUMENTS).order_by(DOCUMENTS.c.index))]
    return [one["n_indicators"] for one in told if one and one.get("event") == "revoked"]


def test_upheld_is_withdrawn_at_the_other_members(nodes: Members, home: Office) -> None:
    """From a person's answer to the others' nodes: one revocation, on record once, and a second tick does nothing."""
    identifier = nodes.alpha.publish()
    nodes.beta.read()
    name, node = told_as(nodes.alpha, identifier), nodes.alpha.service.settings
    uphold(home, name)
    assert tick(home, node) == [Retracted(name, 1, is_done=True)]
    nodes.beta.read()
    found = findings_in(nodes.beta.service.node.engine)
    assert found
    assert all(one["withdrawn"] for one in found)
    assert tick(home, node) == []
    assert (waiting(home), recorded(home)) == ([], [1])


def test_a_forum_that_is_away_delays_and_loses_nothing(nodes: Members, home: Office) -> None:
    """At every tick it is tried again, whether the forum is gone at once or between two answers."""
    identifier = nodes.alpha.publish()
    name, node = told_as(nodes.alpha, identifier), nodes.alpha.service.settings
    uphold(home, name)
    for _ in range(3):
        (waits,) = tick(home, replace(node, forum="http://127.0.0.1:9"))
        assert (waits.is_done, waits.n_indicators) == (False, 0)
        assert str(waits.problem).startswith("UnreadableSource: the forum cannot be reached")
    assert (waiting(home), recorded(home)) == ([name], [])
    assert [one.is_done for one in tick(home, node)] == [True]
    assert recorded(home) == [1]


def test_a_crash_before_the_record_revokes_once_more_and_counts_it(nodes: Members, home: Office) -> None:
    """The forum has it, the record has not: the next tick says how many there were."""
    identifier = nodes.alpha.publish()
    name, node = told_as(nodes.alpha, identifier), nodes.alpha.service.settings
    uphold(home, name)
    nodes.alpha.service.take_back(identifier)
    assert tick(home, node) == [Retracted(name, 1, is_done=True)]
    again = nodes.alpha.service.take_back(identifier)
    assert again.refused == {}


def test_told_under_an_earlier_id_of_the_campaign(nodes: Members, home: Office) -> None:
    """A campaign that became part of another was told under its own name: that goes too."""
    name = told_as(nodes.alpha, nodes.alpha.publish())
    with home.engine.begin() as connection:
        update_cases(connection, home.trail, [campaign("campaign-whole", also_known_as=(name,))], NOW)
    uphold(home, "campaign-whole")
    assert tick(home, nodes.alpha.service.settings) == [Retracted("campaign-whole", 1, is_done=True)]


def test_a_case_closed_as_legitimate_goes_the_same_way(nodes: Members, home: Office) -> None:
    """No appeal is needed; one that was closed because it is over takes nothing back."""
    name = told_as(nodes.alpha, nodes.alpha.publish())
    with home.engine.begin() as connection:
        update_cases(connection, home.trail, [campaign(name), campaign("campaign-over")], NOW)
        close(hand(connection, home), "campaign-over", ClosedWhy.ENDED, WHY, 1)
        close(hand(connection, home), name, ClosedWhy.LEGITIMATE, WHY, 1)
    assert waiting(home) == [name]
    assert tick(home, nodes.alpha.service.settings) == [Retracted(name, 1, is_done=True)]


def test_who_takes_part_in_no_exchange_has_told_nobody(home: Office, tmp_path: Path) -> None:
    """Done at once with none, and it says why; the same where a node has never run."""
    uphold(home, "campaign-1")
    assert tick(home, None) == [Retracted("campaign-1", 0, is_done=True, problem="there is no node of an exchange")]
    uphold(home, "campaign-2", 2)
    unused = NodeSettings("http://127.0.0.1:9", "c", tmp_path, tmp_path, tmp_path / "new", ())  # type: ignore[arg-type]
    assert tick(home, unused) == [Retracted("campaign-2", 0, is_done=True, problem="the node has never run")]
    assert recorded(home) == [0, 0]


def test_a_campaign_that_was_never_told(nodes: Members, home: Office) -> None:
    """The node stands by what it has told of others."""
    identifier = nodes.alpha.publish()
    uphold(home, "campaign-other")
    assert tick(home, nodes.alpha.service.settings) == [Retracted("campaign-other", 0, is_done=True)]
    nodes.beta.read()
    assert not any(one["withdrawn"] for one in findings_in(nodes.beta.service.node.engine))
    assert told_as(nodes.alpha, identifier)
