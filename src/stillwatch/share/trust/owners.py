"""Which members belong to one owner: together they are one origin, however many nodes a company runs."""

from sqlalchemy import Connection, delete, insert, select

from stillwatch.errors import MissingData
from stillwatch.share.access.tables import MEMBERS
from stillwatch.share.trust.places import OWNERS

__all__ = ["set_owner"]


def set_owner(connection: Connection, member_id: str, owner_id: str) -> None:
    """Say who owns a member; an owner that is a member somebody owns stands for that somebody.

    Raises      MissingData when one of them is no member.
    """
    known = set(
        connection.execute(select(MEMBERS.c.member_id).where(MEMBERS.c.member_id.in_([member_id, owner_id]))).scalars()
    )
    if not {member_id, owner_id} <= known:
        message = f"no such member: {member_id if member_id not in known else owner_id}"
        raise MissingData(message)
    above = connection.execute(select(OWNERS.c.owner_id).where(OWNERS.c.member_id == owner_id)).scalar() or owner_id
    theirs = [*connection.execute(select(OWNERS.c.member_id).where(OWNERS.c.owner_id == member_id)).scalars()]
    for one in {member_id, *theirs}:
        connection.execute(delete(OWNERS).where(OWNERS.c.member_id == one))
        if one != above:
            connection.execute(insert(OWNERS), {"member_id": one, "owner_id": above})
