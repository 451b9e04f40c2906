"""Attackers of the second hand: what they add to a folder, and what makes each scenario itself."""

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.second_hand import ATTACKS, add_attacks
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate import simulate

SCALE = 1 / 400


@pytest.fixture(scope="module")
def legitimate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider without campaigns."""
    return simulate(tmp_path_factory.mktemp("run") / "r", exchanges=20_000, seed=5, campaigns=()).out


@pytest.fixture(scope="module")
def folder(legitimate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with every campaign."""
    copy = tmp_path_factory.mktemp("planted") / "r"
    shutil.copytree(legitimate, copy)
    add_attacks(copy, scale=SCALE, seed=31)
    return copy


@pytest.fixture(scope="module")
def of(folder: Path) -> Callable[[str], pa.Table]:
    """Exchanges of one campaign, in order of time."""
    truth = pq.read_table(folder / "truth" / "exchanges.parquet")
    logs = pq.read_table(folder / "logs" / "part-0001.parquet")

    def read(name: str) -> pa.Table:
        mine = truth.filter(pc.equal(truth["campaign"], name))["exchange_id"].combine_chunks()
        return logs.filter(pc.is_in(logs["exchange_id"], value_set=mine))

    return read


def distinct(table: pa.Table, column: str) -> int:
    """Number of different values that are not null."""
    return int(pc.count_distinct(table[column]).as_py())


def runs(values: pa.ChunkedArray) -> int:
    """Number of stretches of equal values."""
    codes = values.combine_chunks().dictionary_encode().indices.to_numpy()
    return 1 + int((np.diff(codes) != 0).sum())


def test_logs_accounts_and_truth_agree(legitimate: Path, folder: Path) -> None:
    """Every exchange stands once in logs and truth under one account, every account in both tables."""
    logs, truth = pq.read_table(folder / "logs"), pq.read_table(folder / "truth" / "exchanges.parquet")
    assert logs.schema.equals(EXCHANGE)
    assert truth.num_rows == logs.num_rows == distinct(logs, "exchange_id")
    by_id = [("exchange_id", "ascending")]
    assert truth.sort_by(by_id)["account_id"].equals(logs.sort_by(by_id)["account_id"])
    accounts, whose = pq.read_table(folder / "accounts.parquet"), pq.read_table(folder / "truth" / "accounts.parquet")
    assert accounts.schema.equals(ACCOUNT)
    assert accounts["account_id"].equals(whose["account_id"])
    assert distinct(accounts, "account_id") == accounts.num_rows
    assert set(pc.unique(logs["account_id"]).to_pylist()) <= set(accounts["account_id"].to_pylist())
    assert pq.read_table(legitimate / "logs").num_rows == 20_000


def test_manifest_counts_what_is_there(folder: Path) -> None:
    """The manifest holds the counts of the truth tables, what was there before, and who added the rest."""
    con = duckdb.connect()
    manifest = con.read_json(str(folder / "truth" / "manifest.json")).fetchall()
    assert len(manifest) == 1
    facts = dict(zip(con.read_json(str(folder / "truth" / "manifest.json")).columns, manifest[0], strict=True))
    truth = pq.read_table(folder / "truth" / "exchanges.parquet")
    assert facts["exchanges"] == truth.num_rows
    assert set(facts["exchanges_by_campaign"]) == set(ATTACKS) == set(facts["accounts_by_campaign"])
    assert facts["second_hand"][0]["seed"] == 31
    assert facts["days"] == 14


