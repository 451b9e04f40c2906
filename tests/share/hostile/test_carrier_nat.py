"""An address behind carrier NAT at all three members: where it looks rare, the others' rates undo the match."""

from pathlib import Path

import pytest
from tests.share.hostile.exchange import Exchange, Member, local_index, publishing, told_now

from stillwatch.model.indicator import SightingAnswer, SignalKind
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.said import rates_of

ADDRESS = SignalKind.ADDRESS
CARRIER = "41.7.0.9"
ACCOUNTS, ORDINARY, BEHIND = 25_000, 22_000, 1_250
SEEN, NOT_SEEN = SightingAnswer.SEEN, SightingAnswer.LOOKED_NOT_SEEN


def crowd(exchange: Exchange) -> Member:
    """A member where one account in twenty is behind the address."""
    rows = [(ADDRESS, CARRIER, account, 0) for account in range(1, BEHIND + 1)]
    return exchange.member(local_index(rows, (), ORDINARY, ACCOUNTS))


def fringe(exchange: Exchange) -> Member:
    """A member where the address has come once, in a family of its own."""
    return exchange.member(local_index([(ADDRESS, CARRIER, 7, 0)], [(5, 7)], ORDINARY, ACCOUNTS))


def answers(exchange: Exchange, member: Member) -> list[tuple[str, int]]:
    """Id and count of every version of a member's answers at the forum, in their order."""
    maker = f"identity--{member.member_id}"
    return [(told["id"], told["count"]) for told in exchange.held("sighting") if told["created_by_ref"] == maker]


def test_what_is_common_elsewhere_is_no_sighting_here(exchange: Exchange) -> None:
    """Seen by who does not know better; with the crowd's rate the finding goes and the answer is corrected."""
    told = told_now({ADDRESS: [CARRIER]})
    noisy, many, few = exchange.member(), crowd(exchange), fringe(exchange)
    publishing(noisy, told)
    exchange.catch_up(few)
    assert few.answers == [SEEN]
    assert len(findings_in(few.node.engine)) == 1
    exchange.catch_up(many)
    assert many.answers == [NOT_SEEN]
    exchange.catch_up(few)
    assert few.answers == [SEEN, NOT_SEEN]
    assert findings_in(few.node.engine) == []
    (first, seen), (second, not_seen) = answers(exchange, few)
    assert (first, seen, not_seen) == (second, 1, 0)
    exchange.catch_up(noisy)
    with noisy.node.engine.begin() as connection:
        rates = rates_of(connection, told.indicator_id)
    assert 0.0 in rates
    assert max(rates) == pytest.approx(BEHIND / ORDINARY, rel=0.5)
    assert max(rates) != BEHIND / ORDINARY


def test_who_hears_the_rate_first_sees_nothing(exchange: Exchange) -> None:
    """The answer is there before the address is looked for: no finding was ever opened that lasts."""
    told = told_now({ADDRESS: [CARRIER]})
    noisy, many, few = exchange.member(), crowd(exchange), fringe(exchange)
    publishing(noisy, told)
    exchange.catch_up(many)
    exchange.catch_up(few)
    assert few.answers[-1] is NOT_SEEN
    assert findings_in(few.node.engine) == []


def test_the_template_of_the_same_campaign_is_still_seen(exchange: Exchange) -> None:
    """A shared address among an indicator's tags takes nothing from bands: nobody has a template by chance."""
    bands = [f"{number}:{number + 40:016x}" for number in range(8)]
    told = told_now({ADDRESS: [CARRIER], SignalKind.BAND: bands})
    noisy, many = exchange.member(), crowd(exchange)
    rows = [(SignalKind.BAND, band, 0, 5) for band in bands]
    victim = exchange.member(
        local_index(rows, [(5, account) for account in range(30)] + [(6, 40), (7, 41)], ORDINARY, ACCOUNTS)
    )
    publishing(noisy, told)
    exchange.catch_up(many)
    exchange.catch_up(victim)
    assert victim.answers[-1] is SEEN


def test_neither_the_address_nor_a_count_reaches_the_forum(exchange: Exchange, tmp_path: Path) -> None:
    """Only a tag and a rate in half octaves."""
    noisy, many = exchange.member(), crowd(exchange)
    publishing(noisy, told_now({ADDRESS: [CARRIER]}))
    exchange.catch_up(many)
    disk = b"".join(path.read_bytes() for path in tmp_path.glob("forum.db*"))
    assert b"benign_rate" in disk
    assert CARRIER.encode() not in disk
