"""A node that was away, and a forum that was: everything comes once, whatever was taken back meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.share.hostile.exchange import Exchange, local_index, opened_exchange, publishing, told_now
from tests.share.hostile.test_messages import ADDRESS, SEEN, VALUE, victim

from stillwatch.share.node.node import findings_in


def test_a_node_that_was_away_catches_up_exactly_once(exchange: Exchange) -> None:
    """Stopped in the middle, opened again on its own database: one answer an indicator, none of what was taken back."""
    index = local_index([(ADDRESS, VALUE, 7, 0)], [(5, 7)], 0, 25_000)
    sender, reader = exchange.member(), exchange.member(index)
    told = [told_now({ADDRESS: [VALUE]}) for _ in range(6)]
    for one in told[:3]:
        publishing(sender, one)
    exchange.catch_up(reader, exchange.n_records() - 10)
    first = [one.indicator.indicator_id for one in reader.node.checked]
    for one in told[3:]:
        publishing(sender, one)
    sender.service.send(sender.node.take_back(told[5].indicator_id, datetime.now(UTC) + timedelta(seconds=1)))
    again = exchange.opened(reader.member_id, reader.token, index)
    exchange.catch_up(again, exchange.n_records() - reader.node.n_events)
    seen = [*first, *(one.indicator.indicator_id for one in again.node.checked)]
    assert sorted(seen) == sorted({one.indicator_id for one in told})
    withdrawn = {one["indicator_id"] for one in findings_in(again.node.engine) if one["withdrawn"]}
    assert withdrawn == {told[5].indicator_id}
    assert len(exchange.held("sighting")) == len(told)
    exchange.catch_up(again, exchange.n_records() - reader.node.n_events)
    assert len(exchange.held("sighting")) == len(told)


@pytest.mark.parametrize("records", [1, 9])
def test_a_forum_that_was_away_loses_nothing_and_brings_nothing_twice(tmp_path: Path, records: int) -> None:
    """The server ends when a node has had some of it, and begins again on the same database."""
    with opened_exchange(tmp_path) as exchange:
        sender, reader = exchange.member(), victim(exchange)
        publishing(sender, told_now({ADDRESS: [VALUE]}))
        exchange.catch_up(reader, records)
        known, index = reader.node.n_events, reader.service.index
    with opened_exchange(tmp_path) as exchange:
        again = exchange.opened(reader.member_id, reader.token, index)
        exchange.catch_up(again, exchange.n_records() - known)
        assert [*reader.answers, *again.answers] == [SEEN]
        assert len(exchange.held("sighting")) == 1
