"""A whole run: its files, its counts, and that it can be made again."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.simulate.tables import EXCHANGES, SEED, Run

from stillwatch.errors import InvalidInput
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate import (
    CAMPAIGNS,
    DEFAULT,
    EVASIONS,
    MARKER,
    POPULATIONS,
    TRUTH_ACCOUNT,
    TRUTH_EXCHANGE,
    simulate,
)


def test_tables_have_the_declared_schemas(run: Run) -> None:
    """Logs are EXCHANGE, accounts ACCOUNT, truth its own two schemas, all exactly."""
    assert all(pq.read_schema(path).equals(EXCHANGE, check_metadata=True) for path in run.made.logs)
    assert pq.read_schema(run.made.accounts).equals(ACCOUNT, check_metadata=True)
    assert pq.read_schema(run.made.truth / "exchanges.parquet").equals(TRUTH_EXCHANGE, check_metadata=True)
    assert pq.read_schema(run.made.truth / "accounts.parquet").equals(TRUTH_ACCOUNT, check_metadata=True)


def test_truth_is_marked_and_apart(run: Run) -> None:
    """The truth lies in a folder of its own that says so."""
    assert (run.made.truth / MARKER).is_file()
    assert {path.name for path in run.made.out.iterdir()} == {"logs", "accounts.parquet", "truth"}


def test_counts_add_up(run: Run) -> None:
    """Exactly as many exchanges as asked for, each with one truth row, and the manifest counts them."""
    manifest = json.loads((run.made.truth / "manifest.json").read_text())
    assert run.logs.num_rows == run.truth.num_rows == manifest["exchanges"] == EXCHANGES
    assert manifest["exchanges_by_population"] == dict(Counter(run.truth["population"].to_pylist()))
    campaigns = Counter(name for name in run.truth["campaign"].to_pylist() if name)
    assert manifest["exchanges_by_campaign"] == dict(campaigns)
    assert sum(manifest["accounts_by_population"].values()) == manifest["accounts"] == run.accounts.num_rows
    assert manifest == run.made.manifest
    assert manifest["seed"] == SEED


def test_everybody_takes_part(run: Run, everything: Run) -> None:
    """Every registered population and default campaign is in the truth; in a run of a scale, every campaign."""
    populations = {population.name for population in POPULATIONS}
    assert set(run.truth["population"].to_pylist()) == populations | set(DEFAULT)
    campaigns = {campaign.name for campaign in CAMPAIGNS}
    assert set(everything.truth["population"].to_pylist()) == populations | campaigns


def test_rows_are_in_time_order_within_the_window(run: Run) -> None:
    """Times rise from file to file and stay within fourteen days."""
    times = run.logs["time"].cast(pa.int64()).to_numpy()
    assert (times[1:] >= times[:-1]).all()
    assert times[-1] - times[0] < 14 * 86_400_000_000


def test_ids_are_unique_and_truth_is_aligned(run: Run) -> None:
    """No exchange id twice; truth rows stand in the order of the logs and name the same accounts."""
    ids = run.logs["exchange_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert run.truth["exchange_id"].to_pylist() == ids
    assert run.truth["account_id"].equals(run.logs["account_id"])


def test_accounts_cover_the_logs(run: Run) -> None:
    """Every account of the logs is in both account tables, opened before its first exchange."""
    opened = dict(zip(run.accounts["account_id"].to_pylist(), run.accounts["created_at"].to_pylist(), strict=True))
    assert opened.keys() == set(run.account_truth["account_id"].to_pylist())
    first = run.logs.group_by("account_id").aggregate([("time", "min")])
    for account, time in zip(first["account_id"].to_pylist(), first["time_min"].to_pylist(), strict=True):
        assert opened[account] < time


@pytest.mark.parametrize("other", [0, 1])
def test_a_run_can_be_made_again(tmp_path: Path, other: int) -> None:
    """The same seed gives the same bytes, another seed another run."""
    first = simulate(tmp_path / "a", exchanges=2_000, seed=5)
    second = simulate(tmp_path / "b", exchanges=2_000, seed=5 + other)
    same = [
        (first.out / part).read_bytes() == (second.out / part).read_bytes()
        for part in ("logs/part-0000.parquet", "accounts.parquet", "truth/exchanges.parquet", "truth/manifest.json")
    ]
    assert all(same) if other == 0 else not any(same)


def test_a_scaled_run_can_be_made_again(tmp_path: Path) -> None:
    """With every campaign and option the same seed gives the same bytes."""
    specs = [*EVASIONS, "ban-evasion:policy=sticky", "pivot-harvest:cover=2,payment_group=4", "paraphrase"]
    first, second = (
        simulate(tmp_path / name, scale=1 / 1000, days=2, seed=5, campaigns=specs, populations=["people", "agents"])
        for name in "ab"
    )
    for part in ("logs/part-0000.parquet", "accounts.parquet", "truth/exchanges.parquet", "truth/manifest.json"):
        assert (first.out / part).read_bytes() == (second.out / part).read_bytes()


def test_files_are_bounded(everything: Run) -> None:
    """However big a run, a log file has at most 150,000 exchanges, and files follow one another in time."""
    sizes = [pq.read_metadata(path).num_rows for path in everything.made.logs]
    assert sum(sizes) == everything.made.manifest["exchanges"]
    assert len(sizes) > 1
    assert set(sizes[:-1]) == {150_000}
    times = everything.logs["time"].cast(pa.int64()).to_numpy()
    assert (np.diff(times) >= 0).all()


def test_the_manifest_says_what_each_campaign_was_told(everything: Run) -> None:
    """Kind, options in force and what was opened, for every campaign of the run."""
    campaigns = everything.made.manifest["campaigns"]
    assert isinstance(campaigns, dict)
    assert list(campaigns) == [campaign.name for campaign in CAMPAIGNS]
    for name, told in campaigns.items():
        assert told["kind"] == name
        assert told["operations"][0]["accounts"] >= told["operations"][0]["slots"] > 0
    assert campaigns["ban-evasion"]["options"] == {"lifetime_days": 3.0}


def test_parts_can_be_chosen(tmp_path: Path) -> None:
    """Only the named populations and campaigns appear; a campaign named twice is two campaigns."""
    made = simulate(
        tmp_path / "run",
        exchanges=4_000,
        seed=1,
        populations=["people", "tools"],
        campaigns=["bare-questions", "bare-questions"],
    )
    assert set(made.manifest["exchanges_by_population"]) == {  # type: ignore[call-overload]
        "people",
        "tools",
        "bare-questions",
        "bare-questions-2",
    }


def test_nothing_planted(tmp_path: Path) -> None:
    """No campaigns, as for a reference: everything is legitimate, and nothing is missing from the count."""
    made = simulate(tmp_path / "run", exchanges=4_000, seed=1, campaigns=())
    truth = pq.read_table(made.truth / "exchanges.parquet")
    assert truth["campaign"].null_count == truth.num_rows == 4_000


def test_progress_is_reported(tmp_path: Path) -> None:
    """Both stages report up to their end."""
    seen: list[tuple[str, float, float]] = []
    simulate(tmp_path / "run", exchanges=2_000, seed=1, on_progress=lambda *report: seen.append(report))
    assert {stage for stage, done, total in seen if done == total} == {"draft", "write"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"exchanges": 10}, "exchanges must be at least"),
        ({"days": 0}, "days must be in"),
        ({"overlap": 2.0}, "overlap must be in"),
        ({"campaigns": ["nothing"]}, "campaigns must be among"),
        ({"populations": ["nobody"]}, "populations must be among"),
        ({"scale": 0.1}, "exactly one of exchanges and scale"),
        ({"exchanges": None}, "exactly one of exchanges and scale"),
        ({"exchanges": None, "scale": 1.5}, r"scale must be in \[1/1000, 1\]"),
        ({"exchanges": None, "scale": float("nan")}, "scale must be in"),
        ({"campaigns": ["slow-drip:pivot_day=20"]}, "pivot_day must be less than days"),
        ({"populations": [], "campaigns": ["slow-drip"]}, "choose fewer, or some populations"),
    ],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: dict[str, object], said: str) -> None:
    """Bad arguments are named with what is allowed."""
    with pytest.raises(InvalidInput, match=said):
        simulate(tmp_path / "run", **{"exchanges": 2_000, "seed": 1, **arguments})  # type: ignore[arg-type]


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Nothing is ever written over."""
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InvalidInput, match="must be empty"):
        simulate(tmp_path, exchanges=2_000, seed=1)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_overlap_lets_attackers_ask_what_people_ask(tmp_path: Path) -> None:
    """With full overlap a bare harvest asks only ordinary questions; without, none of them."""
    for overlap, expected in ((0.0, False), (1.0, True)):
        made = simulate(
            tmp_path / str(overlap),
            exchanges=3_000,
            seed=2,
            populations=["people"],
            campaigns=["bare-questions"],
            overlap=overlap,
        )
        truth = pq.read_table(made.truth / "exchanges.parquet")
        prompts = pq.read_table(made.logs[0])["prompt_text"]
        planted = set(prompts.filter(truth["campaign"].is_valid()).to_pylist())
        ordinary = set(prompts.filter(truth["campaign"].is_null()).to_pylist())
        assert bool(planted & ordinary) is expected
