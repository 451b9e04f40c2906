"""Entries of the ledger: newest first, filtered, found by what they are about, and never searched without a bound."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from tests.act.desk import Office
from tests.console.audit.recorded import NOW, decided, found, note, revealed

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import AppealRules, Grounds, Outcome
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.appeals.outbox import revoked
from stillwatch.act.cases.tables import CASE_ALIASES, CASE_EVENTS, CASES
from stillwatch.console.audit import looking
from stillwatch.console.audit.about import is_indexed
from stillwatch.console.audit.asked import ABOUT, AskedAudit
from stillwatch.console.audit.looking import look_back
from stillwatch.ledger.book import forget
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp


def test_nothing_on_record(desk: Office) -> None:
    """An empty ledger has no entries and no further ones."""
    with desk.engine.begin() as connection:
        for asked in (AskedAudit(), AskedAudit(kind="policy"), AskedAudit(about="campaign", name="c-1")):
            assert look_back(connection, asked, 50) == looking.Looked([], None)


def test_the_newest_come_first_and_pages_go_back(desk: Office) -> None:
    """Each page goes on below the last entry of the one before, to the beginning."""
    note(desk, 7)
    with desk.engine.begin() as connection:
        first = look_back(connection, AskedAudit(), 3)
        second = look_back(connection, AskedAudit(before=first.before), 3)
        third = look_back(connection, AskedAudit(before=second.before), 3)
    pages = [[one.entry.index for one in look.rows] for look in (first, second, third)]
    assert pages == [[6, 5, 4], [3, 2, 1], [0]]
    assert (first.n_searched, third.before, third.n_searched) == (None, None, None)


def test_by_kind_actor_and_both(desk: Office) -> None:
    """An entry is found by what kind it is of, and by who did it."""
    note(desk, 2)
    note(desk, 1, Kind.POLICY, "bea", what="stop")
    note(desk, 1, Kind.POLICY, "ada", what="stop")
    with desk.engine.begin() as connection:
        assert found(connection, kind="policy") == [3, 2]
        assert found(connection, actor="ada") == [3, 1, 0]
        assert found(connection, kind="policy", actor="ada") == [3]
        assert found(connection, kind="appeal") == []


@pytest.mark.parametrize(
    "asked", [{"kind": "policy"}, {"kind": "policy", "actor": "ada"}, {"about": "user", "name": "eve"}]
)
def test_a_search_goes_so_far_and_says_so(desk: Office, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]) -> None:
    """What is rare is looked for in so many entries at a time; the next look goes on where that one ended."""
    monkeypatch.setattr(looking, "LOOK_BACK", 10)
    if asked.get("about") == "user":
        note(desk, 1, Kind.ROSTER_CHANGE, "alma", what="user-added", user="eve")
    else:
        note(desk, 1, Kind.POLICY, "ada", what="stop")
    note(desk, 24)
    before: int | None = None
    looks: list[list[int]] = []
    with desk.engine.begin() as connection:
        while not looks or before is not None:
            look = look_back(connection, AskedAudit(before=before, **asked), 50)
            looks.append([one.entry.index for one in look.rows])
            before = look.before
            assert (look.n_searched == 10) == (before is not None)
    assert looks == [[], [], [0]]


def test_no_statement_reads_more_than_one_look(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search of entries without an index names the range of indexes that it goes through."""
    monkeypatch.setattr(looking, "LOOK_BACK", 10)
    note(desk, 40)
    seen: list[str] = []
    event.listen(desk.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    with desk.engine.begin() as connection:
        look_back(connection, AskedAudit(kind="policy"), 50)
    walks = [line for line in seen if "ledger_entries" in line and "kind" in line.partition("WHERE")[2]]
    assert walks
    assert all("index" in line.partition("WHERE")[2] and "LIMIT" in line for line in walks)


def test_by_days(desk: Office) -> None:
    """Days are those of UTC, both inclusive, whatever stands a little out of order."""
    times = [NOW - timedelta(days=3), NOW - timedelta(days=1), NOW - timedelta(days=1, seconds=2), NOW]
    for at in times:
        note(desk, at=at)
    day = (NOW - timedelta(days=1)).date()
    with desk.engine.begin() as connection:
        assert found(connection, since=day, until=day) == [2, 1]
        assert found(connection, since=day) == [3, 2, 1]
        assert found(connection, until=day) == [2, 1, 0]
        assert found(connection, since=day, actor="bea") == []
        assert found(connection, since=NOW.date() + timedelta(days=9)) == []


def test_about_a_decision_and_its_account(desk: Office) -> None:
    """A decision is found by its id, its account and its campaign; another is not."""
    one, _ = decided(desk, 1, "c-1", "acct-1"), decided(desk, 2, "c-2", "acct-2")
    with desk.engine.begin() as connection:
        assert found(connection, about="decision", name=one) == [0]
        assert found(connection, about="account", name="acct-2") == [1]
        assert found(connection, about="campaign", name="c-2") == [1]
        assert found(connection, about="campaign", name="c-2", kind="case") == []
        assert found(connection, about="decision", name="c-1") == []


def test_about_an_appeal(desk: Office) -> None:
    """Filed, taken up, answered, the end of its decision, and what was taken back afterwards."""
    note(desk, 3)
    decision_id = decided(desk, 1)
    with desk.engine.begin() as connection:
        told = notice_of(connection, decision_id)
        assert told is not None
        filing = Filing(Grounds.OTHER, "We are a school with many pupils.")
        one = file(connection, desk.trail, told, filing, AppealRules(), NOW + timedelta(hours=1))
    note(desk, 2, at=NOW + timedelta(hours=1))
    with desk.engine.begin() as connection:
        ruling = Ruling(Outcome.UPHELD, "You are right, and we are sorry.", "bea")
        answer(connection, desk.trail, one.appeal_id, ruling, NOW + timedelta(hours=2))
        revoked(connection, desk.trail, "c-1", 2, NOW + timedelta(hours=3))
    with desk.engine.begin() as connection:
        assert found(connection, about="appeal", name=one.appeal_id) == [8, 7, 4]
        assert found(connection, about="decision", name=decision_id) == [9, 8, 7, 4, 3]
        assert found(connection, about="account", name="acct-1") == [9, 8, 7, 4, 3]
        assert found(connection, about="campaign", name="c-1") == [10, 9, 8, 7, 4, 3]


def test_about_a_campaign_by_any_name(desk: Office) -> None:
    """Events of its case, prompts that were looked at and decisions, under every name that it had."""
    decided(desk, 1, "c-old")
    entry = note(desk)
    revealed(desk, "x-1", "c-new")
    revealed(desk, "x-2", "c-other")
    case = {"case_id": "c-new", "version": 1, "state": "open", "verdict": "harvest", "bits": 1.0, "n_accounts": 1}
    times = dict.fromkeys(("first_seen", "last_seen", "opened_at", "changed_at"), stamp(NOW))
    happened = {"n": 1, "what": "noted", "by": "ada", "at": stamp(NOW), "facts": {}, "entry": entry}
    with desk.engine.begin() as connection:
        connection.execute(CASES.insert().values(**case, **times, n_exchanges=1))
        connection.execute(CASE_ALIASES.insert().values(alias="c-old", case_id="c-new"))
        connection.execute(CASE_EVENTS.insert().values(case_id="c-new", **happened))
        for name in ("c-old", "c-new"):
            assert found(connection, about="campaign", name=name) == [2, 1, 0]


def test_about_an_exchange_a_policy_and_a_user(desk: Office) -> None:
    """Prompts that were looked at by exchange; policies by version, or its first digits; users and tokens by name."""
    revealed(desk, "x-1")
    note(desk, 1, Kind.POLICY, what="approval", version="ab" * 32, preview=3)
    note(desk, 1, Kind.ROSTER_CHANGE, "alma", what="user-added", user="eve", roles="viewer")
    note(desk, 1, Kind.ROSTER_CHANGE, "alma", what="token-issued", name="eve", scopes="decide")
    note(desk, 1, Kind.CASE, event="assigned", case="c-1", to="eve", user="eve")
    with desk.engine.begin() as connection:
        assert found(connection, about="exchange", name="x-1") == [0]
        assert found(connection, about="policy", name="ab" * 32) == [1]
        assert found(connection, about="policy", name="abababab") == [1]
        assert found(connection, about="policy", name="%_______") == []
        assert found(connection, about="user", name="eve") == [3, 2]


def test_pages_of_what_it_is_about(desk: Office) -> None:
    """Entries about one thing are paged like all others, and all are found at once."""
    for n in range(1, 6):
        decided(desk, n)
    with desk.engine.begin() as connection:
        first = look_back(connection, AskedAudit(about="campaign", name="c-1"), 2)
        assert [one.entry.index for one in first.rows] == [4, 3]
        rest = look_back(connection, AskedAudit(about="campaign", name="c-1", before=first.before), 9)
        assert ([one.entry.index for one in rest.rows], rest.before) == ([2, 1, 0], None)


def test_a_forgotten_document_leaves_its_entry(desk: Office) -> None:
    """An entry whose document was deleted is still there, with nothing in it."""
    note(desk, 2)
    with desk.engine.begin() as connection:
        forget(connection, 1)
        rows = look_back(connection, AskedAudit(), 9).rows
    assert [one.document is None for one in rows] == [True, False]


def test_everything_that_can_be_asked_for_is_found_some_way() -> None:
    """What an entry may be about is led to by tables, or searched in documents."""
    assert {one for one in ABOUT if not is_indexed(one)} == {"policy", "user"}
