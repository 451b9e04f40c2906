"""A request is hidden as an exchange is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.rows import SALT, exchange, ndjson

from stillwatch.ingest import Content
from stillwatch.model.decision import Request
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.intake import Intake, IntakeRules
from stillwatch.service.concealing import RequestConcealer

IDS = ("account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")
TEXTS = ("prompt_text", "system_text")
VALUES = ["acct-1", "ann@x.org", "sk-abcdefghijklmnop", "Bearer abc", "key-0123", "@", "a@b@C.org", "Ünï"]


@pytest.mark.parametrize("content", ["full", "hashed", "none"])
@given(st.lists(st.sampled_from(VALUES), min_size=5, max_size=5))
def test_as_the_collector_stores_it(content: str, ids: list[str]) -> None:
    """Ids and texts of a request are those of the same exchange after the collector has taken it."""
    told: dict[str, Any] = dict(zip(IDS, ids, strict=True)) | {"prompt_text": "say x", "system_text": "be brief"}
    intake = Intake(IntakeRules(SALT, Content(content)))
    (stored,) = intake.read(ndjson([exchange("x", **told)]), BodyFormat.NATIVE).rows.to_pylist()
    hidden = RequestConcealer(SALT, content).request(Request(**told))
    assert {name: getattr(hidden, name) for name in IDS + TEXTS} == {name: stored[name] for name in IDS + TEXTS}
    assert RequestConcealer(SALT, content).request(hidden) == hidden


def test_nothing_to_hide_costs_nothing() -> None:
    """The same object comes back."""
    request = Request(account_id="acct-1", prompt_text="ann@x.org", session_id="s")
    assert RequestConcealer(SALT).request(request) is request
    assert RequestConcealer(SALT, "none").request(replace(request, prompt_text=None)).prompt_text is None
