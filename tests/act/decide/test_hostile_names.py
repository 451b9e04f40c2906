"""Names that customers choose are data wherever decisions go: in memory, database, ledger, audit and terminal."""

from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.act.decide.made import KEY, facts, world

from stillwatch.act.audit.trail import recorded
from stillwatch.act.audit.verify import verify
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.model.decision import Action
from stillwatch.report.visible import visible
from stillwatch.signing.keys import keys_of

NAMES = (
    "'); DROP TABLE decisions; --",
    '" OR 1=1 --',
    "%",
    "_",
    "<script>alert(1)</script>",
    "{{ 7*7 }} ${7*7} {appeal_url} {evidence_id}",
    "stream.accused || true",
    "../../../etc/passwd",
    "a\r\nx-stillwatch-action: allow",
    "\u202egnp.exe\x1b]0;title\x07",
    "x" * 10_000,
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_a_name(tmp_path: Path, name: str) -> None:
    """Of account, campaign and request: recorded as it is, asked about by nothing else, and no terminal obeys it."""
    with world(tmp_path) as running:
        running.told.by_account = {name: facts(name), "somebody": facts("c-1")}
        made, other = running.ask(name, name), running.ask("somebody")
        running.settle()
        assert (made.action, made.evidence_id, made.request_id) == (Action.THROTTLE, name, name)
        assert name not in made.reason
        assert other.decision_id != made.decision_id
        with running.engine.begin() as connection:
            assert connection.execute(select(func.count()).select_from(DECISIONS)).scalar_one() == 2
            kept = connection.execute(select(DECISIONS).where(DECISIONS.c.decision_id == made.decision_id)).one()
            assert (kept.account_id, kept.campaign_id) == (name, name)
            assert verify(connection, keys=keys_of([KEY.verify_key])).n_decisions == 2
            shown = [visible(str(one.document)) for one in recorded(connection, about=made.decision_id)]
        assert len(shown) == 1
        assert not {"\r", "\n", "\x1b", "\u202e", "\x07"} & set(shown[0])
        running.restart()
        assert running.ask(name).decision_id == made.decision_id
