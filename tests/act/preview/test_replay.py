"""Traffic taken in batch by batch."""

from datetime import timedelta

import numpy as np
import pytest
from tests.act.preview.made import LADDER, START, Told, row, seen, traffic, world

from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.replay import Replay
from stillwatch.act.preview.traffic import Traffic
from stillwatch.errors import InvalidInput, MissingData

POLICY = read_policy(LADDER, "ladder")


def test_batches_make_no_difference() -> None:
    """However traffic is cut, sums, rows and digest are the same."""
    rows, told = world(3)
    one, many = seen(rows, told, POLICY, cut=1000), seen(rows, told, POLICY, cut=7)
    assert one.digest == many.digest
    assert one.n_others.sum() == many.n_others.sum() == len(rows) - len(one.accused["account"])
    assert one.totals.account_ids == many.totals.account_ids
    assert one.totals.n_exchanges.tolist() == many.totals.n_exchanges.tolist()
    assert [one.feature_rows[code] for code in one.accused["feature"].tolist()] == [
        many.feature_rows[code] for code in many.accused["feature"].tolist()
    ]


@pytest.mark.parametrize(
    "changed", [{"exchange_id": "other"}, {"account_id": "other"}, {"time": START + timedelta(minutes=9)}]
)
def test_other_traffic_has_another_digest(changed: dict[str, object]) -> None:
    """An id, an account or a time that differs is seen."""
    rows = [row("a", 1.0), row("b", 2.0)]
    assert seen(rows, Told()).digest != seen([rows[0], {**rows[1], **changed}], Told()).digest


def test_many_batches_are_put_together() -> None:
    """A thousand batches of one exchange leave one count each for what is alike."""
    found = seen([row("a", i, model="large") for i in range(300)], Told(), cut=1)
    assert found.n_others.tolist() == [300]
    assert found.by_model.tolist() == [300]


def test_organisation_is_what_any_exchange_names() -> None:
    """An account whose first exchange names no organisation has that of a later one; without any it is its own."""
    found = seen([row("a", 0), row("b", 1), row("a", 2, organisation_id="o"), row("c", 3, organisation_id="o")], Told())
    assert found.owners == ["o", None, "o"]
    assert found.organisation.tolist() == [0, 1, 0]
    assert found.n_organisations == 2


def test_an_account_named_like_an_organisation_is_not_it() -> None:
    """Ids of both kinds are told apart."""
    assert seen([row("x", 0), row("y", 1, organisation_id="x")], Told()).n_organisations == 2


def test_costs_are_unknown_where_no_exchange_tells_them() -> None:
    """Free and unknown differ."""
    found = seen([row("a", 0, cost_usd=0.0), row("b", 1), row("a", 2)], Told())
    assert found.totals.cost_usd[0] == 0.0
    assert np.isnan(found.totals.cost_usd[1])


def test_single_precision_is_what_the_client_wrote() -> None:
    """A temperature of 0.7 is 0.7 to a rule, whatever the column keeps."""
    found = seen([row("a", 0, temperature=0.7)], Told(), POLICY)
    assert 0.7 in found.feature_rows[0]


def test_nothing_is_refused() -> None:
    """Without an exchange there is nothing to preview."""
    with pytest.raises(MissingData, match="no exchange"):
        Replay(Told(), ()).seen()


def test_rows_and_places_belong_together() -> None:
    """A place is needed for each row, and every column."""
    whole = traffic([row("a", 0), row("b", 1)])
    with pytest.raises(InvalidInput, match="2 rows, got 1 places"):
        Replay(Told(), ()).add(Traffic(whole.exchanges, np.zeros(1, np.int32)))
    with pytest.raises(InvalidInput, match="without cost_usd"):
        Replay(Told(), ()).add(Traffic(whole.exchanges.drop_columns(["cost_usd"]), np.zeros(2, np.int32)))
