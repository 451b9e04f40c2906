"""Forms that change what is in force: the rules are asked, what they refuse is told, nobody overwrites another."""

from datetime import timedelta

import pytest
from tests.console.conftest import NOW, Rig
from tests.console.policies.made import ENOUGH, LARGE, OTHER, POLICY, added, approved, put, seen

from stillwatch.act.policy.activations import in_force

PAGE = "/console/policies"
MINE = f"{PAGE}/{POLICY.version}"


def now(rig: Rig) -> tuple[str | None, int]:
    """Version and stage in force."""
    with rig.home.engine.begin() as connection:
        found = in_force(connection, rig.console.keys)
    return (None, 0) if found is None else (found.version, found.stage)


def test_from_added_to_stopped(rig: Rig) -> None:
    """An analyst puts a version in force at 1 %, another goes back, and the history keeps both."""
    added(rig, POLICY)
    seen(rig, POLICY)
    answer = rig.as_("ada").send(f"{MINE}/activate", stage="1", seen="0")
    assert answer.status_code == 200
    assert "was put in force at 1 % of accused streams" in answer.text
    assert now(rig) == (POLICY.version, 1)
    assert "Nothing is in force now" in rig.as_("bea").send(f"{PAGE}/rollback", seen="1").text
    put(rig, POLICY, 1)
    assert "Nothing is in force now" in rig.as_("ada").send(f"{PAGE}/stop", seen="3").text
    assert "Gone back: version" in rig.as_("ada").send(f"{PAGE}/rollback", seen="4").text
    assert now(rig) == (POLICY.version, 1)


def test_what_the_rules_refuse_is_told_on_the_page(rig: Rig) -> None:
    """Without a preview nothing is done; the page says why, without a command to type."""
    added(rig, POLICY)
    answer = rig.as_("ada").send(f"{MINE}/activate", stage="1", seen="0")
    assert answer.status_code == 422
    assert f"This was not done: policy {POLICY.version[:12]} has no preview." in answer.text
    assert "stillwatch policy" not in answer.text
    assert now(rig) == (None, 0)
    assert rig.as_("ada").send(f"{PAGE}/rollback", seen="0").status_code == 422


def test_nobody_is_overwritten(rig: Rig) -> None:
    """Whoever saw an older state is told who was faster, and sees how it stands now."""
    added(rig, POLICY, OTHER)
    seen(rig, POLICY)
    put(rig, POLICY, 1)
    for path, fields in ((f"{MINE}/activate", {"stage": "1"}), (f"{PAGE}/stop", {}), (f"{PAGE}/rollback", {})):
        answer = rig.as_("bea").send(path, seen="0", **fields)
        assert answer.status_code == 409
        assert "Somebody was faster: ada did activate meanwhile (number 1)." in answer.text
        assert "in force at 1 %" in answer.text
    assert now(rig) == (POLICY.version, 1)


def test_four_eyes(rig: Rig) -> None:
    """Above its limits an analyst alone puts nothing in force; a second person's approval lets the first one."""
    added(rig, POLICY)
    seen(rig, POLICY, LARGE)
    alone = rig.as_("ada").send(f"{MINE}/activate", stage="1", seen="0")
    assert "a second person must approve it" in alone.text
    own = rig.as_("bea").send(f"{MINE}/approve", seen="1")
    assert "You stand behind what preview 1 shows." in own.text
    assert "Let another person put it in force" in own.text
    assert rig.as_("bea").send(f"{MINE}/activate", stage="1", seen="0").status_code == 422
    assert rig.as_("ada").send(f"{MINE}/activate", stage="10", seen="0").status_code == 200
    assert now(rig) == (POLICY.version, 10)
    again = rig.as_("bea").send(f"{MINE}/approve", seen="1")
    assert (again.status_code, "has approved this preview" in again.text) == (422, True)


def test_an_approval_is_of_what_was_looked_at(rig: Rig) -> None:
    """A preview that came meanwhile is not approved unseen."""
    added(rig, POLICY)
    seen(rig, POLICY, LARGE)
    seen(rig, POLICY, LARGE)
    answer = rig.as_("bea").send(f"{MINE}/approve", seen="1")
    assert answer.status_code == 409
    assert "newer preview (number 2)" in answer.text
    assert "You stand behind" not in rig.as_("bea").get(MINE).text
    assert rig.as_("bea").send(f"{MINE}/approve", seen="2").status_code == 200


def test_who_may_not(rig: Rig) -> None:
    """A viewer changes nothing, an analyst approves nothing, an admin does neither."""
    added(rig, POLICY)
    seen(rig, POLICY)
    assert rig.as_("vera").send(f"{MINE}/activate", stage="1", seen="0").status_code == 403
    assert rig.as_("ada").send(f"{MINE}/approve", seen="1").status_code == 403
    assert rig.as_("alma").send(f"{PAGE}/stop", seen="0").status_code == 403
    assert now(rig) == (None, 0)


def test_a_form_of_somebody_else_is_refused(rig: Rig) -> None:
    """Without the session's token nothing is done."""
    added(rig, POLICY)
    seen(rig, POLICY)
    browser = rig.as_("ada")
    answer = browser.client.post(f"{MINE}/activate", data={"form": "x", "stage": "1", "seen": "0"})
    assert answer.status_code == 403
    assert now(rig) == (None, 0)


@pytest.mark.parametrize("fields", [{}, {"stage": "1"}, {"stage": "2", "seen": "0"}, {"stage": "-1", "seen": "0"}])
def test_wrong_fields(rig: Rig, fields: dict[str, str]) -> None:
    """A stage that is none, and numbers that are none, are told."""
    added(rig, POLICY)
    seen(rig, POLICY)
    assert rig.as_("ada").send(f"{MINE}/activate", **fields).status_code == 422
    assert now(rig) == (None, 0)


def test_another_version_is_missing(rig: Rig) -> None:
    """A version that is not there is not found, and what is no version is told so."""
    assert rig.as_("ada").send(f"{PAGE}/{'0' * 64}/activate", stage="1", seen="0").status_code == 404
    assert rig.as_("ada").get(f"{PAGE}/{'0' * 64}").status_code == 404
    assert rig.as_("ada").get(f"{PAGE}/no-version").status_code == 422


def test_thin_traffic_goes_no_further(rig: Rig) -> None:
    """One person's word carries a preview of an hour to 1 %, and no further."""
    added(rig, POLICY)
    seen(rig, POLICY, span=timedelta(hours=1), figures=ENOUGH)
    put(rig, POLICY, 1, after=timedelta(hours=-1))
    answer = rig.as_("ada").send(f"{MINE}/activate", stage="10", seen="1")
    assert "too little traffic for 10 %" in answer.text
    approved(rig, POLICY)
    assert rig.as_("ada").send(f"{MINE}/activate", stage="10", seen="1").status_code == 200
    assert rig.console.clock() == NOW
