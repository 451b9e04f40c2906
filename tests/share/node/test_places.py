"""Where a token may go: over TLS, or nowhere but to this machine."""

from pathlib import Path

import pytest
from tests.share.node.test_settings import GOOD

from stillwatch.errors import InvalidInput
from stillwatch.share.node.places import url_problem
from stillwatch.share.node.service import keys_told_by
from stillwatch.share.node.settings import read_settings


@pytest.mark.parametrize(
    "url",
    [
        "https://forum.example",
        "https://10.0.0.1:8460",
        "http://127.0.0.1:1",
        "http://127.9.9.9",
        "http://[::1]:8460",
        "http://localhost",
    ],
)
def test_tls_and_this_machine_are_fine(url: str) -> None:
    """Any host with https, loopback without."""
    assert url_problem("forum", url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://forum.example",
        "http://10.0.0.1:8460",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::ffff:10.0.0.1]",
        "ftp://forum.example",
        "forum.example:8460",
        "https://",
        "https://user:secret@forum.example",
        "https://forum.example/?token=secret",
        "https://forum.example:99999",
        "https://[half",
    ],
)
def test_everything_else_is_not_and_what_it_held_is_not_said(url: str) -> None:
    """A secret in a URL is in no message."""
    told = url_problem("forum", url)
    assert told is not None
    assert "secret" not in told


def test_settings_say_all_of_them_at_once(tmp_path: Path) -> None:
    """Forum and evaluators."""
    text = GOOD.replace("http://127.0.0.1:8460", "http://forum.example").replace("127.0.0.1:8461", "north.example")
    (tmp_path / "member.toml").write_text(text)
    with pytest.raises(InvalidInput) as told:
        read_settings(tmp_path / "member.toml")
    assert "forum must be an https URL" in str(told.value)
    assert "evaluators.north.url must be an https URL" in str(told.value)
    assert "south" not in str(told.value)


def test_an_evaluator_is_not_asked_for_its_keys_in_clear(tmp_path: Path) -> None:
    """The token stays in its file."""
    with pytest.raises(InvalidInput, match="in clear"):
        keys_told_by("http://north.example", tmp_path / "none.token")
