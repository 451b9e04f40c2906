"""Links that stand in reasons are taken out of whatever is shown or recorded."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.act.decide.made import world
from tests.act.desk import Office, decision, notice

from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.audit.verify import verify
from stillwatch.act.decide.records import Decided, told
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.links_in_text import with_link, without_links, without_tokens
from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import FailedProof
from stillwatch.ledger.tables import DOCUMENTS

PIECES = ("/appeal/", "https://x/appeal/A", "a", " ", "(", ",", "appeal", "\n")
LINKS = AppealLinks(ServiceSecret(bytes(32)), "https://api.example")


def test_no_page_and_no_record_shows_a_link(opened: Office) -> None:
    """A reason with the link in it is shown and recorded without; its token is nowhere."""
    made, one = decision(), notice()
    token = LINKS.appeal_url(made).rpartition("/")[2]
    reason = f"Too many. Object at {LINKS.appeal_url(made)}, please."
    assert without_links(reason) == "Too many. Object at (link), please."
    opened.tell(replace(one, reason=reason))
    with opened.engine.begin() as connection:
        shown = notice_of(connection, one.decision_id)
    assert shown is not None
    assert token not in shown.reason
    assert token not in str(told(Decided(one.stream, replace(made, reason=reason), None)))


def test_the_audit_of_decisions_holds_with_links_in_reasons(tmp_path: Path) -> None:
    """A decision whose reason names its link is on record without, and verifies; another reason does not."""
    with world(tmp_path) as running:
        assert "https://example.org/appeal/" in running.ask().reason
        running.settle()
        with running.engine.begin() as connection:
            assert verify(connection).n_decisions == 1
            assert "/appeal/" not in str(connection.execute(select(DOCUMENTS.c.document)).scalars().all())
            connection.execute(update(DECISIONS).values(reason="Something else"))
            with pytest.raises(FailedProof, match="not as it was recorded"):
                verify(connection)


def test_the_database_keeps_no_link_and_a_restart_has_it_again(tmp_path: Path) -> None:
    """What is kept of a reason opens nothing; the decision is the same after a restart, its link in its reason."""
    with world(tmp_path) as running:
        before = running.ask()
        running.settle()
        with running.engine.begin() as connection:
            kept = connection.execute(select(DECISIONS.c.reason)).scalar_one()
    assert before.appeal_url is not None
    assert before.appeal_url in before.reason
    assert kept == before.reason.replace(before.appeal_url.rpartition("/")[2], "")
    with world(tmp_path) as running:
        assert running.ask() == before


AROUND = ("a", "(", ").", ",", "/appeals", "an appeal", "\n", "https://api.example/")


@given(st.lists(st.sampled_from((*AROUND, LINKS.appeal_url(decision()))), max_size=12))
def test_a_link_comes_back_where_it_was_cut_off(pieces: list[str]) -> None:
    """Whatever stands around links, what is kept has no token, shows as before, and has the link again."""
    link, text = LINKS.appeal_url(decision()), " ".join(pieces)
    kept = without_tokens(text)
    assert link.rpartition("/")[2] not in kept
    assert without_links(kept) == without_links(text)
    assert with_link(kept, link) == with_link(text, link) == text


@given(st.text(alphabet=" \n/:(),.aZ9_-=", max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_as_found_from_every_place(text: str) -> None:
    """Looking where words begin only finds what looking from every place finds."""
    assert without_links(text) == re.sub(r"\S*/appeal/[A-Za-z0-9_=-]*", "(link)", text)


def test_a_word_of_any_length_is_gone_through_once() -> None:
    """Of half a million characters without a link every one is looked at once, not from each place to the end."""
    assert without_links("x" * 500_000) == "x" * 500_000


LINK = "https://api.example/appeal/AbC_1-"


@pytest.mark.parametrize("around", ["{}", "Object: {}, please.", "({}) or write", "a\n<{}>"])
def test_the_right_link_stays_with_what_stands_around_it(around: str) -> None:
    """A reason is not changed by a restart."""
    assert with_link(around.format(LINK), LINK) == around.format(LINK)


@pytest.mark.parametrize("other", ["https://elsewhere.example/appeal/AbC_1-", f"https://x.example/{LINK}", LINK + "2"])
def test_another_link_is_put_right(other: str) -> None:
    """Whoever can write into the row leads nobody away."""
    assert with_link(f"Object: {other} .", LINK) == f"Object: {LINK} ."
