"""What a handler sees of a request, and the paths that pages lead to."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.console.conftest import Rig

from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.access.roles import Right
from stillwatch.service.access.sessions import Session
from stillwatch.service.access.users import user_named

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def ada(standing: Rig) -> Session:
    """Of an analyst."""
    with standing.home.engine.begin() as connection:
        return Session(user_named(connection, "ada"), "0" * 64, AT, AT)


def asking(standing: Rig, ada: Session, **query: str) -> Visit:
    """A visit with that query."""
    return Visit(standing.console, ada, query=query)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=3), st.text(max_size=8))
def test_paths_hold_what_they_were_made_of(parts: list[str], word: str) -> None:
    """Each part is one part whatever is in it, and the query is read back; nothing leaves the console."""
    url = urlsplit(at(*parts, q=word))
    assert [unquote(part) for part in url.path.split("/")[2:]] == parts
    assert parse_qs(url.query).get("q", [""]) == [word]
    assert (url.scheme, url.netloc, url.fragment, url.path.split("/")[1]) == ("", "", "", "console")


def test_what_says_nothing_is_left_out() -> None:
    """None, empty and false; zero says something."""
    assert at("a", x=None, y="", z=False, n=0, yes=True) == "/console/a?n=0&yes=True"
    assert at() == at("") == "/console"


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("2", 2),
        ("0002", 2),
        ("1000000", 1_000_000),
        ("1000001", 1),
        ("0", 1),
        ("-1", 1),
        ("1.5", 1),
        ("²", 1),
        ("٣", 1),
        ("", 1),
        (" 2", 1),
        ("1e3", 1),
        ("9" * 5_000, 1),
        ("0000000001" + "9" * 5_000, 1),
        ("0000000001999", 1),
    ],
)
def test_numbers_of_the_query(standing: Rig, ada: Session, told: str, number: int) -> None:
    """What is no page number is the first page, however many digits it has."""
    assert asking(standing, ada, page=told).number("page") == number
    assert asking(standing, ada).number("page", 7) == 7


def test_words_of_the_query(standing: Rig, ada: Session) -> None:
    """Bounded; of a closed list only what is in it."""
    visit = asking(standing, ada, sort="bits; --", q="x" * 10_000)
    assert visit.asked("sort", "bits", "cost", default="bits") == "bits"
    assert asking(standing, ada, sort="cost").asked("sort", "bits", "cost") == "cost"
    assert len(visit.asked("q")) == 500
    assert visit.asked("missing") == ""


def test_fields_that_are_needed(standing: Rig, ada: Session) -> None:
    """Empty is missing, and the message names the field."""
    visit = Visit(standing.console, ada, fields={"why": " ended ", "in_words": "  "})
    assert visit.needed("why") == "ended"
    for name in ("in_words", "other"):
        with pytest.raises(InvalidInput, match=name.replace("_", " ")):
            visit.needed(name)


@pytest.mark.parametrize("told", ["x" * 501, "a\0b"])
def test_parts_that_are_nothing(standing: Rig, ada: Session, told: str) -> None:
    """Too long, or of a character that PostgreSQL takes in no text: there is no such page."""
    with pytest.raises(MissingData, match="no such page"):
        Visit(standing.console, ada, path={"campaign": told}).part("campaign")
    assert Visit(standing.console, ada, path={"campaign": "a/b"}).part("campaign") == "a/b"


def test_rights_and_places_are_the_users(standing: Rig, ada: Session) -> None:
    """An analyst may reveal and not administer; the menu says the same."""
    visit = asking(standing, ada)
    assert visit.may(Right.REVEAL)
    assert not visit.may(Right.ADMINISTER)
    assert "appeals" in [place.name for place in visit.places]
    assert "settings" not in [place.name for place in visit.places]


def test_a_word_is_shown_once_on_the_next_page(rig: Rig) -> None:
    """Text, whatever it holds; of the page after it nothing is left."""
    ada = rig.as_("ada")
    answer = ada.send("/console/campaigns/c-relay00017/note", text="<b>seen</b>")
    assert "The note is kept." in answer.text
    assert "The note is kept." not in ada.get("/console/campaigns/c-relay00017").text
