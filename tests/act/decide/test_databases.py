"""Decisions from the first to the audit, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select
from tests.act.decide.made import KEY, active, facts, rule, world
from tests.databases import KINDS, database_url

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.trail import recorded
from stillwatch.act.audit.verify import verify
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.act.policy.limits import Limits
from stillwatch.model.decision import Action, WindowFacts
from stillwatch.service.revisions import bring_to_head
from stillwatch.signing.keys import keys_of
from stillwatch.store.database import open_database


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Database as migrations make it."""
    with database_url(request.param, tmp_path) as made:
        engine = open_database(made, MetaData())
        bring_to_head(engine, is_first=True)
        engine.dispose()
        yield made


def test_decided_remembered_ended_audited(url: str, tmp_path: Path) -> None:
    """Throttled, the same after a start, harsher under another policy, ended by an appeal, alarmed: all on record."""
    slow, stop = rule("slow", Action.THROTTLE, rate=6.0), rule("stop", Action.BLOCK)
    with world(tmp_path, slow, url=url) as made:
        first = [made.ask(f"a-{n}") for n in range(12)]
        made.settle()
        made.restart()
        assert made.ask("a-1").decision_id == first[1].decision_id
        made.active = active(stop, version="v2")
        assert made.ask("a-1").action is Action.BLOCK
        made.told.by_account["a-3"] = facts(cleared=True)
        assert made.ask("a-3").action is Action.ALLOW
        made.active = active(slow, version="v3", limits=Limits())
        made.told.otherwise = replace(facts(), window=WindowFacts(100_000, 5_000, 1_000))
        for n in range(20, 32):
            made.ask(f"a-{n}")
        made.settle()
    engine = open_database(url, MetaData())
    with looking(engine) as connection:
        found = verify(connection, keys=keys_of([KEY.verify_key]))
        rows = connection.execute(select(DECISIONS)).all()
        assert found.n_decisions == len(rows)
        assert {row.action for row in rows if row.account_id == "a-1"} == {"throttle", "block"}
        assert [row.ended_why for row in rows if row.account_id == "a-3"] != [None]
        assert len(connection.execute(select(ALARMS)).all()) == 1
        about = [one.document for one in recorded(connection, about=first[1].decision_id)]
        assert about[0] is not None
        assert about[0]["event"] == "decided"
    engine.dispose()
