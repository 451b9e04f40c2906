"""What people do with a case: recorded, shown at once, and told to whoever was slower."""

import pytest
from tests.console.conftest import NOW, Rig

from stillwatch.act.audit.verify import verify
from stillwatch.act.cases.case import Case, State
from stillwatch.act.cases.lookup import case_at
from stillwatch.service.access.users import Users

PAGE = "/console/campaigns/c-relay00017"
WHY = "It has ended, and all of its accounts are closed."


def case(rig: Rig) -> Case:
    """As it is now, under a ledger that verifies."""
    with rig.home.engine.begin() as connection:
        verify(connection, keys=rig.console.keys)
        return case_at(connection, "c-relay00017")


def test_taken_noted_and_closed(rig: Rig) -> None:
    """Each step stands on the page at once, in the history with its words as text."""
    ada = rig.as_("ada")
    assert "The case is ada’s now." in ada.send(f"{PAGE}/assign", seen="1").text
    assert (case(rig).assignee, case(rig).state) == ("ada", State.INVESTIGATING)
    noted = ada.send(f"{PAGE}/note", text="line one\n<script>alert(1)</script>\u202e").text
    assert "line one\n&lt;script&gt;" in noted
    assert "<script>alert" not in noted
    closed = ada.send(f"{PAGE}/close", why="ended", reason=WHY, seen="2")
    assert closed.status_code == 200
    assert "The case is closed." in closed.text
    assert WHY in closed.text
    assert case(rig).state is State.CLOSED


def test_handed_over(rig: Rig) -> None:
    """To a person who may log in, and to nobody else."""
    ada = rig.as_("ada")
    assert "bea’s now" in ada.send(f"{PAGE}/assign", to=" Bea ", seen="1").text
    assert ada.send(f"{PAGE}/assign", to="<b>", seen="2").status_code == 404
    with rig.home.engine.begin() as connection:
        Users(connection, rig.home.trail, "alma", NOW).end("vera")
    assert ada.send(f"{PAGE}/assign", to="vera", seen="2").status_code == 422
    assert case(rig).assignee == "bea"


@pytest.mark.parametrize("what", ["assign", "close"])
def test_whoever_was_slower_is_told(rig: Rig, what: str) -> None:
    """409 with what to do at the console; nothing is changed by it."""
    rig.as_("bea").send(f"{PAGE}/assign", seen="1")
    answer = rig.as_("ada").send(f"{PAGE}/{what}", seen="1", why="ended", reason=WHY)
    assert answer.status_code == 409
    assert "somebody has changed this case" in answer.text
    assert "stillwatch case show" not in answer.text
    assert (case(rig).assignee, case(rig).version) == ("bea", 2)


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("assign", {}),
        ("assign", {"seen": "x"}),
        ("assign", {"seen": "²"}),
        ("assign", {"seen": "9" * 5_000}),
        ("close", {"seen": "1", "why": "ended", "reason": "too short"}),
        ("close", {"seen": "1", "why": "merged", "reason": WHY}),
        ("close", {"seen": "1", "why": "because", "reason": WHY}),
        ("close", {"seen": "1", "reason": WHY}),
        ("note", {"text": "   "}),
        ("note", {"text": "x" * 10_001}),
        ("note", {}),
    ],
)
def test_what_cannot_be_done_so(rig: Rig, what: str, fields: dict[str, str]) -> None:
    """422 in words, and the case is as it was."""
    before = case(rig)
    answer = rig.as_("ada").send(f"{PAGE}/{what}", **fields)
    assert answer.status_code == 422
    assert 'role="status"' not in answer.text
    assert case(rig) == before


def test_a_campaign_without_a_case(rig: Rig) -> None:
    """One that explains itself has none to take or to note at."""
    ada = rig.as_("ada")
    for what, fields in (("assign", {"seen": "1"}), ("note", {"text": "x"})):
        assert ada.send(f"/console/campaigns/c-tool000001/{what}", **fields).status_code == 404


def test_legitimate_after_all(rig: Rig) -> None:
    """Whoever closes it so is told what follows."""
    answer = rig.as_("ada").send(f"{PAGE}/close", why="legitimate", reason=WHY, seen="1")
    assert "taken back at the next look" in answer.text
