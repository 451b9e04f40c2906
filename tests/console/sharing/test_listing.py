"""The lists show what the node's own database holds, page by page, and ask nobody."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete, insert, select, update
from tests.console.conftest import Rig
from tests.console.sharing.members import Beside, now

from stillwatch.console.sharing.database import looking_at
from stillwatch.console.sharing.out import ours
from stillwatch.share.node.said import OPINIONS
from stillwatch.share.node.tables import ANSWERS, APPEALS_FILED, APPEALS_TOLD, OBJECTS, OWN, PASSED_OVER
from stillwatch.share.node.trust_tables import GRADES
from stillwatch.share.stix.ids import time_text
from stillwatch.signing.stamp import stamp

LISTS = ("", "/out", "/in", "/matches", "/answers", "/trust", "/taken-back")
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is looked at calls nobody."""

    def never(*_: object, **__: object) -> None:
        message = "a page asks nobody"
        raise AssertionError(message)

    for name in ("request", "stream", "Client"):
        monkeypatch.setattr(httpx, name, never)


@pytest.fixture
def many(pair: Beside) -> Iterator[int]:
    """So many more answers, none of which is sent."""
    rows = [
        {"indicator_id": f"indicator-{n}", "version": f"{n}", "answer": None, "days": 1, "coverage": 0.0, "body": None}
        | {"sighting_id": None, "checked_at": time_text(now().replace(microsecond=0)), "is_sent": False}
        for n in range(120)
    ]
    engine = pair.houses["beta"].service.node.engine
    with engine.begin() as connection:
        connection.execute(insert(ANSWERS), rows)
    yield len(rows)
    with engine.begin() as connection:
        connection.execute(delete(ANSWERS).where(ANSWERS.c.indicator_id.like("indicator-%")))


def text_of(pair: Beside, path: str, house: str = "alpha") -> str:
    """A page of the room, as a viewer sees it."""
    answer = pair.as_("vera", house).get(f"/console/sharing{path}")
    assert answer.status_code == 200, answer.text[-400:]
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", answer.text)
    return str(answer.text)


@pytest.mark.parametrize("path", LISTS)
def test_who_is_no_member_is_told_how_to_join(rig: Rig, path: str) -> None:
    """On every page of the room."""
    text = rig.as_("vera").get(f"/console/sharing{path}").text
    assert "You take part in no exchange" in text
    assert "join-the-exchange" in text


def test_a_node_that_never_ran_says_so_and_gets_no_database(idle: Rig) -> None:
    """Looking makes nothing."""
    assert "The node has never run" in idle.as_("vera").get("/console/sharing").text
    assert idle.console.node is not None
    assert not idle.console.node.folder.exists()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("house", ["alpha", "beta"])
def test_every_page_is_shown_to_a_viewer(pair: Beside, path: str, house: str) -> None:
    """Without a form, since a viewer does nothing."""
    assert '<form method="post" action="/console/sharing' not in text_of(pair, path, house)


def test_overview_says_who_the_member_is_and_how_much_there_is(pair: Beside) -> None:
    """Alpha has told one; beta was told it and saw it."""
    alpha, beta = (text_of(pair, "", house) for house in ("alpha", "beta"))
    for house, text in (("alpha", alpha), ("beta", beta)):
        assert pair.houses[house].member_id in text
    assert pair.told[:8] in alpha
    assert pair.told[:8] in beta
    assert "1 member saw it" in alpha


def test_out_shows_campaign_level_and_what_others_say(pair: Beside) -> None:
    """And can be narrowed to what was taken back."""
    text = text_of(pair, "/out")
    assert pair.harvest in text
    assert "TLP:AMBER" in text
    assert "stands" in text
    assert "No indicator fits" in text_of(pair, "/out?state=gone")


def test_in_shows_who_when_and_our_answer(pair: Beside) -> None:
    """Filtered by answer and by member."""
    assert "seen here" in text_of(pair, "/in?state=seen", "beta")
    assert "No indicator fits" in text_of(pair, "/in?state=looked-not-seen", "beta")
    who = pair.house.member_id
    assert pair.told[:8] in text_of(pair, f"/in?from={who}", "beta")
    assert pair.told[:8] not in text_of(pair, "/in?from=nobody", "beta")


def test_matches_show_own_evidence_beside_the_word(pair: Beside) -> None:
    """With the campaign that the family is in, as the newest index has it."""
    text = text_of(pair, "/matches", "beta")
    assert "Our own bits" in text
    assert "campaign-" in text
    assert "No match fits" in text_of(pair, "/matches?state=gone", "beta")
    assert "No match fits" in text_of(pair, "/matches?state=stands")


def test_answers_are_paged(pair: Beside, many: int) -> None:
    """Fifty a page; a page beyond the last one is empty and says so."""
    first = text_of(pair, "/answers?state=waiting", "beta")
    assert f"of {many} answers" in first
    assert first.count('<th scope="row">') == 50
    assert (
        text_of(pair, "/answers?state=waiting&amp;page=3".replace("&amp;", "&"), "beta").count('<th scope="row">') == 20
    )
    assert "No answer fits" in text_of(pair, "/answers?state=waiting&page=4", "beta")
    assert "120</b>" in text_of(pair, "", "beta")


