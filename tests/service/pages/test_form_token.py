"""Form tokens: of one link, for some hours, made by nobody else."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.act.desk import NOW

from stillwatch.act.secret import ServiceSecret
from stillwatch.service.pages.form_token import LASTS, form_token, is_form_token

KEY = ServiceSecret(bytes(32))


@given(st.text(max_size=100) | st.text(st.sampled_from("ABCabc012-_="), max_size=120))
def test_made_up_tokens_are_none(token: str) -> None:
    """Whatever somebody makes up is no token, and no error."""
    assert not is_form_token(KEY, "link", token, NOW)


def test_for_its_link_its_key_and_its_time() -> None:
    """A token counts for its link until it is too old, not before it was made, and not under another key."""
    token = form_token(KEY, "link", NOW)
    assert is_form_token(KEY, "link", token, NOW + LASTS)
    assert not is_form_token(KEY, "link", token, NOW + LASTS + timedelta(seconds=1))
    assert not is_form_token(KEY, "link", token, NOW - timedelta(minutes=2))
    assert not is_form_token(KEY, "other", token, NOW)
    assert not is_form_token(ServiceSecret(bytes(31) + b"\1"), "link", token, NOW)
    assert token != form_token(KEY, "link", NOW)


def test_a_link_is_no_form_token() -> None:
    """The code of a link under the same secret is worth nothing in a form."""
    token = form_token(KEY, "link", NOW)
    assert not is_form_token(KEY, "link", token[:-1] + ("A" if token[-1] != "A" else "B"), NOW)
