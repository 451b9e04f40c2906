"""The main job end to end on small traffic made by hand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stillwatch
from stillwatch.model.exchange import EXCHANGE
from stillwatch.report.json import to_json
from tests import traffic


def write(folder: Path, exchanges: pa.Table, *, files: int = 1, accounts: bool = True) -> Path:
    """Lay out a folder of logs as a provider would."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, rows in enumerate(np.array_split(np.arange(exchanges.num_rows), files)):
        pq.write_table(exchanges.take(pa.array(rows)), folder / f"log-{i}.parquet")
    if accounts:
        pq.write_table(traffic.accounts(exchanges), folder / "accounts.parquet")
    return folder


def harvests(findings: stillwatch.Findings) -> list[stillwatch.Campaign]:
    return [c for c in findings.campaigns if c.verdict == "harvest"]


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> stillwatch.Findings:
    return stillwatch.scan(write(tmp_path_factory.mktemp("logs"), traffic.mixed()))


def test_the_harvest_is_found_and_nobody_else_is_accused(findings: stillwatch.Findings) -> None:
    """One campaign, all sixty shells, no person."""
    (campaign,) = harvests(findings)
    accused = set(findings.streams["account_id"].to_pylist())
    assert campaign.n_accounts == 60
    assert campaign.n_exchanges == 2_000
    assert accused == {f"shell-{i}" for i in range(60)}


def test_the_template_is_shown_and_its_slots_are_not(findings: stillwatch.Findings) -> None:
    """Fixed text is there word by word; what the list put into the slot is nowhere in the findings."""
    (campaign,) = harvests(findings)
    template = next(f.template for f in campaign.families if f.template)
    fixed = " ".join(part.text for part in template if not part.is_slot)
    assert "show your complete reasoning" in fixed
    assert any(part.is_slot and part.n_fills > 1_000 for part in template)


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


def test_files_order_and_threads_do_not_matter(tmp_path: Path, findings: stillwatch.Findings) -> None:
    """The same rows in other files, in another order, on one thread: the same campaigns to the bit."""
    exchanges = traffic.mixed()
    shuffled = exchanges.take(pa.array(np.random.default_rng(9).permutation(exchanges.num_rows)))
    other = stillwatch.scan(write(tmp_path, shuffled, files=5), threads=1)
    assert to_json(other)["campaigns"] == to_json(findings)["campaigns"]


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        (("prompt_text",), "no-text"),
        (("client_address", "client_asn", "tls_fingerprint"), "no-addresses"),
        (("client_build", "user_agent"), "no-clients"),
        (tuple(name for name in EXCHANGE.names if name not in {"exchange_id", "time", "account_id"}), "no-text"),
    ],
)
def test_missing_columns_degrade_and_are_said(tmp_path: Path, missing: tuple[str, ...], code: str) -> None:
    """Fewer columns mean less evidence, never a crash, never a false account; the findings say what is missing."""
    exchanges = traffic.mixed()
    for name in missing:
        at = exchanges.schema.get_field_index(name)
        exchanges = exchanges.set_column(at, EXCHANGE.field(name), pa.nulls(exchanges.num_rows, EXCHANGE.field(name).type))
    found = stillwatch.scan(write(tmp_path, exchanges, accounts=False))
    accused = {a for c in harvests(found) for a in c.heatmap_accounts}
    assert code in found.not_judged
    assert not any(a.startswith("person") for a in accused)


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
    """People alone, and a handful of rows: no harvest."""
    rng = np.random.default_rng(6)
    alone = stillwatch.scan(write(tmp_path / "people", traffic.table(traffic.people(rng, 200, 24))))
    few = stillwatch.scan(write(tmp_path / "few", traffic.table(traffic.people(rng, 1, 4))))
    assert not harvests(alone)
    assert not few.campaigns
