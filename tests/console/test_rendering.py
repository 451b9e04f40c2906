"""Pages: nothing runs but our own files, and no text becomes anything but text."""

import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from tests.report.examples import HOSTILE

from stillwatch.console.rendering import HEADERS, _ago, _environment, _plural, _shown, rendered

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TEXT_FILTERS = ("named", "visible", "shown")
INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2028\u2029\x00-\x08\x0b-\x1f\x7f]")


class Read(HTMLParser):
    """Tags and text as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def filtered(name: str, text: str) -> str:
    """What a template writes of a text through a filter."""
    return _environment().from_string(f"{{{{ text | {name} }}}}").render(text=text)


def test_nothing_is_loaded_or_run_but_our_own() -> None:
    """The policy allows this origin's files, and nothing inline."""
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert "*" not in HEADERS["content-security-policy"]
    assert "http" not in HEADERS["content-security-policy"]


def test_a_page_is_kept_by_nobody() -> None:
    """Not in caches, not in frames, not in search engines; its address goes nowhere else."""
    answer = rendered(
        "problem", {"visit": None, "status": pytest.importorskip("http").HTTPStatus(404), "told": HOSTILE}
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "<script>alert" not in bytes(answer.body).decode()
    assert "49" not in Read(bytes(answer.body).decode()).text


@pytest.mark.parametrize("name", TEXT_FILTERS)
def test_hostile_text_stays_text(name: str) -> None:
    """No tag of its own, no template that is worked out, nothing hidden that moves other text about."""
    read = Read(filtered(name, HOSTILE))
    assert set(read.tags) <= {"bdi", "span"}
    assert not INVISIBLE.search(read.text)
    assert read.text.startswith("<script>alert('x')</script>")


@pytest.mark.parametrize("name", TEXT_FILTERS)
@given(text=st.text(max_size=40))
def test_any_text_stays_text(name: str, text: str) -> None:
    """Of whatever characters: read back, what is visible is there and nothing is a tag."""
    read = Read(filtered(name, text))
    assert set(read.tags) <= {"bdi", "span"}
    assert not INVISIBLE.search(read.text)


@pytest.mark.parametrize("name", ["capitalize", "replace('a', 'b')", "string", "default('')"])
def test_filters_of_the_library_do_not_open_it(name: str) -> None:
    """What templates use besides keeps text text."""
    assert "<script" not in filtered(name, HOSTILE).lower()


def test_hostile_text_in_attributes() -> None:
    """A quote ends no attribute."""
    text = _environment().from_string('<a title="{{ text }}" href="{{ text | urlencode }}">x</a>').render(text=HOSTILE)
    assert Read(text).tags == ["a"]


def test_shown_keeps_lines_and_isolates_direction() -> None:
    """Line feeds stay; what is hidden is its code; what runs from right to left stays inside."""
    assert _shown("a\n\tb") == '<bdi dir="auto">a\n\tb</bdi>'
    assert _shown("a\u202eb") == ('<bdi dir="auto">a<span class="mark" title="hidden character">U+202E</span>b</bdi>')
    assert _shown("") == '<bdi dir="auto"></bdi>'
    assert len(_shown("x" * 50_000)) < 50_100


def test_a_missing_name_is_an_error() -> None:
    """A template shows no empty place for what was forgotten."""
    with pytest.raises(UndefinedError):
        _environment().from_string("{{ visit.user.nam }}").render(visit={})


@pytest.mark.parametrize("name", ["when", "day"])
def test_times_are_utc_for_machines_and_people(name: str) -> None:
    """Of any zone; none is a dash."""
    here = NOW.astimezone(timezone(timedelta(hours=9, minutes=30)))
    text = _environment().from_string(f"{{{{ at | {name} }}}}").render(at=here)
    assert 'datetime="2026-11-27T12:00:00+00:00"' in text
    assert 'title="2026-11-27 12:00:00 UTC"' in text
    assert _environment().from_string(f"{{{{ at | {name} }}}}").render(at=None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (3_600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (172_800, "2 days ago"),
        (-30, "in less than a minute"),
        (-7_200, "in 2 hours"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    """In the largest unit that fits, forwards too."""
    assert _ago(NOW - timedelta(seconds=seconds), NOW) == words
    assert _ago(None, NOW) == "never"


def test_numbers_with_nouns() -> None:
    """One is one."""
    assert (_plural(0, "stream"), _plural(1, "stream"), _plural(2, "family", "families")) == (
        "0 streams",
        "1 stream",
        "2 families",
    )


def test_every_template_is_read() -> None:
    """No template has a mistake in its grammar, and none holds code or style of its own."""
    made = _environment()
    assert made.loader is not None
    for name in made.list_templates():
        made.get_template(name)
        source = made.loader.get_source(made, name)[0]
        bare = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|<style|\son[a-z]+=|javascript:", bare), name
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", bare), name


def test_every_form_that_is_sent_carries_its_token() -> None:
    """Or is of those that have no session yet, or end it."""
    made = _environment()
    assert made.loader is not None
    without = set()
    for name in made.list_templates():
        source = made.loader.get_source(made, name)[0]
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source, flags=re.DOTALL | re.IGNORECASE):
            if "token()" not in form and "form_token" not in form:
                without.add(name)
    assert without <= {"login.html.j2", "frame.html.j2"}
