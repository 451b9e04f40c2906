"""Bodies through the readers of logs: every row comes out as an exchange or aside."""

import json
import time

import pyarrow as pa
import pytest
from tests.fixtures.opened import FIXTURES
from tests.service.collect.rows import SALT, exchange, ndjson

from stillwatch.ingest import ingest
from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.options import Content
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.intake import Intake, IntakeRules
from stillwatch.service.collect.refusal import Refusal

LATE = 1_800_000_000.0
DAY = 86_400.0


def intake(now: float | None = None, **changed: object) -> Intake:
    """An intake at a moment."""
    clock = Clock() if now is None else Clock(lambda: now, lambda: 0.0)
    return Intake(IntakeRules(SALT, **changed), clock)  # type: ignore[arg-type]


def litellm(**changed: object) -> dict[str, object]:
    """A payload as LiteLLM's callback posts it."""
    now = time.time()
    payload: dict[str, object] = {
        "id": "chatcmpl-1",
        "call_type": "acompletion",
        "startTime": now,
        "endTime": now + 1,
        "model": "m",
        "model_parameters": {"temperature": 0.5},
        "messages": [{"role": "user", "content": "hello"}],
        "response": {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]},
        "metadata": {"user_api_key_hash": "a" * 64, "requester_ip_address": None},
        "status": "success",
    }
    return payload | changed


def test_rows_and_rows_put_aside() -> None:
    """Good rows have the schema; bad ones their line, field and reason, and the counts add up."""
    lines = ndjson([exchange("a"), exchange("b", output_tokens=-1)]) + b"{broken\n\n" + ndjson([exchange("c")])
    parcel = intake().read(lines, BodyFormat.NATIVE)
    assert parcel.rows.schema.equals(EXCHANGE, check_metadata=True)
    assert parcel.rows["exchange_id"].to_pylist() == ["a", "c"]
    aside = parcel.aside.to_pylist()
    assert [(row["row"], row["unit"], row["field"]) for row in aside] == [
        (2, "line", "output_tokens"),
        (3, "line", None),
    ]
    assert {row["source"] for row in aside} == {"POST native"}
    assert parcel.n_received == 4


@pytest.mark.parametrize("kind", list(BodyFormat))
def test_an_empty_body_is_no_rows(kind: BodyFormat) -> None:
    """Nothing is nothing; where JSON is due, something must be there."""
    if kind in (BodyFormat.NATIVE, BodyFormat.TRACES, BodyFormat.LOGS, BodyFormat.LITELLM):
        assert intake().read(b"", kind).n_received == 0
    assert intake().read(b"{}", BodyFormat.NATIVE).aside.num_rows == 1


@pytest.mark.parametrize("shape", ["array", "lines", "single"])
def test_litellm_in_three_shapes(shape: str) -> None:
    """An array, lines and one object are the same exchanges."""
    payloads = [litellm(id=f"chatcmpl-{i}") for i in range(1 if shape == "single" else 3)]
    body = json.dumps(payloads if shape == "array" else payloads[0]).encode() if shape != "lines" else ndjson(payloads)
    parcel = intake().read(body, BodyFormat.LITELLM)
    assert parcel.rows["exchange_id"].to_pylist() == [payload["id"] for payload in payloads]
    assert parcel.aside.num_rows == 0


def test_the_left_end_of_a_forwarded_list_is_not_believed() -> None:
    """Of a list of addresses the one nearest to the gateway counts, not what the caller wrote in front."""
    body = json.dumps(litellm(requester_ip_address="6.6.6.6, 203.0.113.7, 10.0.0.1")).encode()
    assert intake().read(body, BodyFormat.LITELLM).rows["client_address"].to_pylist() == ["203.0.113.7"]


def test_secrets_are_hashed_with_the_salt_of_the_installation() -> None:
    """Raw keys and e-mail names become what a scan with the same salt makes of them."""
    body = ndjson([exchange("a", account_id="sk-abcdefghijklmnop", end_user_id="ann@firm.example")])
    parcel = intake().read(body, BodyFormat.NATIVE)
    hidden = Concealer(SALT).ids(pa.array(["sk-abcdefghijklmnop", "ann@firm.example"])).to_pylist()
    assert [parcel.rows["account_id"][0].as_py(), parcel.rows["end_user_id"][0].as_py()] == hidden


