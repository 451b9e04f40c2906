"""Nothing in the logs gives a campaign away but what it does."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.tables import Run

from stillwatch.simulate import CAMPAIGNS, POPULATIONS
from stillwatch.simulate.world import START_US

CAMPAIGN_NAMES = [campaign.name for campaign in CAMPAIGNS]


def rank_advantage(values: list[str], planted: npt.NDArray[np.bool_]) -> float:
    """Chance that a planted row sorts before a legitimate one, less one half."""
    order = np.argsort(np.array(values), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order))
    n_planted = int(planted.sum())
    wins = ranks[planted].sum() - n_planted * (n_planted - 1) / 2
    return float(wins / (n_planted * (len(order) - n_planted)) - 0.5)


def test_no_label_stands_in_the_logs(everything: Run) -> None:
    """No text column holds the name of a campaign or an entity."""
    run = everything
    labels = {*CAMPAIGN_NAMES, *(f"{p.name}-" for p in POPULATIONS if "-" in p.name), *run.truth["entity"].to_pylist()}
    pattern = "|".join(sorted(label for label in labels if "-" in label))
    for table in (run.logs, run.accounts):
        for name in table.column_names:
            if pa.types.is_string(table[name].type):
                found = pc.match_substring_regex(table[name], rf"\b({pattern})\b")
                assert not pc.any(found).as_py(), name


def test_account_tables_are_in_no_telling_order(run: Run) -> None:
    """Accounts are sorted by an id that says nothing."""
    ids = run.account_truth["account_id"].to_pylist()
    planted = np.asarray(run.account_truth["campaign"].is_valid().to_numpy())
    assert ids == sorted(ids)
    assert abs(rank_advantage(ids, planted)) < 0.05


@pytest.mark.parametrize("column", ["exchange_id", "account_id", "session_id", "conversation_id"])
def test_ids_say_nothing(run: Run, column: str) -> None:
    """Ids of planted rows sort among all others, and look like them."""
    ids = run.logs[column].to_pylist()
    known = np.array([value is not None for value in ids])
    planted = run.planted()[known]
    values = [value for value in ids if value is not None]
    assert len({len(value) for value in values}) == 1
    if column != "account_id":
        assert abs(rank_advantage(values, planted)) < 0.05


@pytest.mark.parametrize("column", ["session_id", "conversation_id"])
def test_missing_ids_follow_the_client(run: Run, column: str) -> None:
    """Whether an id is null depends on the client build alone."""
    logs = run.logs.select(["client_build"]).append_column("null", run.logs[column].is_null())
    kinds = logs.group_by("client_build").aggregate([("null", "min"), ("null", "max")])
    assert kinds["null_min"].equals(kinds["null_max"])


def test_what_is_missing_is_missing_alike(run: Run) -> None:
    """A column that is ever null for legitimate rows, and not by client, is null about as often for planted ones."""
    planted = run.planted()
    for name in ("output_tokens", "status_code", "client_country", "client_asn", "tls_fingerprint", "client_address"):
        null = np.asarray(run.logs[name].is_null().to_numpy())
        assert abs(null[planted].mean() - null[~planted].mean()) < 0.01, name


@pytest.mark.parametrize("column", ["payment_fingerprint", "organisation_id", "programme", "declared_use"])
def test_campaign_accounts_lack_what_people_lack(run: Run, column: str) -> None:
    """A planted account is no more and no less complete than a person's."""
    null = np.asarray(run.accounts[column].is_null().to_numpy())
    planted = np.asarray(run.account_truth["campaign"].is_valid().to_numpy())
    people = np.array([name == "people" for name in run.account_truth["population"].to_pylist()])
    assert abs(null[planted].mean() - null[people].mean()) < 0.08


def test_clients_of_campaigns_are_everybodys(everything: Run) -> None:
    """No program is used by campaigns alone, nor any country, model or status."""
    run, planted = everything, everything.planted()
    product = pc.list_element(pc.split_pattern(run.logs["user_agent"], "/"), 0)
    for values in (product, run.logs["client_country"], run.logs["model"], run.logs["status_code"]):
        mine = set(values.filter(pa.array(planted)).to_pylist())
        theirs = set(values.filter(pa.array(~planted)).to_pylist())
        assert mine <= theirs


@pytest.mark.parametrize("column", ["client_address", "client_asn"])
def test_networks_of_campaigns_are_everybodys(everything: Run, column: str) -> None:
    """Campaigns come by IPv6 and IPv4 from operators that others come from too."""
    values, planted = everything.logs[column], pa.array(everything.planted())
    if column == "client_asn":
        assert set(values.filter(planted).to_pylist()) <= set(values.filter(pc.invert(planted)).to_pylist())
    else:
        for side in (planted, pc.invert(planted)):
            new = pc.match_substring(values.filter(side), ":")
            assert 0.03 < pc.mean(new.cast(pa.float64())).as_py() < 0.4


def test_sign_ups_inside_the_window_are_everybodys(everything: Run) -> None:
    """New accounts are no sign of a campaign: ordinary people sign up inside the window too, and before it."""
    opened = everything.accounts["created_at"].cast(pa.int64()).to_numpy() > START_US
    planted = np.asarray(everything.account_truth["campaign"].is_valid().to_numpy())
    for side in (planted, ~planted):
        assert 0.05 < opened[side].mean() < 0.6


def test_attack_prompts_are_nobody_elses(run: Run) -> None:
    """Bare questions are asked by no legitimate user, so that a split by prompt is a split by campaign."""
    bare = set(run.campaign("bare-questions")["prompt_text"].to_pylist())
    assert not bare & set(run.logs["prompt_text"].filter(pa.array(~run.planted())).to_pylist())
