"""What a holder lets be searched: values of its window that are of their kind and that no warning list has."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from tests.share.node.members import ALPHA, BETA, node
from tests.share.node.search.exchange import EPOCH, LISTS, addresses, index_of

from stillwatch.errors import MissingData
from stillwatch.model.indicator import SignalKind
from stillwatch.share.node.search.own import Own
from stillwatch.share.node.search.records import Records
from stillwatch.share.node.search.setups import Setups, held_values
from stillwatch.share.node.search.tables import SETUPS
from stillwatch.share.sealed.keys import SealingKey

ADDRESS = SignalKind.ADDRESS
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def own(index_ns: int = 1, epoch: int = EPOCH) -> Own:
    """A side with a few addresses."""
    kinds = frozenset({ADDRESS})
    return Own(node(ALPHA), SealingKey.generate(), index_of(addresses(0, 9)), index_ns, epoch, kinds, LISTS)


def test_what_is_shared_or_has_no_form_is_not_held() -> None:
    """Private addresses are on the warning lists; each value once; other kinds apart."""
    index = index_of([*addresses(0, 3), "10.0.0.1", "192.168.1.1", "nothing", "41.7.0.1"])
    assert held_values(index, ADDRESS, LISTS) == addresses(0, 3)
    assert held_values(index, SignalKind.TLS, LISTS) == []


def test_a_set_up_lasts_for_an_epoch_and_an_index() -> None:
    """Then there is another, under another key, and the old key is gone."""
    setups = Setups(Records(own().node.engine).engine)
    side = own()
    first = setups.own(side, ADDRESS, NOW)
    assert setups.own(side, ADDRESS, NOW).data == first.data
    second = setups.own(own(index_ns=2), ADDRESS, NOW)
    third = setups.own(own(index_ns=2, epoch=EPOCH + 1), ADDRESS, NOW)
    assert len({one.secret for one in (first, second, third)}) == 3
    with setups._engine.begin() as connection:
        assert connection.execute(select(SETUPS.c.secret)).scalars().all() == [third.secret]


def test_set_ups_of_others_are_found_by_digest() -> None:
    """The newest of a member, kind and epoch; kept twice is kept once; what is gone says so."""
    setups = Setups(Records(node(BETA).engine).engine)
    assert setups.known(ALPHA, ADDRESS, EPOCH) is None
    for _ in range(2):
        setups.keep(ALPHA, ADDRESS, EPOCH, b"marks", NOW)
    digest = setups.known(ALPHA, ADDRESS, EPOCH)
    assert digest is not None
    assert setups.get(digest) == b"marks"
    assert setups.known(ALPHA, SignalKind.TLS, EPOCH) is None
    with pytest.raises(MissingData, match="ask again"):
        setups.get("ab" * 32)
