"""One indicator: what it says, and to dispute it or take it back, by a job and on record."""

import orjson
import pytest
from sqlalchemy import delete, select, update
from tests.console.conftest import Rig
from tests.console.sharing.members import Beside

from stillwatch.errors import UnreadableSource
from stillwatch.ledger.entry import Kind
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.said import OPINIONS
from stillwatch.share.node.tables import OBJECTS, OWN

NOBODY = "7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b"


def path_of(pair: Beside, *more: str) -> str:
    """Page of the indicator that alpha has told."""
    return "/".join(("/console/sharing/indicators", pair.told, *more))


def test_both_sides_see_it_in_words(pair: Beside) -> None:
    """Level, techniques, tags by kind, when; and its own evidence where it matches."""
    alpha, beta = (pair.as_("vera", house).get(path_of(pair)).text for house in ("alpha", "beta"))
    for text in (alpha, beta):
        assert pair.told in text
        assert "TLP:AMBER" in text
        assert "prompts follow a template" in text
        assert "Hours of the week" in text
    assert ("Ours, of campaign" in alpha, "Ours, of campaign" in beta) == (True, False)
    assert "Our own verdict" in beta
    assert "seen here" in alpha


def test_who_only_looks_has_no_forms(pair: Beside) -> None:
    """And is refused when it sends one."""
    assert "Take it back" not in pair.as_("vera").get(path_of(pair)).text
    assert pair.as_("vera").send(path_of(pair, "revoke")).status_code == 403
    assert pair.as_("alma", "beta").send(path_of(pair, "dispute"), reason="research").status_code == 403


def test_what_crossed_can_be_downloaded(pair: Beside) -> None:
    """As STIX, the bytes that the node holds."""
    answer = pair.as_("vera").get(path_of(pair, "bundle"))
    assert answer.headers["content-type"].startswith("application/stix+json")
    assert "attachment" in answer.headers["content-disposition"]
    with pair.house.service.node.engine.begin() as connection:
        body = connection.execute(select(OWN.c.body).where(OWN.c.indicator_id == pair.told)).scalar_one()
    assert answer.content == body
    theirs = pair.as_("vera", "beta").get(path_of(pair, "bundle")).json()
    assert {made["type"] for made in theirs["objects"]} >= {"indicator"}


