"""The same traffic in the logs of other programs gives the same findings, to the last bit of every number.

LiteLLM's own log, an OpenTelemetry export and the pair of an OpenAI batch are written from one list of exchanges. All
name the account by the hash of its key, so ids agree as well. Left out beforehand is only what one of the formats
cannot say: LiteLLM logs sessions and user agents, not conversations and client builds. A batch as OpenAI writes it
knows whole seconds and neither network nor client nor cost; it is held against LiteLLM's log of that same poorer
traffic, and, as recorders do keep these columns beside a request, with them against the full one.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests import traffic
from tests.fixtures import writers
from tests.scanning import harvests, same_findings, without, write

import stillwatch
from stillwatch.model.exchange import EXCHANGE

Rows = list[dict[str, Any]]
Writer = Callable[[Rows, Path], None]

BESIDE = ("time", "client_address", "user_agent", "cost_usd")
NOT_IN_A_BATCH = ("client_address", "user_agent", "cost_usd")


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """Traffic in columns that all three formats have."""
    table = traffic.mixed()
    for column, source in (("session_id", "conversation_id"), ("user_agent", "client_build")):
        table = table.set_column(table.schema.get_field_index(column), EXCHANGE.field(column), table[source])
    prompts = [f"You serve {agent}." if agent < "sdk-3" else None for agent in table["user_agent"].to_pylist()]
    at = table.schema.get_field_index("system_text")
    table = table.set_column(at, EXCHANGE.field("system_text"), pa.array(prompts, pa.string()))
    return without(table, ("conversation_id", "client_build"))


def rows_of(exchanges: pa.Table) -> Rows:
    """Exchanges as the writers take them."""
    rows: Rows = exchanges.to_pylist()
    return rows


def scanned(exchanges: pa.Table, folder: Path, write_logs: Writer) -> stillwatch.Findings:
    """Findings in exchanges that were written as some format, with the table of accounts beside them."""
    folder.mkdir()
    write_logs(rows_of(exchanges), folder)
    accounts = traffic.accounts(exchanges)
    hashes = pa.array([writers.key_hash(a) for a in accounts["account_id"].to_pylist()], pa.string())
    pq.write_table(accounts.set_column(0, accounts.schema.field(0), hashes), folder / "accounts.parquet")
    return stillwatch.scan(folder)


def litellm(rows: Rows, folder: Path) -> None:
    """Write the log of a LiteLLM proxy."""
    writers.write_litellm(rows, folder / "log.ndjson")


def otlp(rows: Rows, folder: Path) -> None:
    """Write the export of a collector, half of it as protobuf and half as JSON."""
    writers.write_otlp_protobuf(rows[::2], folder / "traces.pb")
    writers.write_otlp_json(rows[1::2], folder / "traces.jsonl")


def batch(beside: Iterable[str]) -> Writer:
    """Write the two files of an OpenAI batch, with columns that a recorder keeps `beside` the request."""

    def write_logs(rows: Rows, folder: Path) -> None:
        writers.write_openai_batch(rows, folder / "input.jsonl", folder / "output.jsonl", beside=tuple(beside))

    return write_logs


def ndjson(rows: Rows, folder: Path) -> None:
    """Write native lines."""
    with (folder / "log.ndjson").open("w") as file:
        file.writelines(json.dumps(row | {"time": row["time"].isoformat()}) + "\n" for row in rows)


@pytest.fixture(scope="module")
def posted(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> stillwatch.Findings:
    """Findings in the log of a LiteLLM proxy."""
    return scanned(exchanges, tmp_path_factory.mktemp("posted") / "logs", litellm)


def test_a_posted_log_gives_the_planted_campaign(posted: stillwatch.Findings) -> None:
    """The comparison below is one of findings: the harvest is found, in full and alone."""
    (campaign,) = harvests(posted)
    assert (campaign.n_accounts, campaign.n_exchanges) == (60, 2_000)
    assert set(posted.streams["account_id"].to_pylist()) == {writers.key_hash(f"shell-{i}") for i in range(60)}
    assert dict(posted.tally.formats) == {"litellm": 9_200}


@pytest.mark.parametrize(("name", "formats"), [("otlp", {"otlp-protobuf", "otlp-json"}), ("batch", {"openai"})])
def test_other_formats_give_the_same(
    name: str, formats: set[str], exchanges: pa.Table, posted: stillwatch.Findings, tmp_path: Path
) -> None:
    """An OpenTelemetry export, and a batch with what its recorder knew: the campaigns of the posted log, to the bit."""
    found = scanned(exchanges, tmp_path / name, {"otlp": otlp, "batch": batch(BESIDE)}[name])
    assert found.tally.formats.keys() == formats
    assert found.tally.rows_kept == posted.tally.rows_kept
    same_findings(found, posted)


def test_a_bare_batch_gives_what_its_columns_allow(
    exchanges: pa.Table, posted: stillwatch.Findings, tmp_path: Path
) -> None:
    """Without clocks and clients: what LiteLLM's log of that traffic gives, and the campaign of the full one."""
    seconds = pc.floor_temporal(exchanges["time"], unit="second").cast(EXCHANGE.field("time").type)
    at = exchanges.schema.get_field_index("time")
    poorer = without(exchanges.set_column(at, EXCHANGE.field("time"), seconds), NOT_IN_A_BATCH)
    found = scanned(exchanges, tmp_path / "batch", batch(()))
    same_findings(found, scanned(poorer, tmp_path / "posted", litellm))
    (bare,), (full,) = harvests(found), harvests(posted)
    assert (bare.n_accounts, bare.n_exchanges) == (full.n_accounts, full.n_exchanges)
    assert found.streams["account_id"].equals(posted.streams["account_id"])
    assert {"no-clients", "no-addresses"} <= set(found.not_judged) - set(posted.not_judged)


def test_native_lines_and_native_parquet_give_the_same(exchanges: pa.Table, tmp_path: Path) -> None:
    """Our own two formats carry every column, answers and accounts included."""
    folder = write(tmp_path / "parquet", exchanges)
    (tmp_path / "ndjson").mkdir()
    ndjson(rows_of(exchanges), tmp_path / "ndjson")
    found = stillwatch.scan(tmp_path / "ndjson", accounts=folder / "accounts.parquet")
    assert harvests(found)
    assert found.tally.rows_kept == exchanges.num_rows
    same_findings(found, stillwatch.scan(folder))
