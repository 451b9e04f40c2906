"""The list of policies: what is in force, versions, what comes along, history."""

from datetime import timedelta

from sqlalchemy import update
from tests.console.conftest import NOW, Rig
from tests.console.policies.made import LARGE, OTHER, POLICY, added, approved, put, seen

from stillwatch.act.policy.tables import VERSIONS

PAGE = "/console/policies"


def test_nothing_yet(rig: Rig) -> None:
    """Before there is anything the page says so, and offers what comes along."""
    page = rig.as_("ada").get(PAGE)
    assert page.status_code == 200
    for words in ("Nothing ever was", "No version yet", "No changes yet", "Add default", "Add strict"):
        assert words in page.text


def test_what_is_in_force(rig: Rig) -> None:
    """Name, stage, who put it in force and who approved stand on top; a rollback names what it goes back to."""
    added(rig, POLICY, OTHER)
    seen(rig, POLICY)
    put(rig, POLICY, 1, after=timedelta(hours=-3))
    seen(rig, OTHER, LARGE)
    approved(rig, OTHER)
    put(rig, OTHER, 10, after=timedelta(hours=-2))
    page = rig.as_("ada").get(PAGE).text
    assert 'aria-label="10 % of accused streams"' in page
    assert "Approved by</dt><dd>bea" in page
    assert "Go back to first at 1 %" in page
    assert f'name="seen" value="{2}"' in page
    assert "Streams that the stage has not reached" in page
    assert "4.0 % of exchanges" in page


def test_who_may_not_sees_no_forms(rig: Rig) -> None:
    """A viewer is offered nothing to change, and sees everything else."""
    added(rig, POLICY)
    seen(rig, POLICY)
    put(rig, POLICY, 1)
    page = rig.as_("vera").get(PAGE).text
    assert "in force at 1 %" in page
    assert f'action="{PAGE}' not in page
    assert "Write a policy" not in page


def test_states_of_versions(rig: Rig) -> None:
    """Added, previewed, preview too old and changed behind everybody's back are told apart."""
    added(rig, POLICY, OTHER)
    assert rig.as_("vera").get(PAGE).text.count('<span class="state">added</span>') == 2
    seen(rig, POLICY, at=NOW - timedelta(days=8))
    seen(rig, OTHER, at=NOW - timedelta(days=2))
    page = rig.as_("vera").get(PAGE).text
    assert "preview too old" in page
    assert "previewed 2 days ago" in page
    with rig.home.engine.begin() as connection:
        changed = {"what": "version", "version": OTHER.version}
        connection.execute(update(VERSIONS).where(VERSIONS.c.version == OTHER.version).values(signed=changed))
    answer = rig.as_("vera").get(PAGE)
    assert answer.status_code == 200
    assert "changed after it was signed" in answer.text


def test_a_changed_version_in_force_is_told_and_can_be_left(rig: Rig) -> None:
    """The page still opens, says that everything is observed, and lets somebody stop or go back."""
    added(rig, POLICY)
    seen(rig, POLICY)
    put(rig, POLICY, 1)
    with rig.home.engine.begin() as connection:
        connection.execute(update(VERSIONS).where(VERSIONS.c.version == POLICY.version).values(text="name = 'x'"))
    browser = rig.as_("ada")
    assert "Everything is observed:" in browser.get(PAGE).text
    assert "Nothing is in force now" in browser.send(f"{PAGE}/stop", seen="1").text


def test_versions_and_changes_are_paged(rig: Rig) -> None:
    """Fifty versions and twenty changes stand on a page, with the way to the others."""
    added(rig, POLICY)
    seen(rig, POLICY)
    for n in range(24):
        if n % 2:
            rig.as_("ada").send(f"{PAGE}/stop", seen=str(n))
        else:
            put(rig, POLICY, 1)
    page = rig.as_("ada").get(PAGE).text
    assert "1 to 20 of 24 changes" in page
    assert "21 to 24 of 24 changes" in rig.as_("ada").get(f"{PAGE}?changes=2").text
    assert "No version on this page" in rig.as_("ada").get(f"{PAGE}?page=9").text


def test_what_the_running_service_says(rig: Rig) -> None:
    """A problem of the policy in force stands on top of the page."""
    object.__setattr__(rig.console, "status", lambda: {"problems": {"policy": ("it touched too much of traffic",)}})
    assert "The service says: it touched too much of traffic." in rig.as_("vera").get(PAGE).text
