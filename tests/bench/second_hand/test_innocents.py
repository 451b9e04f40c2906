"""Innocents of the second hand: what they add to a folder, and what makes each kind itself."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.second_hand import ATTACKS, INNOCENTS, add_attacks, add_innocents
from stillwatch.errors import InvalidInput
from stillwatch.simulate import simulate

EXCHANGES = 30_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider with all innocents."""
    out = simulate(tmp_path_factory.mktemp("run") / "r", exchanges=20_000, seed=5, campaigns=()).out
    add_innocents(out, exchanges=EXCHANGES, seed=12)
    return out


@pytest.fixture(scope="module")
def of(folder: Path) -> Callable[[str], pa.Table]:
    """Exchanges of one population in order of time, with their entity and what is known of the account."""
    con = duckdb.connect()
    con.read_parquet(str(folder / "logs" / "part-0001.parquet")).create_view("x")
    con.read_parquet(str(folder / "truth" / "exchanges.parquet")).create_view("t")
    con.read_parquet(str(folder / "accounts.parquet")).create_view("a")

    def read(name: str) -> pa.Table:
        return con.sql(
            "SELECT x.*, t.entity, a.* EXCLUDE (account_id, organisation_id) FROM x JOIN t USING (exchange_id) "
            "JOIN a ON a.account_id = x.account_id WHERE t.population = ? ORDER BY time, exchange_id",
            params=[name],
        ).to_arrow_table()

    return read


def distinct(table: pa.Table, column: str, by: str = "entity") -> np.ndarray:
    """Number of different values of a column in each unit."""
    counted = table.group_by(by).aggregate([(column, "count_distinct")])
    return np.asarray(counted[f"{column}_count_distinct"].to_numpy())


def test_logs_accounts_and_truth_agree(folder: Path) -> None:
    """As many exchanges as asked for, each once in logs and truth, none of a campaign, accounts in both tables."""
    logs, truth = pq.read_table(folder / "logs"), pq.read_table(folder / "truth" / "exchanges.parquet")
    assert logs.num_rows == truth.num_rows == 20_000 + EXCHANGES
    assert truth["campaign"].null_count == truth.num_rows
    by_id = [("exchange_id", "ascending")]
    assert truth.sort_by(by_id)["account_id"].equals(logs.sort_by(by_id)["account_id"])
    accounts, whose = pq.read_table(folder / "accounts.parquet"), pq.read_table(folder / "truth" / "accounts.parquet")
    assert accounts["account_id"].equals(whose["account_id"])
    assert len(set(accounts["account_id"].to_pylist())) == accounts.num_rows
    mine = whose.filter(pc.starts_with(whose["population"], "second-"))["account_id"]
    assert set(mine.to_pylist()) <= set(logs["account_id"].to_pylist())


def test_rows_stand_in_order_inside_the_window(folder: Path) -> None:
    """Rows ascend in time and stay inside the window; nobody sends before the account is open."""
    con = duckdb.connect()
    con.read_parquet(str(folder / "logs" / "part-*.parquet"), filename=True).create_view("x")
    con.read_parquet(str(folder / "accounts.parquet")).create_view("a")
    times = pq.read_table(folder / "logs" / "part-0001.parquet")["time"].cast(pa.int64()).to_numpy()
    assert (np.diff(times) >= 0).all()
    early = "SELECT count(*) FROM x JOIN a USING (account_id) WHERE time < created_at AND filename LIKE '%0001%'"
    assert con.execute(early).fetchone() == (0,)
    days = con.execute("SELECT count(DISTINCT date_trunc('day', time)) FROM x").fetchone()
    assert days == (14,)


@pytest.mark.parametrize("name", INNOCENTS)
def test_every_kind_is_many_units(of: Callable[[str], pa.Table], name: str) -> None:
    """At least six entities, and most of them have several accounts or are one of many."""
    table = of(name)
    units = distinct(table, "account_id")
    assert len(units) >= 6
    assert units.sum() >= 20


def test_a_class_has_one_sheet_and_one_deadline(of: Callable[[str], pa.Table]) -> None:
    """First turns of a class begin alike, come from one network for a good part, and crowd before one hour."""
    table = of("second-classrooms")
    for entity in set(table["entity"].to_pylist()):
        mine = table.filter(pc.and_(pc.equal(table["entity"], entity), pc.equal(table["turn_count"], 1)))
        starts = pc.utf8_slice_codeunits(mine["prompt_text"], 0, 15)
        assert pc.value_counts(starts).field("counts").to_numpy().max() > 0.9 * mine.num_rows
        share = pc.value_counts(mine["client_address"]).field("counts").to_numpy().max() / mine.num_rows
        assert 0.2 < share < 0.95


def test_nightly_keys_have_equal_quotas(of: Callable[[str], pa.Table]) -> None:
    """Keys of one firm differ by at most one exchange, and all belong to one organisation."""
    counted = of("second-nightly").group_by(["entity", "account_id"]).aggregate([("time", "count")])
    spread = counted.group_by("entity").aggregate([("time_count", "max"), ("time_count", "min")])
    assert pc.max(pc.subtract(spread["time_count_max"], spread["time_count_min"])).as_py() <= 1
    assert (distinct(of("second-nightly"), "organisation_id") == 1).all()


def test_benchmarks_repeat_items_over_unrelated_laboratories(of: Callable[[str], pa.Table]) -> None:
    """One prompt is sent by several entities that share neither organisation nor card."""
    table = of("second-evaluations")
    assert np.median(distinct(table, "entity", by="prompt_text")) >= 2
    assert (distinct(table, "entity", by="payment_fingerprint") == 1).all()


