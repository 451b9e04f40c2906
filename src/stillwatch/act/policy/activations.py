"""Put a version in force, go back, or put none in force; each a signed row and an entry of the ledger.

A version that does more than observe starts at 1 % of accused streams, goes to 10 % and then to 100 %, and
stays at least ten minutes at each, so that what goes wrong goes wrong for few and is seen. A second person's approval
stands for the waiting, because a campaign may be in full run. Limits are held against what a version does at 100 %,
whatever the stage: otherwise each step would need a look of its own. Going back asks for nothing.

Streams that the stage has not reached keep what the version before says of them: a campaign that was stopped by one
version is not set free for ten minutes by the next, and a rollback changes nothing for them.

A preview must have seen a thousand exchanges. If it saw less than a day, or fewer than 300 organisations, as that of a
young service, what does more than observe goes no further than 1 % by one person's word.

What a second person approved is what the preview showed: in force the version may touch twice that and no more.

A policy that touched more than it may while in force does no more than observe, until a second person approves a
preview of it again and it is activated once more, at whatever stage: what was approved earlier has not seen the alarm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.act.policy.approvals import Approval, approvals, fresh_preview
from stillwatch.act.policy.book import Signer, highest, next_number, opened_row
from stillwatch.act.policy.guards import goes_beyond_observe
from stillwatch.act.policy.limits import Needs
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import load_version
from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.signing.keys import Keys
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = [
    "LEAST_STAY",
    "STAGES",
    "Activation",
    "Overtaken",
    "activate",
    "activation",
    "activations",
    "allowed",
    "changes_of",
    "in_force",
    "latest_activations",
    "roll_back",
    "stop",
]

STAGES: Final = (1, 10, 100)
"""Percent of accused streams."""
LEAST_STAY: Final = timedelta(minutes=10)
_ACTIVATION: Final = "activation"


class Overtaken(InvalidInput):
    """Somebody else has changed what is in force meanwhile: look again, then decide again."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One change of what is in force.

    number      From 1 on.
    how         activate, rollback or stop.
    version     None when nothing is in force since.
    stage       Percent.
    before      Number of the activation that a rollback goes back to; 0 when there was nothing in force.
    approved_by Second person, when there was one, and `approved_at` when.
    shown       Shares that the preview showed which that person approved.
    """

    number: int
    how: str
    version: str | None
    stage: int
    by: str
    at: datetime
    before: int
    approved_by: str | None
    approved_at: datetime | None = None
    shown: Mapping[str, float] | None = None


def activate(connection: Connection, version: str, stage: int, signer: Signer, *, seen: int) -> Activation:
    """Put a version in force, in the caller's transaction.

    stage       1, 10 or 100 percent.
    seen        Number of the activation that the person saw in force; 0 for none.
    Raises      Overtaken when another is in force by now; InvalidInput when preview, approval or stage do not allow it;
                MissingData, FailedProof: as `load_version`.
    """
    if stage not in STAGES:
        message = f"a stage must be {', '.join(map(str, STAGES))} percent, got {stage}"
        raise InvalidInput(message)
    now = _now_in_force(connection, signer, seen)
    second = allowed(connection, load_version(connection, version, signer.keys), stage, signer, now)
    before = 0 if now is None else now.before if now.version == version else now.number
    return _add(connection, _row(seen + 1, "activate", signer, (version, stage, before, second)), signer)


def allowed(
    connection: Connection, policy: Policy, stage: int, signer: Signer, now: Activation | None
) -> Approval | None:
    """Whether somebody may put a version in force now; the second person who stands behind it, if there is one.

    It changes nothing: a page can ask for each stage what is still needed.

    now         What is in force.
    Raises      InvalidInput when preview, approval or stage do not allow it; FailedProof when a row was changed.
    """
    version = policy.version
    number, preview, wanted = fresh_preview(connection, version, signer, policy.limits)
    others = [one for one in approvals(connection, number, signer.keys) if one.by != signer.by]
    second = max(others, key=lambda one: one.at, default=None)
    if wanted is Needs.TWO and second is None:
        message = (
            f"policy {version[:12]} would touch more than its limits: a second person must approve it: "
            f"stillwatch policy approve {version[:12]} --by OTHER"
        )
        raise InvalidInput(message)
    _check_stage(policy, stage, now, signer.now, second)
    _check_traffic(policy, stage, now, preview, second)
    return None if second is None else replace(second, shown=preview.shares)


def roll_back(connection: Connection, signer: Signer, *, seen: int) -> Activation:
    """Go back to the version before, at the stage it had; rolled back again, to the one before that.

    Raises      Overtaken; InvalidInput when nothing was ever in force; FailedProof when the version before was changed.
    """
    now = _now_in_force(connection, signer, seen)
    if now is None or (now.version is None and now.before == 0):
        message = "no policy was in force before: there is nothing to go back to"
        raise InvalidInput(message)
    told: _Told = (None, 0, 0, None)
    if now.before:
        target = activation(connection, now.before, signer.keys)
        told = (target.version, target.stage, target.before, _approval(target))
        if target.version is not None:
            load_version(connection, target.version, signer.keys)
    return _add(connection, _row(seen + 1, "rollback", signer, told), signer)


def stop(connection: Connection, signer: Signer, *, seen: int) -> Activation:
    """Put nothing in force: everything is observed. It asks for nothing and looks at no version.

    Raises      Overtaken.
    """
    _now_in_force(connection, signer, seen)
    return _add(connection, _row(seen + 1, "stop", signer, (None, 0, seen, None)), signer)


def in_force(connection: Connection, keys: Keys) -> Activation | None:
    """The last activation; None when there was none.

    Raises      FailedProof when its row was changed.
    """
    number = highest(connection, ACTIVATIONS)
    return None if number == 0 else activation(connection, number, keys)


def activations(connection: Connection, keys: Keys) -> list[Activation]:
    """All activations, the first one first.

    Raises      FailedProof when a row was changed or is missing.
    """
    last = highest(connection, ACTIVATIONS)
    return [activation(connection, number, keys) for number in range(1, last + 1)]


def latest_activations(connection: Connection, keys: Keys, start: int, most: int) -> list[Activation]:
    """Activations, the last one first, from the one at that place on.

    Raises      FailedProof when a row was changed or is missing.
    """
    last = highest(connection, ACTIVATIONS) - start
    return [activation(connection, number, keys) for number in range(last, max(0, last - most), -1)]


def changes_of(connection: Connection, version: str, keys: Keys, most: int, among: int) -> list[Activation]:
    """Activations after which a version was in force, the last one first.

    among       Of the last so many of all versions.
    Raises      FailedProof when a row of them was changed.
    """
    wanted = select(ACTIVATIONS).order_by(ACTIVATIONS.c.number.desc()).limit(among)
    rows = connection.execute(wanted).all()
    numbers = [row.number for row in rows if isinstance(row.signed, Mapping) and row.signed.get("version") == version]
    return [activation(connection, number, keys) for number in numbers[:most]]


def _now_in_force(connection: Connection, signer: Signer, seen: int) -> Activation | None:
    """What is in force, which nobody changes until the transaction ends."""
    next_number(connection, ACTIVATIONS, signer.now)
    now = in_force(connection, signer.keys)
    if (now.number if now else 0) != seen:
        told = f"{now.by} did {now.how} meanwhile (number {now.number})" if now else "nothing is in force"
        message = f"{told}: look with stillwatch policy list, then try again"
        raise Overtaken(message)
    return now


def _check_stage(policy: Policy, stage: int, now: Activation | None, at: datetime, second: Approval | None) -> None:
    reached = _reached(policy, now)
    is_approved_since = now is not None and second is not None and second.at > now.at
    if reached == stage and not is_approved_since:
        message = f"policy {policy.version[:12]} is in force at {stage} % already"
        raise InvalidInput(message)
    if not _acts(policy) or second is not None or stage == STAGES[0] or stage < reached:
        return
    earlier = STAGES[STAGES.index(stage) - 1]
    if now is None or reached != earlier or at - now.at < LEAST_STAY:
        message = (
            f"{stage} % must come after {LEAST_STAY.seconds // 60} minutes at {earlier} %: activate it at {earlier} % "
            "first, or have a second person approve it"
        )
        raise InvalidInput(message)


def _check_traffic(
    policy: Policy, stage: int, now: Activation | None, preview: Preview, second: Approval | None
) -> None:
    if not _acts(policy) or stage < _reached(policy, now):
        return
    start = f"the preview of policy {policy.version[:12]} rests on too little traffic"
    if (why := preview.shows_nothing) is not None:
        message = f"{start}: {why}; preview it again when there is more"
        raise InvalidInput(message)
    if stage > STAGES[0] and second is None and (why := preview.is_thin) is not None:
        message = f"{start} for {stage} %: {why}; preview it on more, or have a second person approve it"
        raise InvalidInput(message)


def _acts(policy: Policy) -> bool:
    return any(goes_beyond_observe(rule.action) for rule in policy.rules)


def _reached(policy: Policy, now: Activation | None) -> int:
    """Stage at which a policy is in force; 0 when it is not."""
    return now.stage if now is not None and now.version == policy.version else 0


_Told = tuple[str | None, int, int, Approval | None]
"""Version, stage, before, second person."""


def _approval(row: Activation) -> Approval | None:
    return None if row.approved_by is None else Approval(row.approved_by, row.approved_at or row.at, row.shown)


def _row(number: int, how: str, signer: Signer, told: _Told) -> Activation:
    version, stage, before, second = told
    by, at, shown = (None, None, None) if second is None else (second.by, second.at, second.shown)
    return Activation(number, how, version, stage, signer.by, signer.now, before, by, at, shown)


def _add(connection: Connection, row: Activation, signer: Signer) -> Activation:
    document: dict[str, Any] = {
        "number": row.number,
        "how": row.how,
        "version": row.version,
        "stage": row.stage,
        "by": row.by,
        "at": stamp(row.at),
        "before": row.before,
        "approved_by": row.approved_by,
        "approved_at": None if row.approved_at is None else stamp(row.approved_at),
        "shown": None if row.shown is None else dict(row.shown),
    }
    told = signer.record(connection, _ACTIVATION, document)
    if not insert_if_new(connection, ACTIVATIONS, {"number": row.number, "at": stamp(row.at), "signed": told}):
        message = f"activation {row.number} is there already: look with stillwatch policy list, then try again"
        raise Overtaken(message)
    return row


def activation(connection: Connection, number: int, keys: Keys) -> Activation:
    """One activation.

    Raises      FailedProof when its row was changed or is missing.
    """
    signed = connection.execute(select(ACTIVATIONS.c.signed).where(ACTIVATIONS.c.number == number)).scalar()
    if signed is None:
        message = f"activation {number} is missing"
        raise FailedProof(message)
    told = opened_row(signed, _ACTIVATION, keys)
    if told["number"] != number:
        message = f"activation {number} was changed after it was signed"
        raise FailedProof(message)
    approved_at = told.get("approved_at")  # not in rows of before there was one
    times = {"at": time_of(told["at"]), "approved_at": None if approved_at is None else time_of(approved_at)}
    return Activation(**{**told, **times})
