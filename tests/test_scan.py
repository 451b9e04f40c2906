"""The main job end to end on small traffic made by hand."""

import importlib
import re
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests import traffic
from tests.scanning import campaigns_of, harvests, same_findings, without, write

import stillwatch
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.progress import Stages
from stillwatch.report.json import to_json

SCAN = importlib.import_module("stillwatch.scan")
"""The module; `stillwatch.scan` is the function."""


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """People and a harvest."""
    return traffic.mixed()


@pytest.fixture(scope="module")
def findings(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> stillwatch.Findings:
    """What is found in them."""
    return stillwatch.scan(write(tmp_path_factory.mktemp("logs"), exchanges))


def test_the_harvest_is_found_and_nobody_else_is_accused(findings: stillwatch.Findings) -> None:
    """One campaign, all sixty shells, no person."""
    (campaign,) = harvests(findings)
    accused = set(findings.streams["account_id"].to_pylist())
    assert campaign.n_accounts == 60
    assert campaign.n_exchanges == 2_000
    assert accused == {f"shell-{i}" for i in range(60)}


def test_the_template_is_shown_and_its_slots_are_not(findings: stillwatch.Findings, exchanges: pa.Table) -> None:
    """Fixed text is there word by word; what the list put into the slot is nowhere in the findings."""
    (campaign,) = harvests(findings)
    shown = {family.view: family.template for family in campaign.families if family.template}
    assert shown.keys() == {"template", "linked"}
    for template in shown.values():
        fixed = " ".join(part.text for part in template if not part.is_slot)
        assert fixed.startswith("You are an expert tutor. Solve the following problem step by step, show your complete")
        assert [part.n_fills for part in template if part.is_slot] == [2_000]
    prompts = exchanges["prompt_text"].filter(pc.starts_with(exchanges["account_id"], "shell")).to_pylist()
    slots = {word for p in prompts for word in p.removeprefix(traffic.TEMPLATE.split("{}")[0]).split()[:18]}
    assert len(slots) > 10_000
    assert not slots & set(re.findall(r"\w+", to_json(findings)))


def test_exposure_adds_up(findings: stillwatch.Findings) -> None:
    """Tokens, models, timeline and heat map all count the same exchanges."""
    (campaign,) = harvests(findings)
    assert campaign.exposure.output_tokens == 2_000 * 1_500
    assert sum(n for _, n in campaign.timeline) == 2_000
    assert sum(campaign.exposure.capabilities.values()) == 2_000
    assert dict(campaign.exposure.models) == {"big-1": 2_000}
    assert sum(sum(row) for row in campaign.heatmap) == 2_000


def test_the_account_of_every_row_adds_up(findings: stillwatch.Findings) -> None:
    """Rows read are kept, quarantined or duplicates."""
    tally = findings.tally
    assert tally.rows_read == tally.rows_kept + tally.rows_quarantined + tally.rows_duplicate == 9_200


@pytest.mark.parametrize(("files", "threads", "rows"), [(5, 1, (65_536, 250_000)), (3, 2, (997, 300)), (1, 3, (64, 1))])
def test_files_order_batches_and_threads_do_not_matter(
    exchanges: pa.Table,
    findings: stillwatch.Findings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    files: int,
    threads: int,
    rows: tuple[int, int],
) -> None:
    """The same rows shuffled over other files, in other batches, on other threads: the same campaigns to the bit."""
    shuffled = exchanges.take(pa.array(np.random.default_rng(files).permutation(exchanges.num_rows)))
    monkeypatch.setattr(SCAN, "LocalEngine", partial(LocalEngine, batch_rows=rows[0], group_rows=rows[1]))
    same_findings(stillwatch.scan(write(tmp_path, shuffled, files=files), threads=threads), findings)


def test_the_order_of_rows_of_one_time_does_not_matter(exchanges: pa.Table, tmp_path: Path) -> None:
    """A log that knows only hours has thousands of ties; the order of files and rows does not decide them."""
    at = exchanges.schema.get_field_index("time")
    hours = pc.floor_temporal(exchanges["time"], unit="hour").cast(EXCHANGE.field("time").type)
    coarse = exchanges.set_column(at, EXCHANGE.field("time"), hours)
    backwards = coarse.take(pa.array(np.arange(coarse.num_rows)[::-1]))
    one = stillwatch.scan(write(tmp_path / "one", coarse))
    other = stillwatch.scan(write(tmp_path / "other", backwards, files=4), threads=2)
    assert len(pc.unique(hours)) < coarse.num_rows / 10
    assert harvests(one)
    same_findings(one, other)


def with_system(exchanges: pa.Table, repeat: int) -> pa.Table:
    """A system prompt for each client, `repeat` sentences long."""
    texts = [f"You are {build}. " * repeat for build in exchanges["client_build"].to_pylist()]
    at = exchanges.schema.get_field_index("system_text")
    return exchanges.set_column(at, EXCHANGE.field("system_text"), pa.array(texts, pa.string()))


def bits_of(table: pa.Table) -> dict[str, bytes]:
    """Columns of numbers as bytes: a NaN is equal to itself."""
    return {name: table[name].to_numpy().tobytes() for name in table.column_names}


def test_little_memory_gives_the_same(exchanges: pa.Table, tmp_path: Path) -> None:
    """Rows so large that 256 MB hold two thousand of them at a time: the same measures run after run, as with 4 GB."""
    folder = write(tmp_path, with_system(exchanges, 500))
    found = []
    for memory in ("256MB", "256MB", "4GB"):
        with LocalEngine(memory=memory, threads=2) as engine:
            scanned = SCAN.measure(engine, ingest(folder), Stages(None))
            assert scanned.exchanges.row_bytes > 7_500
            assert scanned.sketched.rows.count() == exchanges.num_rows
            found.append((scanned.measured, scanned.sketched.templates))
    (one, templates), *others = found
    for measured, other_templates in others:
        assert bits_of(measured.families) == bits_of(one.families)
        assert bits_of(measured.streams) == bits_of(one.streams)
        assert bits_of(measured.n_by_account) == bits_of(one.n_by_account)
        assert np.array_equal(other_templates.template, templates.template)
    same_findings(stillwatch.scan(folder, memory="256MB"), stillwatch.scan(folder))


def test_a_name_of_a_model_is_counted_once(exchanges: pa.Table, tmp_path: Path) -> None:
    """A model that really is called unknown does not hide the exchanges whose model nobody wrote down."""
    names = pa.array(["unknown" if i % 2 else None for i in range(exchanges.num_rows)], pa.string())
    at = exchanges.schema.get_field_index("model")
    found = stillwatch.scan(write(tmp_path, exchanges.set_column(at, EXCHANGE.field("model"), names)))
    (campaign,) = harvests(found)
    assert dict(campaign.exposure.models) == {"unknown": 2_000}


COLUMNS_OF = {
    "no-text": ("prompt_text", "system_text"),
    "no-addresses": ("client_address", "client_asn", "tls_fingerprint"),
    "no-clients": ("client_build", "user_agent"),
    "no-conversations": ("turn_count", "conversation_id", "session_id"),
    "no-system": ("system_text",),
}
EVERYTHING = tuple(name for name in EXCHANGE.names if name not in {"exchange_id", "time", "account_id"})


@pytest.mark.parametrize(
    ("missing", "codes"), [*((columns, {code}) for code, columns in COLUMNS_OF.items()), (EVERYTHING, {*COLUMNS_OF})]
)
def test_missing_columns_degrade_and_are_said(
    exchanges: pa.Table, tmp_path: Path, missing: tuple[str, ...], codes: set[str]
) -> None:
    """Fewer columns mean less evidence, never a crash, never a false account; the findings say what is missing."""
    found = stillwatch.scan(write(tmp_path, without(exchanges, missing), accounts=False))
    accused = {a for c in harvests(found) for a in c.heatmap_accounts}
    assert codes | {"no-payments"} <= set(found.not_judged)
    assert not any(a.startswith("person") for a in accused)
    assert all(c.not_judged == found.not_judged for c in found.campaigns)


def test_what_is_there_is_not_called_missing(findings: stillwatch.Findings) -> None:
    """Codes come only for what no row and no account carries."""
    assert set(findings.not_judged) == {"no-networks", "no-system", "no-email-domains"}


@pytest.mark.parametrize("content", ["hashed", "none"])
def test_without_texts_nobody_is_accused_falsely_and_no_text_is_shown(
    exchanges: pa.Table, tmp_path: Path, content: str
) -> None:
    """Prompts that are not kept cannot be judged or shown; system prompts can be told apart when hashed."""
    found = stillwatch.scan(write(tmp_path, with_system(exchanges, 1)), content=content)
    assert "no-text" in found.not_judged
    assert ("no-system" in found.not_judged) == (content == "none")
    assert not any(a.startswith("person") for a in found.streams["account_id"].to_pylist())
    assert not any(family.template for campaign in found.campaigns for family in campaign.families)
    assert "expert tutor" not in to_json(found)


def test_only_the_stream_is_accused_not_the_account(tmp_path: Path) -> None:
    """Shells that carry twenty times as much ordinary traffic are reported for the rest alone."""
    rng = np.random.default_rng(4)
    harvest = traffic.harvest(rng, 60, 600)
    cover = traffic.people(rng, 60, 200)
    for row in cover:
        row["account_id"] = row["account_id"].replace("person", "shell")
    exchanges = traffic.table(harvest + cover + traffic.people(rng, 200, 24))
    found = stillwatch.scan(write(tmp_path, exchanges))
    (campaign,) = harvests(found)
    assert campaign.n_exchanges == 600
    assert max(found.streams["share_of_account"].to_pylist()) < 0.15


def test_nothing_is_found_in_nothing(tmp_path: Path) -> None:
    """People alone, a handful of rows, and no row at all: no harvest."""
    rng = np.random.default_rng(6)
    alone = stillwatch.scan(write(tmp_path / "people", traffic.table(traffic.people(rng, 200, 24))))
    few = stillwatch.scan(write(tmp_path / "few", traffic.table(traffic.people(rng, 1, 4))))
    none = stillwatch.scan(write(tmp_path / "none", EXCHANGE.empty_table()))
    assert not harvests(alone)
    assert campaigns_of(few) == campaigns_of(none) == []
    assert none.n_accounts == none.tally.rows_read == 0
