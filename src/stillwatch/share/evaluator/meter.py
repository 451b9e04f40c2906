"""Count what every member has had evaluated, before it is answered, so that nobody enumerates."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import BigInteger, Column, ColumnElement, Engine, MetaData, String, Table, delete, select, update

from stillwatch.errors import InvalidInput
from stillwatch.share.evaluator.purpose import BUDGETS, Purpose
from stillwatch.store.conflict import insert_if_new

__all__ = ["METER_TABLES", "Meter"]

METER_TABLES: Final = MetaData()
_SPENT: Final = Table(
    "evaluator_spent",
    METER_TABLES,
    Column("member", String(128), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("n", BigInteger, nullable=False),
)


class Meter:
    """Budgets per member, purpose and epoch, in a database; requests that come together are counted one by one.

    budgets     Elements an epoch allows for each purpose; one that is not named allows none.
    """

    def __init__(self, engine: Engine, budgets: Mapping[Purpose, int] = BUDGETS) -> None:
        self._engine = engine
        self._budgets = dict(budgets)

    def spend(self, member: str, purpose: Purpose, epoch: int, n: int) -> int | None:
        """Count `n` elements, all or none: what is left then, None when they do not fit.

        What is counted is on disk when this returns, and stays counted whatever becomes of the request.

        n           At least 1.
        Raises      InvalidInput if `n` is less.
        """
        if n < 1:
            message = f"at least one element must be spent, got {n}"
            raise InvalidInput(message)
        who = {"member": member, "purpose": purpose.value, "epoch": epoch}
        budget = self._budgets.get(purpose, 0)
        row = _row(member, purpose, epoch)
        counted = update(_SPENT).where(*row, _SPENT.c.n <= budget - n).values(n=_SPENT.c.n + n)
        with self._engine.begin() as connection:
            insert_if_new(connection, _SPENT, {**who, "n": 0})
            if connection.execute(counted).rowcount != 1:
                return None
            spent: int = connection.execute(select(_SPENT.c.n).where(*row)).scalar_one()
        return budget - spent

    def left(self, member: str, purpose: Purpose, epoch: int) -> int:
        """What the member may still ask for."""
        with self._engine.begin() as connection:
            spent = connection.execute(select(_SPENT.c.n).where(*_row(member, purpose, epoch))).scalar()
        return self._budgets.get(purpose, 0) - (spent or 0)

    def forget(self, before: int) -> int:
        """Drop what was counted in epochs before this one, whose keys are gone; how many rows."""
        with self._engine.begin() as connection:
            return connection.execute(delete(_SPENT).where(_SPENT.c.epoch < before)).rowcount


def _row(member: str, purpose: Purpose, epoch: int) -> tuple[ColumnElement[bool], ...]:
    return _SPENT.c.member == member, _SPENT.c.purpose == purpose.value, _SPENT.c.epoch == epoch
