"""The page of a version: what it says, the difference, previews, when it was in force."""

from datetime import timedelta

from sqlalchemy import update
from tests.act.policy.made import rule_text
from tests.console.conftest import NOW, Rig
from tests.console.policies.made import DRAWN, LARGE, OTHER, POLICY, added, approved, put, seen

from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import VERSIONS

PAGE = "/console/policies"
MINE = f"{PAGE}/{POLICY.version}"


def test_what_it_says(rig: Rig) -> None:
    """Rules in their order with what a customer reads, tiers, limits."""
    added(rig, DRAWN)
    page = rig.as_("vera").get(f"{PAGE}/{DRAWN.version}").text
    places = [page.index(f"<bdi>{rule.name}</bdi>") for rule in DRAWN.rules]
    assert places == sorted(places)
    for words in ("Slower, at most 3.", "a young account in a campaign", "5 %", "2 a day for each stream, then 0.2"):
        assert words in page


def test_first_digits_lead_to_it(rig: Rig) -> None:
    """A version is found by its first digits, and its whole name stays in the address."""
    added(rig, POLICY)
    answer = rig.as_("vera").get(f"{PAGE}/{POLICY.version[:10]}")
    assert answer.url.path == MINE


def test_the_difference_to_another(rig: Rig) -> None:
    """To another version, to one that comes along, and to what is none."""
    added(rig, POLICY, OTHER)
    browser = rig.as_("vera")
    page = browser.get(f"{MINE}?against={OTHER.version}").text
    assert "changed: action" in page
    assert "<del>then = &#34;block&#34;</del>" in page.replace('<bdi dir="auto">', "").replace("</bdi>", "")
    assert "rule declared" in browser.get(f"{MINE}?against=default").text
    assert "They do the same" in browser.get(f"{MINE}?against={POLICY.version}").text
    assert browser.get(f"{MINE}?against=nothing").status_code == 422
    assert browser.get(f"{MINE}?against={'0' * 64}").status_code == 404


def test_previews_approvals_and_changes(rig: Rig) -> None:
    """Each with who and when; those of other versions are not there."""
    added(rig, POLICY, OTHER)
    seen(rig, POLICY, LARGE, at=NOW - timedelta(hours=3))
    approved(rig, POLICY)
    seen(rig, OTHER)
    put(rig, POLICY, 1, after=timedelta(hours=-1))
    put(rig, OTHER, 1)
    page = rig.as_("vera").get(MINE).text
    assert f'href="{MINE}/previews/1"' in page
    assert "previews/2" not in page
    assert "put in force at 1 %" in page
    assert f'<a href="{PAGE}/{OTHER.version}">another version</a> is, at 1 %' in page
    assert "It never was" not in page


def test_forms_are_of_those_who_may(rig: Rig) -> None:
    """An approver is offered to approve, an analyst to activate, a viewer nothing."""
    added(rig, POLICY)
    seen(rig, POLICY, LARGE)
    assert f'action="{MINE}/approve"' in rig.as_("bea").get(MINE).text
    assert 'approve"' not in rig.as_("ada").get(MINE).text
    approved(rig, POLICY)
    assert f'action="{MINE}/activate"' in rig.as_("ada").get(MINE).text
    assert f'action="{MINE}/' not in rig.as_("vera").get(MINE).text


def test_its_text_as_a_file(rig: Rig) -> None:
    """As it was written, under a name that fits a file."""
    added(rig, POLICY)
    answer = rig.as_("vera").get(f"{MINE}/text")
    assert answer.text == POLICY.text
    assert answer.headers["content-disposition"] == f'attachment; filename="first-{POLICY.version[:12]}.toml"'


def test_strangers_text_is_text(rig: Rig) -> None:
    """Markup and hidden characters in what a customer reads are shown as text."""
    hostile = read_policy(
        rule_text(reason='"<script>alert(1)</script>"', when="stream.accused && request.model == '<b>'"), "h.toml"
    )
    added(rig, hostile)
    page = rig.as_("ada").get(f"{PAGE}/{hostile.version}").text
    assert "<script>alert" not in page
    assert "<b>&#39;" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_version_that_was_changed(rig: Rig) -> None:
    """It is not shown as if it were what was signed."""
    added(rig, POLICY)
    with rig.home.engine.begin() as connection:
        connection.execute(update(VERSIONS).values(text="name = 'other'"))
    answer = rig.as_("ada").get(MINE)
    assert answer.status_code == 503
    assert "was changed after it was signed" in answer.text
