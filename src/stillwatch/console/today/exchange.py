"""Indicators out and in, as the member's node has them: told by us, checked here, found here, waiting to be sent."""

from dataclasses import dataclass

from sqlalchemy import func, select

from stillwatch.console.sharing.database import has_run, looking_at
from stillwatch.errors import StillwatchError
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import ANSWERS, FINDINGS, OWN

__all__ = ["Told", "told_of"]


@dataclass(frozen=True, slots=True)
class Told:
    """How many.

    n_out       Indicators that this member has told.
    n_in        Indicators of others that were checked against its traffic.
    n_found     Families of its traffic that they point to.
    n_unsent    Answers that the forum does not have yet.
    """

    n_out: int
    n_in: int
    n_found: int
    n_unsent: int


def told_of(node: NodeSettings | None) -> Told | None:
    """Figures of the node; None without one, before it has run, and when it cannot be looked at."""
    if node is None or not has_run(node):
        return None
    unsent = select(func.count()).select_from(ANSWERS).where(ANSWERS.c.is_sent.is_(False))
    try:
        with looking_at(node) as connection:
            n_out, n_in, n_found = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (OWN, ANSWERS, FINDINGS)
            )
            return Told(n_out, n_in, n_found, connection.execute(unsent).scalar_one())
    except StillwatchError:
        return None
