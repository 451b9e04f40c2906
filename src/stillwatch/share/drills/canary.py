"""One drill: false indicators that stand for nothing, and what members made of them.

A canary's tags are random. No value gives them, so nobody can have seen it: who answers that it has, answered without
looking. Nothing in its tags tells it from a real one, because real tags look random too.
"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Indicator, SightingAnswer

__all__ = ["Drill", "DrillReport", "Reaction", "canary", "evaluate"]


@dataclass(frozen=True, slots=True)
class Drill:
    """False indicators that the forum published on purpose, and when."""

    drill_id: str
    injected_at: datetime
    indicator_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one member made of one canary. None: it did not, so far.

    disputed_at     When it gave the opinion that the indicator is false.
    echoed_at       When it published as its own what the canary says.
    removed_at      When it acknowledged the revocation, and had taken back what it echoed.
    """

    member_id: str
    indicator_id: str
    answer: SightingAnswer | None = None
    disputed_at: datetime | None = None
    echoed_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What is published of a drill, without names: those that believed are told it themselves.

    detection       From the injection to the first dispute; None: nobody disputed.
    recovery        From the injection until the last holder removed the last canary; None: somebody still holds one.
    n_holding       Members that still hold a canary.
    believers       Members that answered seen; audited as wrong, not for publication.
    echoers         Members that published a canary's tags as their own; not for publication either.
    """

    n_members: int
    n_canaries: int
    n_answers: int
    n_seen: int
    n_believers: int
    detection: timedelta | None
    recovery: timedelta | None
    n_echoers: int
    n_holding: int
    believers: frozenset[str] = field(repr=False)
    echoers: frozenset[str] = field(repr=False)


def canary(like: Indicator, now: datetime, random: Random | None = None) -> Indicator:
    """A false indicator that looks like another: all that is told in clear is that one's, ids and tags are random.

    like        An indicator that the forum made up or that is long over; its tags say how many of which kind.
    random      Only for simulations: without it the operating system's generator, so that nobody foresees a canary.
    """
    draw = random or secrets.SystemRandom()
    return replace(
        like,
        indicator_id=_uuid(draw),
        group_id=_uuid(draw),
        created=now,
        modified=now,
        valid_from=now,
        valid_until=now + (like.valid_until - like.valid_from),
        tags=tuple(replace(tag, value=draw.randbytes(32).hex()) for tag in like.tags),
        quiet_until=None,
    )


def _uuid(draw: Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))


def evaluate(drill: Drill, reactions: Iterable[Reaction], members: Iterable[str]) -> DrillReport:
    """What a drill came to.

    members     Everybody that the canaries were sent to; who is not among the reactions still holds them.
    Raises      InvalidInput for a drill without canaries or members.
    """
    everybody = frozenset(members)
    if not everybody or not drill.indicator_ids:
        msg = "a drill needs at least one member and one canary"
        raise InvalidInput(msg)
    known = [r for r in reactions if r.indicator_id in drill.indicator_ids and r.member_id in everybody]
    answered = [r for r in known if r.answer is not None]
    seen = [r for r in answered if r.answer is SightingAnswer.SEEN]
    removed = {(r.member_id, r.indicator_id): r.removed_at for r in known if r.removed_at is not None}
    disputed = [r.disputed_at for r in known if r.disputed_at is not None]
    holding = {member for member in everybody for one in drill.indicator_ids if (member, one) not in removed}
    believers = frozenset(r.member_id for r in seen)
    echoers = frozenset(r.member_id for r in known if r.echoed_at is not None)
    return DrillReport(
        n_members=len(everybody),
        n_canaries=len(drill.indicator_ids),
        n_answers=len(answered),
        n_seen=len(seen),
        n_believers=len(believers),
        detection=min(disputed) - drill.injected_at if disputed else None,
        recovery=max(removed.values()) - drill.injected_at if not holding else None,
        n_echoers=len(echoers),
        n_holding=len(holding),
        believers=believers,
        echoers=echoers,
    )
