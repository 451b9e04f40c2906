"""The trail: entries and signed heads in the transaction of the change; names of people in one spelling."""

import pytest
from sqlalchemy import func, select
from tests.act.desk import NOW, Office

from stillwatch.act.trail import CUSTOMER, SERVICE, person
from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.tables import ENTRIES, HEADS
from stillwatch.signing.keys import keys_of


def test_recorded_under_a_signed_head(opened: Office) -> None:
    """An entry stands under a head that the service has signed."""
    with opened.engine.begin() as connection:
        index = opened.trail.record(connection, Kind.CASE, "bea", {"event": "x"}, NOW)
        head = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size.desc())).scalars().first()
    assert head is not None
    assert verify_head(head, keys_of([opened.trail.key.verify_key])).size == index + 1


def test_a_change_that_is_undone_is_not_on_record(opened: Office) -> None:
    """When the transaction is rolled back, so is its entry."""
    with opened.engine.connect() as connection, connection.begin() as transaction:
        opened.trail.record(connection, Kind.CASE, "bea", {"event": "x"}, NOW)
        transaction.rollback()
    with opened.engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(ENTRIES)).scalar() == 0


@pytest.mark.parametrize("name", [SERVICE, CUSTOMER, "decider", "Stillwatch", "", "a b", "x" * 65, "bea; DROP", "<b>"])
def test_no_name_of_a_person(name: str) -> None:
    """The service's own names are nobody's, and what cannot stand in the ledger is refused."""
    with pytest.raises(InvalidInput):
        person(name)


def test_a_person_is_one_person_in_any_spelling() -> None:
    """Capital letters make no second analyst."""
    assert person(" Bea ") == person("bea") == "bea"