def test_tool_users_share_a_prompt_and_nothing_else(of: Callable[[str], pa.Table]) -> None:
    """Own-key tools have one system prompt a unit, and as many addresses as people."""
    table = of("second-own-key-tools")
    assert (distinct(table, "system_text") == 1).all()
    assert (distinct(table, "client_address") >= distinct(table, "account_id") * 0.9).all()
    cards = table.filter(table["payment_fingerprint"].is_valid())
    assert (distinct(cards, "account_id", by="payment_fingerprint") == 1).all()


def test_hackathons_are_new_accounts_on_one_network(of: Callable[[str], pa.Table]) -> None:
    """Accounts are hours old when they first send, and leave by one address."""
    table = of("second-hackathons")
    first = table.group_by("account_id").aggregate([("time", "min"), ("created_at", "min")])
    age = first["time_min"].cast(pa.int64()).to_numpy() - first["created_at_min"].cast(pa.int64()).to_numpy()
    assert (age < 10 * 3_600_000_000).all()
    assert (distinct(table, "client_address") == 1).all()


def test_half_of_the_laboratories_are_declared_and_verified(of: Callable[[str], pa.Table]) -> None:
    """Declared research is verified; the other half has declared nothing."""
    table = of("second-laboratories").select(["entity", "declared_use", "verified_level", "programme"])
    told = table.filter(table["declared_use"].is_valid())
    share = len(set(told["entity"].to_pylist())) / len(set(table["entity"].to_pylist()))
    assert 0.3 < share < 0.7
    assert set(told["verified_level"].to_pylist()) == {2}
    assert set(told["programme"].to_pylist()) == {"research"}


def test_nothing_is_declared_without_being_verified(of: Callable[[str], pa.Table]) -> None:
    """A provider writes down a declared use only of who it verified."""
    for name in INNOCENTS:
        table = of(name)
        declared = table.filter(table["declared_use"].is_valid())
        assert set(declared["verified_level"].to_pylist()) <= {2}


def test_keys_of_aggregators_and_help_desks_hide_many_people(of: Callable[[str], pa.Table]) -> None:
    """Far more conversations than keys, and one system prompt for each tenant."""
    apps, desks = of("second-aggregators"), of("second-support")
    assert (distinct(apps, "conversation_id") > 3 * distinct(apps, "account_id")).all()
    assert (distinct(desks, "system_text") == distinct(desks, "account_id")).all()


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    """Adding is a function of its arguments, whatever the order of names."""
    base = simulate(tmp_path / "base", exchanges=2_000, seed=9, campaigns=()).out
    written = []
    for place, (seed, names) in enumerate([(3, INNOCENTS), (3, INNOCENTS[::-1]), (4, INNOCENTS)]):
        copy = tmp_path / str(place)
        shutil.copytree(base, copy)
        add_innocents(copy, exchanges=3_000, seed=seed, names=names)
        paths = [*sorted((copy / "logs").iterdir()), copy / "accounts.parquet", copy / "truth" / "exchanges.parquet"]
        written.append([p.read_bytes() for p in paths])
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_bad_arguments_are_refused(folder: Path) -> None:
    """Too few exchanges, unknown names and what is there already."""
    with pytest.raises(InvalidInput, match="planted already"):
        add_innocents(folder, exchanges=5_000, seed=1, names=["second-viral"])
    with pytest.raises(InvalidInput, match="unknown name"):
        add_innocents(folder, exchanges=5_000, seed=1, names=["second-nothing"])
    with pytest.raises(InvalidInput, match="at least 100"):
        add_innocents(simulate(folder.parent / "s", exchanges=1_000, seed=1).out, exchanges=1_000, seed=1)


@pytest.mark.parametrize("source", ["grammar", "corpora"])
def test_no_text_is_on_both_sides(tmp_path: Path, source: str, request: pytest.FixtureRequest) -> None:
    """No prompt of an attack is an innocent's; ordinary content is left out, and so are turns that only say thanks."""
    corpora = request.getfixturevalue("corpora") if source == "corpora" else None
    out = simulate(tmp_path / "r", exchanges=3_000, seed=4, campaigns=(), corpora=corpora).out
    names = [name for name in ATTACKS if name not in {"ordinary-content", "padded-turns"}]
    add_attacks(out, scale=1 / 1000, seed=6, names=names, corpora=corpora)
    add_innocents(out, exchanges=6_000, seed=6, corpora=corpora)
    con = duckdb.connect()
    con.read_parquet(str(out / "logs" / "*.parquet")).create_view("x")
    con.read_parquet(str(out / "truth" / "exchanges.parquet")).create_view("t")
    shared = con.execute(
        """WITH p AS (SELECT prompt_text, campaign IS NOT NULL attack, population FROM x JOIN t USING (exchange_id)
                      WHERE campaign IS NOT NULL OR population LIKE 'second-%')
           SELECT count(*) FROM (SELECT prompt_text FROM p GROUP BY 1 HAVING count(DISTINCT attack) > 1)"""
    ).fetchone()
    assert shared == (0,)


def test_both_sides_can_be_added_one_after_the_other(folder: Path) -> None:
    """Innocents first, attackers then: parts and notes add up."""
    copy = folder.parent / "both"
    shutil.copytree(folder, copy)
    add_attacks(copy, scale=1 / 1000, seed=2, names=["slow-drip", "relay-mixed"])
    assert sorted(p.name for p in (copy / "logs").iterdir()) == [f"part-{i:04d}.parquet" for i in range(3)]
    truth = pq.read_table(copy / "truth" / "exchanges.parquet")
    assert truth.num_rows == pq.read_table(copy / "logs").num_rows
    assert pc.count_distinct(truth["exchange_id"]).as_py() == truth.num_rows
