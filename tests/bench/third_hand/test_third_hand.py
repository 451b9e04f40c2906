"""The third hand: what it adds is whole, lawful by the schemas, the same for a seed, and different for another."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.third_hand import ATTACKS, INNOCENTS, add_attacks, add_innocents
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate import simulate
from stillwatch.simulate.truth import TRUTH_ACCOUNT, TRUTH_EXCHANGE

BASE = 3000


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Legitimate traffic alone."""
    folder = tmp_path_factory.mktemp("third") / "base"
    simulate(folder, exchanges=BASE, seed=5, campaigns=())
    return folder


@pytest.fixture(scope="module")
def attacked(base: Path) -> Path:
    """All attacks at 1/1000."""
    folder = base.parent / "attacked"
    shutil.copytree(base, folder)
    add_attacks(folder, scale=0.001, seed=2)
    return folder


@pytest.fixture(scope="module")
def visited(base: Path) -> Path:
    """All kinds of innocents."""
    folder = base.parent / "visited"
    shutil.copytree(base, folder)
    add_innocents(folder, exchanges=10_000, seed=2)
    return folder


def logs(folder: Path) -> pa.Table:
    """All exchanges."""
    return pq.read_table(folder / "logs")


def truth(folder: Path) -> pa.Table:
    """Whose each exchange is."""
    return pq.read_table(folder / "truth" / "exchanges.parquet")


@pytest.mark.parametrize("which", ["attacked", "visited"])
def test_tables_are_whole(which: str, request: pytest.FixtureRequest) -> None:
    """Schemas hold, ids are unique and of the kind that was there, and each part is in order of time."""
    folder: Path = request.getfixturevalue(which)
    exchanges, accounts = logs(folder), pq.read_table(folder / "accounts.parquet")
    assert exchanges.schema.equals(EXCHANGE)
    assert accounts.schema.equals(ACCOUNT)
    assert truth(folder).schema.equals(TRUTH_EXCHANGE)
    assert pq.read_schema(folder / "truth" / "accounts.parquet").equals(TRUTH_ACCOUNT)
    for table, name, shape in ((exchanges, "exchange_id", "^xch_[0-9a-f]{16}$"), (accounts, "account_id", "^acct_")):
        assert pc.count_distinct(table[name]).as_py() == table.num_rows
        assert pc.all(pc.match_substring_regex(table[name], shape)).as_py()
    for part in (folder / "logs").glob("part-*.parquet"):
        time = pq.read_table(part)["time"].cast(pa.int64()).to_numpy()
        assert (np.diff(time) >= 0).all()


@pytest.mark.parametrize("which", ["attacked", "visited"])
def test_truth_adds_up(which: str, request: pytest.FixtureRequest) -> None:
    """Every exchange has one truth with its account, and every account that sends is known and was open by then."""
    folder: Path = request.getfixturevalue(which)
    exchanges, whose = logs(folder), truth(folder)
    both = exchanges.select(["exchange_id", "account_id", "time"]).join(
        whose, "exchange_id", right_suffix="_true", join_type="full outer"
    )
    assert both.num_rows == exchanges.num_rows == whose.num_rows
    assert pc.all(pc.equal(both["account_id"], both["account_id_true"])).as_py()
    added = both.filter(pc.starts_with(both["entity"], "third-"))
    known = added.join(pq.read_table(folder / "accounts.parquet").select(["account_id", "created_at"]), "account_id")
    assert pc.all(pc.less(known["created_at"], known["time"])).as_py()


def test_times_stay_in_the_window(base: Path, attacked: Path, visited: Path) -> None:
    """Nothing is sent before or after the traffic that was there."""
    window = pc.min_max(logs(base)["time"]).as_py()
    for folder in (attacked, visited):
        assert pc.min_max(logs(folder)["time"]).as_py() == window


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_made(attacked: Path, name: str) -> None:
    """A campaign at 1/1000 has 300 exchanges of the harvest and 20 accounts that are all the operator's."""
    mine = truth(attacked).filter(pc.equal(truth(attacked)["population"], name))
    harvest = mine.filter(mine["campaign"].is_valid())
    assert harvest.num_rows >= 300
    assert pc.count_distinct(mine["account_id"]).as_py() >= 20
    assert harvest["campaign"].unique().to_pylist() == [name]
    holders = pq.read_table(attacked / "truth" / "accounts.parquet")
    holders = holders.filter(pc.equal(holders["population"], name))
    assert set(holders["campaign"].to_pylist()) == {name}


