"""What a gateway asks and logs, held against the service's own readers."""

import io
from datetime import timedelta
from functools import partial

import orjson
import pytest
from tests.service.rehearsal.made import START, row

from stillwatch.act.gateways.native import Native
from stillwatch.ingest.native_ndjson import NativeNdjson
from stillwatch.model.decision import Action, GatewayCall
from stillwatch.model.reader import Record, Source
from stillwatch.service.rehearsal.requests import asked, bodies, logged


def test_a_question_is_read_as_the_exchange_it_will_be() -> None:
    """The native gateway gets every field that is known before the answer, and nothing of the answer."""
    body = asked(row())
    request = Native().request(GatewayCall("POST", "/v1/decide", {}, body))
    assert request.request_id == "x-1"
    for name in ("account_id", "organisation_id", "operation", "model", "system_text", "prompt_text", "turn_count"):
        assert getattr(request, name) == row()[name], name
    for name in ("time", "temperature", "max_tokens", "has_tools", "client_address", "client_build"):
        assert getattr(request, name) == row()[name], name
    assert b"Rayleigh" not in body


def test_an_exchange_without_texts_is_asked_about_all_the_same() -> None:
    """In content mode none there are none."""
    body = asked(row(prompt_text=None, system_text=None))
    request = Native().request(GatewayCall("POST", "/v1/decide", {}, body))
    assert (request.account_id, request.prompt_text, request.system_text) == ("a-1", None, None)


@pytest.mark.parametrize(
    ("action", "reasoning", "output"),
    [(Action.OBSERVE, 80, 120), (Action.THROTTLE, 80, 120), (Action.WITHHOLD_REASONING, 0, 40)],
)
def test_a_log_tells_what_was_served(action: Action, reasoning: int, output: int) -> None:
    """Without reasoning its tokens are gone, from the answer's too."""
    told = orjson.loads(logged(row(), action))
    assert (told["reasoning_tokens"], told["output_tokens"]) == (reasoning, output)
    assert told["output_text"] == "Rayleigh."


def test_bodies_hold_every_row_once_in_order() -> None:
    """Twelve thousand rows in bodies of five thousand, as the collector reads them, each with its last time."""
    rows = [row(exchange_id=f"x-{n}", time=START + timedelta(seconds=n)) for n in range(12_000)]
    found, ends = [], []
    for body, n, last in bodies(rows):
        read = list(NativeNdjson().read(Source("body", partial(io.BytesIO, body), body[:1000])))
        assert len(read) == n
        found += [one.fields["exchange_id"] for one in read if isinstance(one, Record)]
        ends.append(last)
    assert found == [f"x-{n}" for n in range(12_000)]
    assert ends == [START + timedelta(seconds=n) for n in (4_999, 9_999, 11_999)]
    assert list(bodies([])) == []
