"""What was sent is searched for where it must not be: in the log of all requests, in the database, in figures."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.service.collect.rows import exchange, ndjson
from tests.service.hostile.asking import throttled
from tests.service.hostile.running import Process
from tests.service.pages.visitor import hidden_fields

from stillwatch.service.openapi import document
from stillwatch.web.tokens import parse_token

PROMPT = "planted-prompt-7f31"
KEY = "sk-planted000000000000000000000000000000000000007f31"
MAIL = "Planted.Name@mail.example"
GUESS = f"sws.{'7f31' * 4}.{'Planted' * 6}z"
PATH = "planted-path-7f31"
WORDS = "planted-words-7f31: we are a school, and all our pupils use one worksheet."
MESSAGES = [{"role": "user", "content": f"{PROMPT} {{}} <b>"}]


@dataclass(frozen=True)
class Sent:
    """A call."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def calls() -> Iterator[Sent]:
    """Everything planted, in every way that there is, well-formed and not."""
    row = exchange("planted", prompt_text=PROMPT, account_id=KEY, end_user_id=MAIL, system_text=PROMPT)
    yield Sent("POST", "/v1/exchanges", ndjson([row]) + f'{{"exchange_id": "{PROMPT}'.encode())
    yield Sent("POST", "/v1/exchanges", ndjson([row | {"exchange_id": "b", "temperature": PROMPT, "time": PROMPT}]))
    yield Sent(
        "POST", "/v1/litellm", _json([{"id": "p", "messages": MESSAGES, "metadata": {"user_api_key_hash": KEY}}])
    )
    yield Sent("POST", "/v1/traces", _json({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": PROMPT}]}]}]}))
    yield Sent("POST", "/v1/logs", _json({"resourceLogs": PROMPT}))
    told: list[dict[str, Any]] = [
        {"account_id": KEY, "prompt_text": PROMPT, "end_user_id": MAIL},
        {"account_id": MAIL, "body": {"messages": MESSAGES}, "temperature": PROMPT},
        {"input_type": "request", "structured_messages": MESSAGES, "request_data": {"user_api_key_hash": KEY}},
        {"input": {"request": {"headers": {"authorization": f"Bearer {KEY}"}, "body": {"messages": MESSAGES}}}},
        {
            "subject": {"type": "user", "id": KEY},
            "action": {"name": PROMPT},
            "resource": {"type": "model", "id": PROMPT},
            "context": {"body": {"messages": MESSAGES}},
        },
    ]
    for path in (path.replace("{package}", PATH) for path, has in document()["paths"].items() if "post" in has):
        for body in told if path != "/appeal/{token}" else ():
            yield Sent("POST", path, _json(body), {"authorization": f"Bearer {KEY}", "x-stillwatch-account": KEY})
        yield Sent("POST", path, PROMPT.encode(), {"content-type": f"text/{PROMPT}"})
        yield Sent("POST", path, _json({"a": PROMPT})[:-1], {"content-encoding": PROMPT})
    for path in ("/v1/decide", "/metrics", f"/{PATH}", f"/appeal/{PATH}", f"/v1/decisions?ip={PATH}", f"/?q={GUESS}"):
        yield Sent("GET", path, headers={"x-stillwatch-token": GUESS, "x-request-id": PATH, "referer": PATH})
        yield Sent("PLANTED-METHOD-7F31", path)


def _json(told: object) -> bytes:
    return json.dumps(told).encode()


def test_nothing_that_was_sent_is_where_it_must_not_be(process: Process) -> None:
    """No prompt, key, token, link, path or word of a customer in log and figures, and no prompt or key on record."""
    home, folder = process.home, process.home.settings.folder
    with process.client() as client:
        for call in calls():
            headers = {"content-type": "application/json", **call.headers}
            answer = client.request(call.method, call.path, content=call.body, headers=headers)
            assert answer.status_code < 500 or call.path.startswith(("/v1/envoy", "/v1/nginx")), call
            assert PROMPT not in answer.text, call
        link = urlsplit(throttled(client, home, 3)["appeal_url"]).path
        form = hidden_fields(client.get(link).text)["form"]
        filed = client.post(link, data={"form": form, "grounds": "research", "statement": WORDS})
        assert filed.status_code == 303
        figures = client.get("/metrics").text + client.get("/v1/status").text
    token = parse_token(home.token, "sws")
    assert token is not None
    log, secret = process.log.read_text(), token.secret
    never = [PROMPT, KEY, MAIL, GUESS, PATH, secret, link.rpartition("/")[2], form]
    template = str(home.shells[0]["prompt_text"])[:40]
    for where in (log, figures):
        assert '"/appeal/{token}"' in where or where is figures
        assert [text for text in [*never, WORDS[:18], template, "PLANTED"] if text.lower() in where.lower()] == []
    record = b"".join(path.read_bytes() for path in sorted(folder.glob("service.db*")))
    assert WORDS[:18].encode() in record  # where it may be it is found
    assert [text for text in [*never, template] if text.encode() in record] == []
