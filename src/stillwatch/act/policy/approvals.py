"""The second person: who has looked at what a preview showed and stands behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from stillwatch.act.policy.book import Signer, opened_row
from stillwatch.act.policy.limits import Limits, Needs, needs
from stillwatch.act.policy.previews import MOST_AGE, Preview, last_preview
from stillwatch.act.policy.tables import APPROVALS
from stillwatch.act.policy.versions import load_version
from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.signing.keys import Keys
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["Approval", "approvals", "approve", "fresh_preview"]

_APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who stands behind what a preview showed, since when.

    shown       Its shares; None where they are not looked at.
    """

    by: str
    at: datetime
    shown: Mapping[str, float] | None = None


def fresh_preview(connection: Connection, version: str, signer: Signer, limits: Limits) -> tuple[int, Preview, Needs]:
    """The preview that an activation now rests on: its number, itself, and who must stand behind it.

    limits      Of the policy.
    Raises      InvalidInput when there is none, it is too old, or it shows more than anybody may allow.
    """
    found = last_preview(connection, version, signer.keys)
    short = version[:12]
    if found is None:
        message = f"policy {short} has no preview: stillwatch policy preview {short}"
        raise InvalidInput(message)
    number, preview = found
    if not preview.is_fresh(signer.now):
        message = f"the preview of policy {short} must be at most {MOST_AGE.days} days old: preview it again"
        raise InvalidInput(message)
    wanted = needs(preview.shares, limits)
    if wanted is Needs.REFUSED:
        shares = ", ".join(f"{share:.1%} of {name}" for name, share in preview.shares.items())
        message = f"policy {short} would touch {shares}: more than anybody may allow"
        raise InvalidInput(message)
    return number, preview, wanted


def approve(connection: Connection, version: str, signer: Signer) -> int:
    """Approve a version as its latest preview shows it, in the caller's transaction; number of the preview.

    Raises      MissingData, FailedProof: as `load_version`; InvalidInput: as `fresh_preview`, or approved already.
    """
    policy = load_version(connection, version, signer.keys)
    number, _, _ = fresh_preview(connection, version, signer, policy.limits)
    at = stamp(signer.now)
    row = {"preview": number, "by": signer.by, "at": at, "signed": {}}
    if not insert_if_new(connection, APPROVALS, row):
        message = f"{signer.by} has approved this preview of policy {version[:12]} already"
        raise InvalidInput(message)
    document = {"preview": number, "version": version, "by": signer.by, "at": at}
    told = signer.record(connection, _APPROVAL, document)
    where = (APPROVALS.c.preview == number) & (APPROVALS.c.by == signer.by)
    connection.execute(APPROVALS.update().where(where).values(signed=told))
    return number


def approvals(connection: Connection, preview: int, keys: Keys) -> list[Approval]:
    """Approvals of a preview, in order of the names.

    Raises      FailedProof when a row was changed.
    """
    rows = connection.execute(select(APPROVALS).where(APPROVALS.c.preview == preview).order_by(APPROVALS.c.by))
    found = []
    for row in rows:
        told = opened_row(row.signed, _APPROVAL, keys)
        if (told["preview"], told["by"]) != (preview, row.by):
            message = f"an approval of preview {preview} was changed after it was signed"
            raise FailedProof(message)
        found.append(Approval(row.by, time_of(told["at"])))
    return found
