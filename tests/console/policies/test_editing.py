"""The editor: start from another, check, add."""

from html import unescape
from urllib.parse import urlencode

from tests.act.policy.made import rule_text
from tests.console.conftest import Rig
from tests.console.policies.made import POLICY, added, put, seen

from stillwatch.act.policy.packaged import packaged
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.versions import load_version, n_versions

NEW, CHECK, ADD = (f"/console/policies/{path}" for path in ("new", "check", "add"))
HOSTILE = "</textarea><script>alert(1)</script>\u202e"


def n_added(rig: Rig) -> int:
    """How many versions there are."""
    with rig.home.engine.begin() as connection:
        return n_versions(connection)


def test_it_starts_from_another(rig: Rig) -> None:
    """From nothing, from one that comes along, and from a version by its first digits."""
    added(rig, POLICY)
    browser = rig.as_("ada")
    assert "[[rule]]" in browser.get(NEW).text
    assert "a ladder, the harshest first" in browser.get(f"{NEW}?from=strict").text
    assert "name = &#34;first&#34;" in browser.get(f"{NEW}?from={POLICY.version[:8]}").text
    assert browser.get(f"{NEW}?from=%2Fetc%2Fpasswd").status_code == 422
    assert browser.get(f"{NEW}?from={'0' * 12}").status_code == 404


def test_the_text_it_starts_with_can_be_added(rig: Rig) -> None:
    """Whoever begins with nothing begins with a policy that is right."""
    page = rig.as_("ada").get(NEW).text
    text = unescape(page.partition("required>\n")[2].partition("</textarea>")[0])
    assert "Added new as version" in rig.as_("ada").send(ADD, text=text).text


def test_a_check_shows_problems_beside_the_text(rig: Rig) -> None:
    """What was typed stays in the editor; problems point at lines; nothing is added."""
    page = rig.as_("ada").send(CHECK, text="a = 1\n[[rule]]\nname = 'x'\n")
    assert page.status_code == 200
    assert '<a href="#line-1">Line 1</a>' in page.text
    assert 'id="line-2"' in page.text
    assert "a = 1\n[[rule]]" in page.text
    assert n_added(rig) == 0


def test_a_check_shows_cases_warnings_and_the_difference(rig: Rig) -> None:
    """What it does, what may not be meant, and what it would change."""
    added(rig, POLICY)
    seen(rig, POLICY)
    put(rig, POLICY, 1)
    page = rig.as_("ada").send(CHECK, text=packaged("strict").text).text
    assert "Nothing is wrong with it" in page
    assert "passes" in page
    assert "rule resale" in page
    warned = rig.as_("ada").send(CHECK, text=rule_text("any", "stream.accused")).text
    assert "Allowed, and perhaps not meant" in warned


def test_it_is_added_as_it_was_written(rig: Rig) -> None:
    """Line ends of browsers are not kept; what says the same is the same version."""
    text = f'# A comment.\nname = "mine"\n{rule_text()}'
    page = rig.as_("ada").send(ADD, text=text.replace("\n", "\r\n"))
    assert "Added mine as version" in page.text
    version = read_policy(text, "policy.toml").version
    with rig.home.engine.begin() as connection:
        assert load_version(connection, version, rig.console.keys).text == text
    assert "which is there already" in rig.as_("bea").send(ADD, text=text).text
    assert n_added(rig) == 1


def test_what_is_wrong_is_not_added(rig: Rig) -> None:
    """Neither problems nor failing cases nor nothing nor too much."""
    browser = rig.as_("ada")
    failing = f'{rule_text()}\n[[case]]\nname = "never"\nexpects = "block"\n'
    for text in ("a = 1", failing, "#" * (257 << 10), HOSTILE):
        answer = browser.send(ADD, text=text)
        assert answer.status_code == 422, text[:20]
        assert "nothing was added" in answer.text
    assert n_added(rig) == 0


def test_a_quarter_of_a_mebibyte_may_be_sent(rig: Rig) -> None:
    """However its bytes are written in a form; more is refused before it is read."""
    browser = rig.as_("ada")
    text = "#" + "\u00e9" * (127 << 10) + "\n" + rule_text()
    assert len(urlencode({"text": text})) > 700_000
    assert browser.send(ADD, text=text).status_code == 200
    assert browser.send(ADD, text="\u00e9" * (200 << 10)).status_code == 413


def test_strangers_text_is_text(rig: Rig) -> None:
    """Markup in a policy is shown, hidden characters are marked, and nothing of it runs."""
    page = rig.as_("ada").send(CHECK, text=f"# {HOSTILE}\na = 1").text
    assert "<script>alert" not in page
    assert "&lt;/textarea&gt;" in page
    assert "U+202E" in page


def test_what_comes_along_is_added_by_a_button(rig: Rig) -> None:
    """Once; another name is not found."""
    browser = rig.as_("ada")
    assert "Added strict as version" in browser.send("/console/policies/packaged", name="strict").text
    assert "which is there already" in browser.send("/console/policies/packaged", name="strict").text
    assert browser.send("/console/policies/packaged", name="mine").status_code == 404
    assert browser.send("/console/policies/packaged").status_code == 422


def test_who_may_not(rig: Rig) -> None:
    """A viewer writes no policies."""
    browser = rig.as_("vera")
    assert browser.get(NEW).status_code == 403
    assert browser.send(ADD, text=rule_text()).status_code == 403
    assert browser.client.post(ADD, data={"text": rule_text()}).status_code == 403
