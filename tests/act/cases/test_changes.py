"""Changes by people: recorded, and of two who change at once the second is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from tests.act.cases.made import campaign, hand, opened_case
from tests.act.desk import Office

from stillwatch.act.cases.case import ClosedWhy, Stale, State
from stillwatch.act.cases.changes import assign, close, note
from stillwatch.act.cases.lookup import case_at, cases_in, events_of
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES

NASTY = "<script>alert(1)</script> '; DROP TABLE cases; -- {{ 7*7 }} \u202e\x1b[31m"
WHY = "The campaign is over, its accounts are closed."


def test_from_open_to_closed(opened: Office) -> None:
    """Assigned, noted and closed: states, versions, events and entries follow one another."""
    opened_case(opened)
    with opened.engine.begin() as connection:
        mine = hand(connection, opened)
        assert assign(mine, "campaign-1", "Cem", 1).state is State.INVESTIGATING
        assert note(mine, "campaign-1", "Seen it.").version == 2
        found = close(mine, "campaign-1", ClosedWhy.ENDED, WHY, 2)
        assert (found.state, found.closed_why, found.assignee, found.version) == (
            State.CLOSED,
            ClosedWhy.ENDED,
            "cem",
            3,
        )
        events = events_of(connection, found)
        entries = {row["index"]: row["actor"] for row in connection.execute(select(ENTRIES)).mappings()}
    assert [event.what for event in events] == ["opened", "assigned", "noted", "closed"]
    assert [entries[event.entry] for event in events] == ["stillwatch", "bea", "bea", "bea"]
    assert [event.text for event in events] == [None, None, "Seen it.", WHY]


def test_of_two_at_once_the_second_is_told(opened: Office) -> None:
    """Eight analysts take the same case from the same version: one has it, seven are told to look again."""
    opened_case(opened)

    def one(n: int) -> str:
        try:
            with opened.engine.begin() as connection:
                assign(hand(connection, opened, f"person-{n}"), "campaign-1", f"person-{n}", 1)
        except Stale as told:
            return str(told)
        return ""

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(one, range(8)))
    assert told.count("") == 1
    assert all("at version 2 by now, you have seen 1" in one for one in told if one)
    with opened.engine.begin() as connection:
        found = case_at(connection, "campaign-1")
        assert found.assignee == f"person-{told.index('')}"
        assert len(events_of(connection, found)) == 2


def test_notes_at_once_are_all_kept(opened: Office) -> None:
    """Notes take nothing back, so that eight at one moment are eight."""
    opened_case(opened)

    def one(n: int) -> None:
        with opened.engine.begin() as connection:
            note(hand(connection, opened), "campaign-1", f"note {n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    with opened.engine.begin() as connection:
        events = events_of(connection, case_at(connection, "campaign-1"))
    assert [event.n for event in events] == list(range(1, 10))
    assert {event.text for event in events[1:]} == {f"note {n}" for n in range(8)}


def test_words_are_words_and_in_no_record(opened: Office) -> None:
    """Notes hold what was written, without control characters; the ledger only commits to them."""
    opened_case(opened)
    with opened.engine.begin() as connection:
        note(hand(connection, opened), "campaign-1", NASTY)
        event = events_of(connection, case_at(connection, "campaign-1"))[-1]
        documents = str(connection.execute(select(DOCUMENTS.c.document)).scalars().all())
    assert event.text == NASTY.replace("\x1b", "")
    assert "script" not in documents
    assert "script" not in repr(event)


def test_what_cannot_be(opened: Office) -> None:
    """A closed case is neither assigned nor closed again, nobody merges by hand, and no reason is no reason."""
    opened_case(opened)
    with opened.engine.begin() as connection:
        mine = hand(connection, opened)
        with pytest.raises(InvalidInput, match="not by hand"):
            close(mine, "campaign-1", ClosedWhy.MERGED, WHY, 1)
        with pytest.raises(InvalidInput, match="reason must have 20"):
            close(mine, "campaign-1", ClosedWhy.ENDED, "done", 1)
        with pytest.raises(InvalidInput, match="note must have 1"):
            note(mine, "campaign-1", " \x00 ")
        close(mine, "campaign-1", ClosedWhy.ENDED, WHY, 1)
        with pytest.raises(InvalidInput, match="is closed"):
            assign(mine, "campaign-1", "cem", 2)
        assert note(mine, "campaign-1", "afterwards").state is State.CLOSED


@pytest.mark.parametrize("name", ["", "campaign", "%", "_ampaign-1", "nothing", "' OR '1'='1"])
def test_no_case_or_several(opened: Office, name: str) -> None:
    """What names no case or two finds none, wildcards and SQL included."""
    opened_case(opened, campaign("campaign-1"), campaign("campaign-2"))
    with opened.engine.begin() as connection, pytest.raises(MissingData):
        case_at(connection, name)


def test_listed_by_state_and_person(opened: Office) -> None:
    """Without a state all but closed ones are listed, most bits first."""
    opened_case(opened, campaign("campaign-1", bits=30.0), campaign("campaign-2", bits=70.0))
    with opened.engine.begin() as connection:
        assign(hand(connection, opened), "campaign-1", "cem", 1)
        assert [one.case_id for one in cases_in(connection)] == ["campaign-2", "campaign-1"]
        assert [one.case_id for one in cases_in(connection, [State.OPEN])] == ["campaign-2"]
        assert [one.case_id for one in cases_in(connection, assignee="cem")] == ["campaign-1"]