def test_trust_shows_grades_by_kind(pair: Beside) -> None:
    """The best of the grades that a kind was given; never asked is a dash."""
    engine = pair.houses["beta"].service.node.engine
    row = {"indicator_id": pair.told, "source": "B", "information": "3", "origins": 2, "entries": [4]}
    with engine.begin() as connection:
        connection.execute(delete(GRADES).where(GRADES.c.indicator_id == pair.told))
        connection.execute(insert(GRADES), row)
    text = text_of(pair, "/trust", "beta")
    assert 'class="grade grade-B"' in text
    assert "With a second origin, proved" in text
    assert pair.house.member_id in text


def test_disputed_and_withdrawn_are_told_apart(pair: Beside) -> None:
    """A dispute of anybody's counts; what was taken back stands in a list of its own."""
    engine = pair.houses["beta"].service.node.engine
    told = {"indicator_id": pair.told, "origin": "somebody", "modified": "2026-11-27T00:00:00.000Z", "revoked": False}
    with engine.begin() as connection:
        connection.execute(insert(OPINIONS).values(**told, opinion="disagree", reason="research"))
    assert "hold" in text_of(pair, "/in?state=disputed", "beta")
    assert "disputed" in text_of(pair, "/matches", "beta")
    with engine.begin() as connection:
        connection.execute(delete(OPINIONS).where(OPINIONS.c.origin == "somebody"))
        connection.execute(update(OBJECTS).where(OBJECTS.c.object_id == f"indicator--{pair.told}").values(revoked=True))
    assert "taken back" in text_of(pair, "/in?state=gone", "beta")
    assert pair.told[:8] in text_of(pair, "/taken-back", "beta")
    with engine.begin() as connection:
        connection.execute(update(OBJECTS).values(revoked=False))


def test_appeals_are_listed_without_asking_the_forum(pair: Beside) -> None:
    """Those that were filed, and those that the node was told of."""
    engine = pair.houses["beta"].service.node.engine
    filed = {
        "reference": "7e0d0000",
        "indicator_id": pair.told,
        "grounds": "stale",
        "filed_at": stamp(now()),
        "body": b"",
    }
    with engine.begin() as connection:
        connection.execute(insert(APPEALS_FILED).values(**filed, is_sent=False))
        connection.execute(insert(APPEALS_TOLD).values(appeal="1a2b0000", indicator_id=pair.told))
    text = text_of(pair, "/taken-back", "beta")
    assert "not sent yet" in text
    assert "1a2b0000" in text
    with engine.begin() as connection:
        connection.execute(delete(APPEALS_FILED))
        connection.execute(delete(APPEALS_TOLD))


def test_what_strangers_have_written_is_shown_as_text(pair: Beside) -> None:
    """Names and reasons with markup and hidden characters."""
    engine = pair.houses["beta"].service.node.engine
    with engine.begin() as connection:
        connection.execute(insert(PASSED_OVER).values(place="x", origin=HOSTILE[:40], reason=HOSTILE))
    text = text_of(pair, "", "beta")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\u202e" not in text
    with engine.begin() as connection:
        connection.execute(delete(PASSED_OVER))


def test_an_indicator_whose_time_is_over_has_ended(pair: Beside) -> None:
    """It stands no more, though nobody has taken it back."""
    with pair.house.service.node.engine.begin() as connection:
        assert connection.execute(select(OWN.c.revoked).where(OWN.c.indicator_id == pair.told)).scalar() is False
    assert pair.rig.console.node is not None
    with looking_at(pair.rig.console.node) as connection:
        (own,) = ours(connection, campaign_id=pair.harvest)
    assert (own.state(now()), own.state(now() + timedelta(days=31))) == ("stands", "ended")


@pytest.mark.parametrize(
    ("name", "column"),
    [("out", "campaign_id"), ("in", "match_bits"), ("matches", "own_bits"), ("answers", "coverage")],
)
def test_lists_are_downloaded_as_they_were_asked_for(pair: Beside, name: str, column: str) -> None:
    """CSV and Parquet; no other form; the link stands under the list."""
    house = "alpha" if name == "out" else "beta"
    assert f"/sharing/{name}/table?as=csv" in text_of(pair, f"/{name}", house)
    browser = pair.as_("vera", house)
    head, first, *_ = browser.get(f"/console/sharing/{name}/table?as=csv").text.splitlines()
    assert column in head
    assert first
    assert browser.get(f"/console/sharing/{name}/table?as=parquet").content[:4] == b"PAR1"
    assert browser.get(f"/console/sharing/{name}/table?as=xls").status_code == 404
    none = "gone" if name != "answers" else "waiting"
    assert len(browser.get(f"/console/sharing/{name}/table?as=csv&state={none}").text.splitlines()) == 1