@pytest.mark.parametrize("name", INNOCENTS)
def test_every_kind_of_innocent_is_made(visited: Path, name: str) -> None:
    """A kind has several independent units and no campaign; a hackathon is too big for two here."""
    mine = truth(visited).filter(pc.equal(truth(visited)["population"], name))
    assert mine["campaign"].null_count == mine.num_rows > 0
    assert pc.count_distinct(mine["entity"]).as_py() >= (1 if name == "hackathon" else 2)
    holders = pq.read_table(visited / "truth" / "accounts.parquet")
    assert pc.all(pc.is_null(holders.filter(pc.equal(holders["population"], name))["campaign"])).as_py()


def test_cover_is_not_harvest(attacked: Path) -> None:
    """A relay carries more of other people's exchanges than of the harvest, through the same accounts."""
    mine = truth(attacked).filter(pc.equal(truth(attacked)["population"], "relay-like-cover"))
    harvest = mine.filter(mine["campaign"].is_valid())
    cover = mine.filter(mine["campaign"].is_null())
    assert cover.num_rows > 2 * harvest.num_rows
    assert set(harvest["account_id"].to_pylist()) <= set(cover["account_id"].to_pylist())


def test_a_seed_repeats_and_another_differs(base: Path, tmp_path: Path) -> None:
    """The same seed writes the same bytes of traffic, whatever else is asked for; another writes other ids."""
    tables = []
    for i, (seed, names) in enumerate(((3, ["paraphrase"]), (3, ["paraphrase"]), (4, ["paraphrase"]))):
        folder = tmp_path / str(i)
        shutil.copytree(base, folder)
        add_attacks(folder, scale=0.001, seed=seed, names=names)
        add_innocents(folder, exchanges=600, seed=seed, names=["classroom", "support-bot"])
        tables.append(logs(folder))
    assert tables[0].equals(tables[1])
    ids = [set(t["exchange_id"].to_pylist()) for t in tables]
    assert len(ids[0] & ids[2]) == BASE


def test_bad_arguments_are_refused_together(base: Path, attacked: Path, tmp_path: Path) -> None:
    """Every problem is told at once, and nothing is written."""
    with pytest.raises(InvalidInput, match=r"unknown name 'sorted'.*scale must be.*seed must be"):
        add_attacks(base, scale=0.0, seed=-1, names=["sorted"])
    with pytest.raises(InvalidInput, match=r"at least one name.*exchanges must be"):
        add_innocents(base, exchanges=0, seed=1, names=[])
    with pytest.raises(InvalidInput, match="already holds 'slow-drip'"):
        add_attacks(attacked, scale=0.001, seed=9, names=["slow-drip"])
    with pytest.raises(MissingData):
        add_attacks(tmp_path, scale=0.001, seed=1)
    assert logs(base).num_rows == BASE


def test_real_prompts_are_used(base: Path, tmp_path: Path, corpora: Path) -> None:
    """With corpora, most of a bare list comes from the real prompts of the harvest role."""
    folder = tmp_path / "real"
    shutil.copytree(base, folder)
    add_attacks(folder, scale=0.001, seed=3, names=["bare-questions"], corpora=corpora)
    table = pq.read_table(corpora / "prompts.parquet", columns=["role", "text"])
    role = pc.equal(pc.cast(table["role"], pa.string()), "harvest")
    real = pc.utf8_slice_codeunits(table.filter(role)["text"], 0, 1500)
    whose = truth(folder)
    harvest = whose.filter(whose["campaign"].is_valid())["exchange_id"]
    exchanges = logs(folder)
    said = exchanges.filter(pc.is_in(exchanges["exchange_id"], value_set=harvest))["prompt_text"]
    assert pc.mean(pc.is_in(said, value_set=real).cast(pa.float64())).as_py() > 0.25