@pytest.mark.parametrize("name", [NOBODY, "x", "<script>", "a" * 600])
def test_what_the_node_does_not_have_is_not_found(pair: Beside, name: str) -> None:
    """An id of nobody's, and what is none."""
    answer = pair.as_("ada").get(f"/console/sharing/indicators/{name}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert pair.as_("ada").send(f"/console/sharing/indicators/{name}/dispute").status_code == 404


def test_a_dispute_needs_a_reason_of_the_list(pair: Beside) -> None:
    """The form is shown again; nothing is told."""
    for fields in ({}, {"reason": "they are our best customer"}):
        answer = pair.as_("ada", "beta").send(path_of(pair, "dispute"), **fields)
        assert answer.status_code == 422
        assert "choose a reason" in answer.text
        assert "best customer" not in answer.text
    assert ("ada", "disputing", pair.told) not in pair.recorded(Kind.OPINION)


def test_each_side_has_its_own_form(pair: Beside) -> None:
    """One's own is taken back and not disputed; another's is disputed and not taken back."""
    assert pair.as_("ada").send(path_of(pair, "dispute"), reason="research").status_code == 422
    assert pair.as_("ada", "beta").send(path_of(pair, "revoke")).status_code == 422


def test_a_dispute_reaches_the_others(pair: Beside) -> None:
    """From beta's page to alpha's database, with the reason, on record under the person's name."""
    job = pair.job(pair.as_("ada", "beta").send(path_of(pair, "dispute"), reason="popular-template"), "ada", "beta")
    assert (job.wrong, job.where) == (None, f"{path_of(pair)}?done=disputed")
    assert "hold this indicator to be false" in pair.as_("ada", "beta").get(job.where or "").text
    pair.house.read()
    with pair.house.service.node.engine.begin() as connection:
        said = connection.execute(select(OPINIONS).where(OPINIONS.c.indicator_id == pair.told)).all()
    assert [(row.origin, row.reason) for row in said] == [(pair.houses["beta"].member_id, "popular-template")]
    assert "many unrelated people use the template" in pair.as_("vera").get(path_of(pair)).text
    told = [(who, what) for who, what, about in pair.recorded(Kind.OPINION) if about == pair.told]
    assert told == [("ada", "disputing"), ("ada", "disputed")]


def test_a_forum_that_is_away_is_said_and_can_be_asked_again(pair: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job ends in words; the record has what was wanted, and not that it was done."""
    before = pair.recorded(Kind.REVOKE)
    monkeypatch.setattr("stillwatch.share.node.service._asked", _away)
    job = pair.job(pair.as_("ada").send(path_of(pair, "revoke")), "ada")
    assert job.wrong == "the forum cannot be reached: ConnectError"
    assert pair.recorded(Kind.REVOKE)[len(before) :] == [("ada", "taking-back", pair.told)]
    with pair.house.service.node.engine.begin() as connection:
        assert connection.execute(select(OWN.c.revoked).where(OWN.c.indicator_id == pair.told)).scalar_one() is False


def _away(*_: object) -> None:
    message = "the forum cannot be reached: ConnectError"
    raise UnreadableSource(message)


def test_what_is_taken_back_is_withdrawn_at_the_others(pair: Beside) -> None:
    """From alpha's page to beta's findings; the page then says so and has no form any more."""
    job = pair.job(pair.as_("ada").send(path_of(pair, "revoke")), "ada")
    assert (job.wrong, job.where) == (None, f"{path_of(pair)}?done=taken-back")
    pair.houses["beta"].read()
    found = findings_in(pair.houses["beta"].service.node.engine)
    assert found
    assert all(one["withdrawn"] for one in found)
    page = pair.as_("ada").get(path_of(pair))
    assert "taken back" in page.text
    assert "Take it back everywhere" not in page.text
    beta = pair.as_("ada", "beta").get(path_of(pair))
    assert "its content is gone" in beta.text
    assert pair.as_("ada", "beta").get(path_of(pair, "bundle")).status_code == 404
    assert pair.as_("ada", "beta").send(path_of(pair, "dispute"), reason="research").status_code == 422
    assert pair.recorded(Kind.REVOKE)[-1] == ("ada", "taken-back", pair.told)


def test_forms_of_nobody_are_refused(pair: Beside) -> None:
    """Without the token of the session."""
    for what in ("dispute", "revoke"):
        answer = pair.as_("ada").client.post(path_of(pair, what), data={"reason": "research"})
        assert answer.status_code == 403


def test_a_damaged_object_is_an_error_of_ours(pair: Beside) -> None:
    """It is shown as one that holds nothing any more, and the page is no crash."""
    engine = pair.houses["beta"].service.node.engine
    made = {"object_id": f"indicator--{NOBODY}", "type": "indicator", "origin": "x", "modified": "", "revoked": False}
    with engine.begin() as connection:
        connection.execute(OBJECTS.insert().values(**made, body=orjson.dumps({"type": "indicator", "id": "x"})))
        connection.execute(update(OBJECTS).where(OBJECTS.c.object_id == made["object_id"]).values(origin="y"))
    answer = pair.as_("vera", "beta").get(f"/console/sharing/indicators/{NOBODY}")
    assert answer.status_code == 200
    with engine.begin() as connection:
        connection.execute(delete(OBJECTS).where(OBJECTS.c.object_id == made["object_id"]))


def test_who_is_no_member_has_no_indicator(rig: Rig) -> None:
    """Its page says how to join; its forms find nothing."""
    assert "You take part in no exchange" in rig.as_("ada").get(f"/console/sharing/indicators/{NOBODY}").text
    assert rig.as_("ada").send(f"/console/sharing/indicators/{NOBODY}/revoke").status_code == 404
    assert rig.as_("ada").get(f"/console/sharing/indicators/{NOBODY}/bundle").status_code == 404
