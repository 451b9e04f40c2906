"""Statements that a node runs for every object, made once: to build one takes longer than to run it."""

from typing import Final

from sqlalchemy import bindparam, delete, insert, select, text, update

from stillwatch.share.node.tables import ANSWERS, FINDINGS, OBJECTS, PASSED_OVER

__all__ = [
    "ADD_ANSWER",
    "ADD_FINDINGS",
    "ADD_PASSED_OVER",
    "ANSWERED",
    "BODIES",
    "DROP_ANSWER",
    "DROP_FINDINGS",
    "KEEP",
    "SENT",
    "UNSENT",
]

_OF_ANSWER: Final = (ANSWERS.c.indicator_id == bindparam("of_indicator")) & (
    ANSWERS.c.version == bindparam("of_version")
)
ANSWERED: Final = select(ANSWERS.c.answer, ANSWERS.c.body).where(_OF_ANSWER)
DROP_ANSWER: Final = delete(ANSWERS).where(_OF_ANSWER)
SENT: Final = update(ANSWERS).where(_OF_ANSWER).values(is_sent=True)
UNSENT: Final = (
    select(ANSWERS.c.indicator_id, ANSWERS.c.version, ANSWERS.c.body)
    .where(ANSWERS.c.is_sent.is_(False))
    .order_by(ANSWERS.c.checked_at)
    .limit(bindparam("most"))
)
KEEP: Final = text(
    "INSERT INTO node_objects (object_id, type, origin, modified, revoked, body) "
    "VALUES (:object_id, :type, :origin, :modified, :revoked, :body) ON CONFLICT (object_id) DO UPDATE "
    "SET modified = excluded.modified, revoked = excluded.revoked, body = excluded.body "
    "WHERE NOT node_objects.revoked AND node_objects.origin = excluded.origin "
    "AND node_objects.modified < excluded.modified"
)
"""The newest version; what was revoked stays revoked, and nobody replaces another's object."""
BODIES: Final = (
    select(OBJECTS.c.body)
    .where(OBJECTS.c.object_id.in_(bindparam("of_objects", expanding=True)), OBJECTS.c.revoked.is_(False))
    .order_by(OBJECTS.c.type)
)
DROP_FINDINGS: Final = delete(FINDINGS).where(FINDINGS.c.indicator_id == bindparam("of_indicator"))
ADD_ANSWER: Final = insert(ANSWERS)
ADD_FINDINGS: Final = insert(FINDINGS)
ADD_PASSED_OVER: Final = insert(PASSED_OVER)
