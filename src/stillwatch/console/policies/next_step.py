"""What is still needed before a version can be in force, and what to do next: the rules of activations, asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from stillwatch.act.policy.activations import LEAST_STAY, STAGES, Activation, allowed, in_force
from stillwatch.act.policy.approvals import Approval, approvals
from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.limits import Needs, needs
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import MOST_AGE, Recorded, previews_of
from stillwatch.console.policies.words import without_command
from stillwatch.errors import InvalidInput

__all__ = ["Stage", "Standing", "Step", "StepKind", "next_step", "standing_of"]


class StepKind(StrEnum):
    """What a page offers."""

    PREVIEW = "preview"
    CHANGE = "change"
    TRAFFIC = "traffic"
    APPROVE = "approve"
    ANOTHER = "another"
    WAIT = "wait"
    ACTIVATE = "activate"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, and why it cannot be now.

    refused     Empty when it can.
    """

    percent: int
    refused: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a version stands.

    last        Preview; None when there is none.
    needs       Who must stand behind what it shows; None without a preview.
    others      Who approved it, besides the viewer.
    mine        Whether the viewer did.
    now         What is in force, of whatever version.
    reached     Percent at which this one is; 0 when it is not.
    """

    policy: Policy
    at: datetime
    last: Recorded | None
    needs: Needs | None
    approved: Sequence[Approval]
    others: Sequence[Approval]
    mine: bool
    now: Activation | None
    reached: int
    stages: tuple[Stage, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether an activation may rest on its preview."""
        return self.last is not None and self.last.preview.is_fresh(self.at)

    @property
    def fresh_until(self) -> datetime | None:
        """When its preview is too old."""
        return None if self.last is None else self.last.preview.at + MOST_AGE

    @property
    def next_stage(self) -> Stage | None:
        """The stage after the one that it is at; None at the last."""
        return next((stage for stage in self.stages if stage.percent > self.reached), None)

    @property
    def stays_until(self) -> datetime | None:
        """When it has been long enough at its stage; None when it is in force nowhere, or everywhere."""
        if self.now is None or self.reached in {0, STAGES[-1]}:
            return None
        return self.now.at + LEAST_STAY


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, in words.

    until       When it can be done; None for now.
    """

    kind: StepKind
    headline: str
    why: str
    until: datetime | None = None


def standing_of(connection: Connection, policy: Policy, signer: Signer) -> Standing:
    """How a version stands for somebody; nothing is changed.

    signer      Who would put it in force.
    Raises      FailedProof when a row was changed.
    """
    now = in_force(connection, signer.keys)
    found = previews_of(connection, policy.version, signer.keys, 1)
    last = found[0] if found else None
    approved = [] if last is None else approvals(connection, last.number, signer.keys)
    reached = now.stage if now is not None and now.version == policy.version else 0
    return Standing(
        policy=policy,
        at=signer.now,
        last=last,
        needs=None if last is None else needs(last.preview.shares, policy.limits),
        approved=approved,
        others=[one for one in approved if one.by != signer.by],
        mine=any(one.by == signer.by for one in approved),
        now=now,
        reached=reached,
        stages=tuple(_stage(connection, policy, percent, signer, now, reached) for percent in STAGES),
    )


def _stage(
    connection: Connection,
    policy: Policy,
    percent: int,
    signer: Signer,
    now: Activation | None,
    reached: int,
) -> Stage:
    try:
        allowed(connection, policy, percent, signer, now)
    except InvalidInput as error:
        return Stage(percent, without_command(str(error)), is_now=percent == reached)
    return Stage(percent, "", is_now=percent == reached)


_ABOVE: Final = "It would touch more than its limits let one person decide."


def next_step(standing: Standing) -> Step:  # noqa: PLR0911 - one a step
    """The one thing to do next."""
    stage, last = standing.next_stage, standing.last
    if stage is None:
        return Step(
            StepKind.NOTHING, "In force for every accused stream", "Nothing is left to do. A rollback asks for nothing."
        )
    if last is None:
        return Step(
            StepKind.PREVIEW, "Preview it", "Nothing is put in force before it was shown whom it would have touched."
        )
    if not standing.is_fresh:
        why = f"Its last preview is more than {MOST_AGE.days} days old: traffic of then is not today’s."
        return Step(StepKind.PREVIEW, "Preview it again", why)
    if standing.needs is Needs.REFUSED:
        why = "It would touch more than anybody may allow. Write a version with narrower conditions."
        return Step(StepKind.CHANGE, "Make it narrower", why)
    if not stage.refused:
        return _activate(standing, stage)
    if (told := last.preview.shows_nothing) is not None:
        why = f"Its preview rests on too little traffic: {told}. Preview it again when there is more."
        return Step(StepKind.TRAFFIC, "Wait for more traffic", why)
    if standing.needs is Needs.TWO and not standing.others:
        return _second(standing)
    until = standing.stays_until
    if until is not None and until > standing.at:
        minutes = LEAST_STAY.seconds // 60
        why = f"It stays at {standing.reached} % for {minutes} minutes, so that what goes wrong goes wrong for few."
        instead = "A second person’s approval stands for the waiting."
        return Step(StepKind.WAIT, f"Wait, then go on to {stage.percent} %", f"{why} {instead}", until)
    if (told := last.preview.is_thin) is not None:
        why = f"For more than {STAGES[0]} % its preview rests on too little traffic: {told}."
        return Step(StepKind.APPROVE, "Preview it on more traffic, or have it approved", why)
    return Step(StepKind.CHANGE, "It cannot go on yet", stage.refused[:1].upper() + stage.refused[1:] + ".")


def _activate(standing: Standing, stage: Stage) -> Step:
    second = ", ".join(one.by for one in standing.others)
    why = f"{second} stands behind it as a second person." if second else "What it touches is within its limits."
    if standing.reached:
        why += f" It has been at {standing.reached} % long enough." if not second else ""
    return Step(StepKind.ACTIVATE, f"Put it in force at {stage.percent} % of accused streams", why)


def _second(standing: Standing) -> Step:
    if standing.mine:
        why = f"{_ABOVE} You have approved it, so another person puts it in force."
        return Step(StepKind.ANOTHER, "Let another person put it in force", why)
    why = f"{_ABOVE} An approver other than who puts it in force must stand behind what the preview shows."
    return Step(StepKind.APPROVE, "Have a second person approve it", why)