@pytest.mark.parametrize(("content", "kept"), [(Content.FULL, True), (Content.HASHED, False), (Content.NONE, False)])
def test_content_modes(content: Content, kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Texts go no further than the mode lets them."""
    parcel = intake(content=content).read(ndjson([exchange("a", output_text="secret")]), BodyFormat.NATIVE)
    assert (parcel.rows["prompt_text"][0].as_py() is not None) == kept
    assert (parcel.rows["output_text"][0].as_py() is not None) == kept


@pytest.mark.parametrize(
    ("offset_s", "fits"), [(0, True), (3500, True), (3700, False), (-29 * DAY, True), (-31 * DAY, False)]
)
def test_times_far_away(offset_s: float, fits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """An exchange from the future, or from before what is kept, is put aside with the times that are allowed."""
    parcel = intake(LATE).read(ndjson([exchange("a", time=LATE + offset_s)]), BodyFormat.NATIVE)
    assert parcel.rows.num_rows == fits
    if not fits:
        (row,) = parcel.aside.to_pylist()
        assert (row["field"], row["exchange_id"]) == ("time", "a")
        assert "allowed 2026-12-16 to 2027-01-15" in row["reason"]


def test_a_jump_of_the_clock_puts_nothing_aside() -> None:
    """After a jump exchanges of the old time and of the new are both taken."""
    times = [1_700_000_000.0]
    clock = Clock(lambda: times[0], lambda: 0.0)
    times[0] = LATE
    body = ndjson([exchange("old", time=1_700_000_000.0), exchange("new", time=LATE)])
    assert Intake(IntakeRules(SALT), clock).read(body, BodyFormat.NATIVE).rows.num_rows == 2


def test_times_are_those_of_the_clock_that_goes_on() -> None:
    """Two hours later an exchange of then is taken, by a clock whose both hands were moved."""
    now = [LATE]
    reader = Intake(IntakeRules(SALT), Clock(lambda: now[0], lambda: now[0]))
    assert reader.read(ndjson([exchange("early", time=LATE + 7200)]), BodyFormat.NATIVE).rows.num_rows == 0
    now[0] += 7200
    assert reader.read(ndjson([exchange("then", time=LATE + 7200)]), BodyFormat.NATIVE).rows.num_rows == 1


def test_too_many_rows() -> None:
    """A body of more rows than allowed is refused whole."""
    body = ndjson(exchange(f"{i}") for i in range(4))
    assert intake(rows=4).read(body, BodyFormat.NATIVE).rows.num_rows == 4
    with pytest.raises(Refusal, match="must have 3 rows at most") as refused:
        intake(rows=3).read(body, BodyFormat.NATIVE)
    assert refused.value.status == 413


@pytest.mark.parametrize("kind", list(BodyFormat))
@pytest.mark.parametrize("body", [b"\xff\xfe\x00garbage", b"[1, 2", b"\x0a\xff\xff\xff"])
def test_nothing_that_can_be_read(kind: BodyFormat, body: bytes) -> None:
    """A body that is something else altogether is refused with the place of what is wrong, and not with its bytes."""
    with pytest.raises(Refusal, match="nothing in the body can be read: ") as refused:
        intake().read(body, kind)
    assert refused.value.status == 400
    assert "garbage" not in str(refused.value)


REAL = [
    *((BodyFormat.TRACES, f"otlp/litellm-{age}-traces.pb") for age in ("latest", "older")),
    *((BodyFormat.LOGS, f"otlp/litellm-{age}-logs.pb") for age in ("latest", "older")),
    (BodyFormat.TRACES_JSON, "otlp/latest-traces-single.json"),
    (BodyFormat.LOGS_JSON, "otlp/latest-logs.jsonl"),
    *((BodyFormat.LITELLM, f"litellm/{name}") for name in ("array-0.json", "lines.ndjson", "single-success.json")),
]


@pytest.mark.parametrize(("kind", "name"), REAL, ids=[name for _, name in REAL])
def test_real_exports(kind: BodyFormat, name: str) -> None:
    """What real exporters and a real proxy have sent is read as a scan of the same bytes reads it."""
    parcel = intake(keep_days=3650).read((FIXTURES / name).read_bytes(), kind)
    logs = ingest(FIXTURES / name, salt=SALT)
    scanned = pa.Table.from_batches(list(logs.batches()), EXCHANGE)
    assert parcel.n_received > 0
    assert parcel.aside.num_rows == logs.quarantine.num_rows
    kept = dict(zip(parcel.rows["exchange_id"].to_pylist(), parcel.rows.to_pylist(), strict=True))
    assert {row["exchange_id"]: row for row in scanned.to_pylist()} == kept
