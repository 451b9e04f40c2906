"""Prompts that were looked at: on record before they are shown, with a reason that is one."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.act.cases.made import hand
from tests.act.desk import NOW, Office

from stillwatch.act.audit.verify import verify
from stillwatch.act.cases.reveals import LEAST_REASON, MOST_REASON, Reveal, reveal, reveals_of
from stillwatch.errors import InvalidInput
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.signing.keys import keys_of

WHY = "Is this a template?"


def revealed(office: Office, campaign_id: str, exchange_id: str, reason: str = WHY) -> Reveal:
    """One exchange looked at, in a transaction of its own."""
    with office.engine.begin() as connection:
        return reveal(hand(connection, office, "Ada"), campaign_id, exchange_id, reason)


def test_a_look_is_on_record(opened: Office) -> None:
    """Who, at what, why, as an entry that the audit verifies."""
    done = revealed(opened, "campaign-1", "x-1")
    assert (done.by, done.at, done.reason) == ("ada", NOW, WHY)
    with opened.engine.begin() as connection:
        assert reveals_of(connection, ["campaign-1"]) == [done]
        entry = connection.execute(select(ENTRIES).where(ENTRIES.c.index == done.entry)).mappings().one()
        told = connection.execute(select(DOCUMENTS.c.document).where(DOCUMENTS.c.index == done.entry)).scalar_one()
        assert verify(connection, keys=keys_of([opened.trail.key.verify_key])).ledger.size == 1
    assert (entry["kind"], entry["actor"]) == ("disclosure", "ada")
    assert told == {"event": "revealed", "campaign_id": "campaign-1", "exchange_id": "x-1", "reason": WHY}


def test_each_look_is_one(opened: Office) -> None:
    """The same exchange twice is two entries; others' campaigns are left out, and none gives none."""
    looks = [revealed(opened, f"campaign-{n}", "x-1") for n in (1, 2, 1, 3)]
    with opened.engine.begin() as connection:
        assert reveals_of(connection, ["campaign-1", "campaign-3"]) == [looks[0], looks[2], looks[3]]
        assert reveals_of(connection, []) == []
        assert verify(connection).ledger.size == 4


@pytest.mark.parametrize("reason", ["", "    ", "abcd", " abcd \x00\x1b", "x" * (MOST_REASON + 1), "x" * 1_000_000])
def test_what_is_no_reason(opened: Office, reason: str) -> None:
    """Too short once what cannot be seen is gone, or too long: nothing is recorded, and the text is not repeated."""
    with pytest.raises(InvalidInput, match="reason must have") as caught:
        revealed(opened, "campaign-1", "x-1", reason)
    assert not reason.strip() or reason not in str(caught.value)
    with opened.engine.begin() as connection:
        assert connection.execute(select(ENTRIES)).first() is None
        assert reveals_of(connection, ["campaign-1"]) == []


@pytest.mark.parametrize("n", [LEAST_REASON, MOST_REASON])
def test_bounds_are_reasons(opened: Office, n: int) -> None:
    """The shortest and the longest one."""
    assert revealed(opened, "campaign-1", "x-1", "x" * n).reason == "x" * n


def test_what_is_not_committed_was_not_revealed(opened: Office) -> None:
    """A transaction that fails leaves neither half."""

    class Gone(Exception):  # noqa: N818 - a power cut
        pass

    def cut_off() -> None:
        with opened.engine.begin() as connection:
            reveal(hand(connection, opened), "campaign-1", "x-1", WHY)
            raise Gone

    with pytest.raises(Gone):
        cut_off()
    with opened.engine.begin() as connection:
        assert connection.execute(select(ENTRIES)).first() is None
        assert reveals_of(connection, ["campaign-1"]) == []


def test_strangers_ids_are_kept_as_they_are(opened: Office) -> None:
    """An exchange's id comes from logs: whatever stands in it."""
    name = "x-<script>'; DROP TABLE case_reveals; --/..\u202e"
    revealed(opened, "campaign-1", name)
    with opened.engine.begin() as connection:
        (found,) = reveals_of(connection, ["campaign-1"])
    assert (found.exchange_id, found.at - NOW) == (name, timedelta(0))
