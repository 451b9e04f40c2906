"""Put a version in force, go back, or put none in force; each a signed row and an entry of the ledger.

Stages: a version that does more than observe starts at 1 % of accused streams, goes to 10 % and then to 100 %, and
stays at least ten minutes at each, so that what goes wrong goes wrong for few and is seen. A second person's approval
stands for the waiting, because a campaign may be in full run. Limits are held against what a version does at 100 %,
whatever the stage: otherwise each step would need a look of its own. Going back asks for nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.act.policy.approvals import approvers, fresh_preview
from stillwatch.act.policy.book import Signer, highest, next_number, opened_row
from stillwatch.act.policy.guards import goes_beyond_observe
from stillwatch.act.policy.limits import Needs
from stillwatch.act.policy.policy import Policy
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
    "activations",
    "in_force",
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
    approved_by Second person, when there was one.
    """

    number: int
    how: str
    version: str | None
    stage: int
    by: str
    at: datetime
    before: int
    approved_by: str | None


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
    policy = load_version(connection, version, signer.keys)
    preview, _, wanted = fresh_preview(connection, version, signer, policy.limits)
    others = [name for name in approvers(connection, preview, signer.keys) if name != signer.by]
    if wanted is Needs.TWO and not others:
        message = (
            f"policy {version[:12]} would touch more than its limits: a second person must approve it: "
            f"stillwatch policy approve {version[:12]} --by OTHER"
        )
        raise InvalidInput(message)
    _check_stage(policy, stage, now, signer.now, is_approved=bool(others))
    before = 0 if now is None else now.before if now.version == version else now.number
    return _add(
        connection, _row(seen + 1, "activate", signer, (version, stage, before, next(iter(others), None))), signer
    )


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
        target = _of_number(connection, now.before, signer.keys)
        told = (target.version, target.stage, target.before, target.approved_by)
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
    return None if number == 0 else _of_number(connection, number, keys)


def activations(connection: Connection, keys: Keys) -> list[Activation]:
    """All activations, the first one first.

    Raises      FailedProof when a row was changed or is missing.
    """
    last = highest(connection, ACTIVATIONS)
    return [_of_number(connection, number, keys) for number in range(1, last + 1)]


def _now_in_force(connection: Connection, signer: Signer, seen: int) -> Activation | None:
    """What is in force, which nobody changes until the transaction ends."""
    next_number(connection, ACTIVATIONS, signer.now)
    now = in_force(connection, signer.keys)
    if (now.number if now else 0) != seen:
        told = f"{now.by} did {now.how} meanwhile (number {now.number})" if now else "nothing is in force"
        message = f"{told}: look with stillwatch policy list, then try again"
        raise Overtaken(message)
    return now


def _check_stage(policy: Policy, stage: int, now: Activation | None, at: datetime, *, is_approved: bool) -> None:
    is_same = now is not None and now.version == policy.version
    if is_same and now is not None and now.stage == stage:
        message = f"policy {policy.version[:12]} is in force at {stage} % already"
        raise InvalidInput(message)
    acts = any(goes_beyond_observe(rule.action) for rule in policy.rules)
    if not acts or is_approved or stage == STAGES[0] or (is_same and now is not None and stage < now.stage):
        return
    earlier = STAGES[STAGES.index(stage) - 1]
    stays = is_same and now is not None and now.stage == earlier and at - now.at >= LEAST_STAY
    if not stays:
        message = (
            f"{stage} % must come after {LEAST_STAY.seconds // 60} minutes at {earlier} %: activate it at {earlier} % "
            "first, or have a second person approve it"
        )
        raise InvalidInput(message)


_Told = tuple[str | None, int, int, str | None]
"""Version, stage, before, approved_by."""


def _row(number: int, how: str, signer: Signer, told: _Told) -> Activation:
    version, stage, before, approved_by = told
    return Activation(number, how, version, stage, signer.by, signer.now, before, approved_by)


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
    }
    told = signer.record(connection, _ACTIVATION, document)
    if not insert_if_new(connection, ACTIVATIONS, {"number": row.number, "at": stamp(row.at), "signed": told}):
        message = f"activation {row.number} is there already: look with stillwatch policy list, then try again"
        raise Overtaken(message)
    return row


def _of_number(connection: Connection, number: int, keys: Keys) -> Activation:
    signed = connection.execute(select(ACTIVATIONS.c.signed).where(ACTIVATIONS.c.number == number)).scalar()
    if signed is None:
        message = f"activation {number} is missing"
        raise FailedProof(message)
    told = opened_row(signed, _ACTIVATION, keys)
    if told["number"] != number:
        message = f"activation {number} was changed after it was signed"
        raise FailedProof(message)
    return Activation(**{**told, "at": time_of(told["at"])})
