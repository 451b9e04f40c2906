"""Two policies on the same traffic: what changes for whom."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.preview.bands import BANDS
from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.figures import Count
from stillwatch.act.preview.judge import ACTIONS, Judged
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import SEVERITY, Action

__all__ = ["Change", "Changes", "ChangesBy", "changes"]

_OBSERVE: Final = SEVERITY[Action.OBSERVE]


@dataclass(frozen=True, slots=True)
class Change:
    """Accused exchanges for which one action becomes another, or stays."""

    before: Action
    after: Action
    count: Count


@dataclass(frozen=True, slots=True)
class ChangesBy:
    """Accounts of a band that are newly touched, no longer touched, or touched as before."""

    name: str
    label: str
    newly: int
    no_longer: int
    still: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What another policy changes.

    harsher, milder     Streams whose harshest action becomes so.
    changes             All pairs of actions, from and to; the exchanges sum up to those of accused streams.
    """

    before: str
    after: str
    harsher: int
    milder: int
    unchanged: int
    newly: Count
    no_longer: Count
    changes: tuple[Change, ...]
    by: tuple[ChangesBy, ...]


def changes(before: Judged, after: Judged) -> Changes:
    """What changes from one policy to another.

    Raises      InvalidInput when they were not judged on the same traffic.
    """
    if before.seen is not after.seen:
        message = "two policies must be previewed on the same traffic"
        raise InvalidInput(message)
    one, other = before.action.astype(np.int64), after.action.astype(np.int64)
    stream, of_stream = np.unique(_streams(before), return_inverse=True)
    worst = [_worst(action, of_stream, len(stream)) for action in (one, other)]
    pairs = sorted({*zip(one.tolist(), other.tolist(), strict=True)})
    touched = [_accounts(before, action) for action in (one, other)]
    return Changes(
        before.policy.version,
        after.policy.version,
        harsher=int((worst[1] > worst[0]).sum()),
        milder=int((worst[1] < worst[0]).sum()),
        unchanged=int((worst[1] == worst[0]).sum()),
        newly=_count(before, (one <= _OBSERVE) & (other > _OBSERVE)),
        no_longer=_count(before, (one > _OBSERVE) & (other <= _OBSERVE)),
        changes=tuple(Change(ACTIONS[a], ACTIONS[b], _count(before, (one == a) & (other == b))) for a, b in pairs),
        by=tuple(_by(before, *touched)),
    )


def _streams(judged: Judged) -> NDArray[np.int64]:
    return paired(judged.seen.accused["campaign"], judged.seen.accused["account"])


def _worst(action: NDArray[np.int64], of_stream: NDArray[Any], n: int) -> NDArray[np.int64]:
    found = np.zeros(n, np.int64)
    np.maximum.at(found, of_stream, action)
    return found


def _accounts(judged: Judged, action: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each account is touched."""
    found = np.zeros(len(judged.accounts), np.bool_)
    found[judged.seen.accused["account"][action > _OBSERVE]] = True
    return found


def _count(judged: Judged, chosen: NDArray[np.bool_]) -> Count:
    account = np.unique(judged.seen.accused["account"][chosen])
    return Count(
        int(chosen.sum()),
        len(np.unique(_streams(judged)[chosen])),
        len(account),
        len(np.unique(judged.seen.organisation[account])),
    )


def _by(judged: Judged, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[ChangesBy]:
    """Bands in which anything is touched by either."""
    found = []
    for band in BANDS:
        codes = np.flatnonzero(before | after).tolist()
        labels = {code: band.of(judged.accounts[code]) for code in codes}
        place = {label: at for at, label in enumerate(band.order)}
        for label in sorted(set(labels.values()), key=lambda one: (place.get(one, len(place)), one)):
            of = np.asarray([code for code in codes if labels[code] == label])
            newly, no_longer = after[of] & ~before[of], before[of] & ~after[of]
            still = int((before[of] & after[of]).sum())
            found.append(ChangesBy(band.name, label, int(newly.sum()), int(no_longer.sum()), still))
    return found