def test_the_new_part_is_in_order_of_time_and_inside_the_window(legitimate: Path, folder: Path) -> None:
    """Rows ascend in time and stay inside the window of the logs that were there."""
    times = pq.read_table(folder / "logs" / "part-0001.parquet")["time"].cast(pa.int64()).to_numpy()
    there = pq.read_table(legitimate / "logs")["time"].cast(pa.int64()).to_numpy()
    day = 86_400_000_000
    assert (np.diff(times) >= 0).all()
    assert there.min() // day * day <= times[0]
    assert times[-1] < -(-there.max() // day) * day


def test_accounts_are_older_than_what_they_send(folder: Path) -> None:
    """Nobody sends anything before the account is open, people who moved to a relay included."""
    con = duckdb.connect()
    con.read_parquet(str(folder / "logs" / "*.parquet")).create_view("x")
    con.read_parquet(str(folder / "accounts.parquet")).create_view("a")
    con.read_parquet(str(folder / "truth" / "accounts.parquet")).create_view("t")
    early = con.execute(
        "SELECT count(*) FROM x JOIN a USING (account_id) JOIN t USING (account_id) "
        "WHERE campaign IS NOT NULL AND time < created_at"
    ).fetchone()
    assert early == (0,)


def test_the_same_seed_gives_the_same_files(legitimate: Path, tmp_path: Path) -> None:
    """Planting is a function of its arguments, another seed gives something else, and order of names is no matter."""
    written = []
    for place, (seed, names) in enumerate(
        [(3, ["paraphrase", "relay-mixed"]), (3, ["relay-mixed", "paraphrase"]), (4, None)]
    ):
        copy = tmp_path / str(place)
        shutil.copytree(legitimate, copy)
        add_attacks(copy, scale=1 / 1000, seed=seed, names=names)
        paths = [*sorted((copy / "logs").iterdir()), copy / "accounts.parquet", copy / "truth" / "exchanges.parquet"]
        written.append([p.read_bytes() for p in paths])
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_bad_arguments_change_nothing(folder: Path, tmp_path: Path) -> None:
    """Unknown names, names planted before and impossible scales are refused, folders without a run too."""
    before = (folder / "accounts.parquet").read_bytes()
    with pytest.raises(InvalidInput, match="planted already"):
        add_attacks(folder, scale=SCALE, seed=1, names=["slow-drip"])
    with pytest.raises(InvalidInput, match="unknown name"):
        add_attacks(folder, scale=SCALE, seed=1, names=["nothing"])
    with pytest.raises(InvalidInput, match="scale"):
        add_attacks(folder, scale=0, seed=1)
    with pytest.raises(MissingData, match="simulate"):
        add_attacks(tmp_path, scale=SCALE, seed=1)
    assert (folder / "accounts.parquet").read_bytes() == before


@pytest.mark.parametrize("name", ATTACKS)
def test_every_campaign_is_spread_over_accounts(of: Callable[[str], pa.Table], name: str) -> None:
    """At least fifteen accounts, none of which sends half of it."""
    table = of(name)
    count = pc.value_counts(table["account_id"]).field("counts").to_numpy()
    assert len(count) >= 15
    assert count.max() < 0.5 * table.num_rows


def test_ring_and_drip_have_their_sizes(of: Callable[[str], pa.Table]) -> None:
    """A small ring is fifteen accounts; a drip sends two or three exchanges an account; one-per-account exactly one."""
    assert distinct(of("small-ring"), "account_id") == 15
    drip = of("slow-drip")
    assert drip.num_rows / distinct(drip, "account_id") < 4
    single = of("one-per-account")
    assert distinct(single, "account_id") == single.num_rows


def test_bare_questions_have_no_template_and_no_system_prompt(of: Callable[[str], pa.Table]) -> None:
    """No bare campaign sends a system prompt, and hardly two of its prompts begin alike for sixty characters."""
    for name in ("bare-questions", "ordinary-content", "shards-as-people"):
        table = of(name)
        assert table["system_text"].null_count == table.num_rows
    starts = pc.utf8_slice_codeunits(of("bare-questions")["prompt_text"], 0, 60)
    assert pc.value_counts(starts).field("counts").to_numpy().max() < 0.05 * len(starts)


def test_paraphrase_leaves_no_four_words_of_a_template(of: Callable[[str], pa.Table]) -> None:
    """Most prompts of the rewriter hold no 4-gram of words that recurs in one prompt of fifty; a template's do."""

    def share(name: str) -> float:
        words = [str(p).split() for p in of(name)["prompt_text"].unique().to_pylist()]
        grams = [{tuple(w[i : i + 4]) for i in range(len(w) - 3)} for w in words]
        flat: dict[tuple[str, ...], int] = {}
        for g in grams:
            for gram in g:
                flat[gram] = flat.get(gram, 0) + 1
        # Questions of the grammar share words among themselves; what begins or ends a prompt is the wrapper.
        edges = [{tuple(w[:4]), tuple(w[-4:])} for w in words]
        return float(np.mean([any(flat.get(g, 0) > 0.02 * len(words) for g in e) for e in edges]))

    assert share("paraphrase") < 0.5 < share("reasoning-harvest")


def test_camouflage_copies_a_popular_prompt_and_its_client(legitimate: Path, of: Callable[[str], pa.Table]) -> None:
    """The one system prompt and the one client are those of an agent in the legitimate logs."""
    table, logs = of("camouflage"), pq.read_table(legitimate / "logs")
    assert distinct(table, "system_text") == distinct(table, "client_build") == 1
    same = logs.filter(pc.equal(logs["system_text"], table["system_text"][0]))
    assert distinct(same, "account_id") >= 5
    assert table["client_build"][0].as_py() in same["client_build"].to_pylist()


def test_bans_end_accounts_and_replacements_follow(of: Callable[[str], pa.Table]) -> None:
    """An account of ban-evasion lives a fraction of the campaign, and some begin after others have ended."""
    table = of("ban-evasion").group_by("account_id").aggregate([("time", "min"), ("time", "max")])
    first, last = (table[c].cast(pa.int64()).to_numpy() for c in ("time_min", "time_max"))
    whole = last.max() - first.min()
    assert np.median(last - first) < whole / 3
    assert first.max() > last.min()


def test_pivot_moves_half_to_another_model(of: Callable[[str], pa.Table]) -> None:
    """One model has nearly all of the first quarter of the time and less than half of the last."""
    table = of("pivot-harvest")
    times, codes = table["time"].cast(pa.int64()).to_numpy(), table["model"].combine_chunks().dictionary_encode()
    place = (times - times[0]) / (times[-1] - times[0])
    model = codes.indices.to_numpy()
    main = np.bincount(model[place < 0.25]).argmax()
    assert (model[place < 0.25] == main).mean() > 0.95
    assert (model[place > 0.75] == main).mean() < 0.5


def test_turns_are_padded_and_trajectories_use_tools(of: Callable[[str], pa.Table]) -> None:
    """Most padded exchanges are no heads; agentic ones offer tools and go on for many turns."""
    padded, agentic = of("padded-turns"), of("agentic-harvest")
    assert (padded["turn_count"].to_numpy() > 1).mean() > 0.5
    assert pc.all(agentic["has_tools"]).as_py()
    assert agentic["turn_count"].to_numpy().mean() > 4


def test_uneven_load_and_fake_repeats(of: Callable[[str], pa.Table]) -> None:
    """Uneven accounts differ far more than by chance; repeats send a fifth of all prompts' entries again."""
    count = pc.value_counts(of("uneven-load")["account_id"]).field("counts").to_numpy()
    assert count.var() > 4 * count.mean()
    again = of("fake-repeats")["prompt_text"]
    # Templates draw numbers and styles of their own, so an entry is looked for inside prompts: by its last line.
    tails = [str(p)[-60:] for p in again.to_pylist()]
    assert len(set(tails)) < 0.95 * len(tails)


def test_a_client_key_per_account(of: Callable[[str], pa.Table]) -> None:
    """Accounts differ in client, parameters or system prompt; within one account the client is one."""
    table = of("client-key-per-account")
    per_account = table.group_by("account_id").aggregate([("client_build", "count_distinct")])
    assert pc.max(per_account["client_build_count_distinct"]).as_py() == 1
    keys = table.group_by(["client_build", "temperature", "max_tokens", "system_text"]).aggregate([])
    assert keys.num_rows >= 0.7 * distinct(table, "account_id")


def test_relays_carry_people_who_stay_legitimate(legitimate: Path, folder: Path) -> None:
    """People's exchanges on relay accounts keep text, time, population and entity, and have no campaign."""
    con = duckdb.connect()
    for name, path in (("old", legitimate), ("new", folder)):
        con.read_parquet(str(path / "logs" / "*.parquet")).create_view(name)
        con.read_parquet(str(path / "truth" / "exchanges.parquet")).create_view(f"{name}_truth")
    con.read_parquet(str(folder / "truth" / "accounts.parquet")).create_view("whose")
    moved = con.execute(
        """SELECT whose.campaign, new_truth.campaign, new_truth.population, count(*), count(DISTINCT new.account_id),
                  bool_and(old.prompt_text = new.prompt_text AND old.time = new.time
                           AND old_truth.entity = new_truth.entity AND old.client_address <> new.client_address)
           FROM old JOIN new USING (exchange_id) JOIN old_truth USING (exchange_id) JOIN new_truth USING (exchange_id)
           JOIN whose ON whose.account_id = new.account_id WHERE old.account_id <> new.account_id
           GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    assert [row[0] for row in moved] == ["relay-like-cover", "relay-mixed"]
    for _, campaign, population, n, accounts, kept in moved:
        assert (campaign, population, kept) == (None, "people", True)
        assert n > 50
        assert accounts > 5


def test_people_move_by_whole_sessions(legitimate: Path, folder: Path) -> None:
    """A session that moved is on one account of a relay."""
    con = duckdb.connect()
    con.read_parquet(str(legitimate / "logs" / "*.parquet")).create_view("old")
    con.read_parquet(str(folder / "logs" / "*.parquet")).create_view("new")
    split = con.execute(
        """SELECT count(*) FROM (
               SELECT old.account_id, coalesce(old.session_id, old.conversation_id) talk FROM old
               JOIN new USING (exchange_id) WHERE talk IS NOT NULL
               GROUP BY ALL HAVING count(DISTINCT new.account_id) > 1)"""
    ).fetchone()
    assert split == (0,)


def test_a_sorted_list_drifts_and_a_shuffled_one_does_not(of: Callable[[str], pa.Table]) -> None:
    """Neighbours in time share topic words far more often in the sorted list."""

    def alike(name: str) -> float:
        words = [set(str(p).lower().split()) for p in of(name)["prompt_text"].to_pylist()]
        near = [len(a & b) / len(a | b) for a, b in pairwise(words)]
        far = [len(a & b) / len(a | b) for a, b in zip(words, words[len(words) // 2 :], strict=False)]
        return float(np.mean(near) - np.mean(far))

    assert alike("sorted-list") > alike("fake-repeats") + 0.01


def test_real_lists_are_harvest_lists(legitimate: Path, corpora: Path, tmp_path: Path) -> None:
    """With corpora the bare campaign sends harvest texts and none that ordinary people's corpora hold."""
    copy = tmp_path / "r"
    shutil.copytree(legitimate, copy)
    add_attacks(copy, scale=1 / 400, seed=8, names=["bare-questions", "ordinary-content"], corpora=corpora)
    prompts = pq.read_table(corpora / "prompts.parquet", columns=["role", "text"])
    role = prompts["role"].cast(pa.string())
    truth, logs = (
        pq.read_table(copy / "truth" / "exchanges.parquet"),
        pq.read_table(copy / "logs" / "part-0001.parquet"),
    )

    def sent(name: str) -> set[str]:
        mine = truth.filter(pc.equal(truth["campaign"], name))["exchange_id"].combine_chunks()
        return set(logs.filter(pc.is_in(logs["exchange_id"], value_set=mine))["prompt_text"].to_pylist())

    harvest = {
        str(t).strip().replace("\\n", "\n") for t in prompts.filter(pc.equal(role, "harvest"))["text"].to_pylist()
    }
    ordinary = set(prompts.filter(pc.not_equal(role, "harvest"))["text"].to_pylist())
    bare = {t.strip().replace("\\n", "\n") for t in sent("bare-questions")}
    assert len(bare & harvest) > 0.5 * len(bare)
    assert not bare & (ordinary - harvest)
    assert len(sent("ordinary-content") & ordinary) > 0.9 * len(sent("ordinary-content"))
