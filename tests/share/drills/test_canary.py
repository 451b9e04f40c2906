"""One drill: canaries look like others, and what members made of them is counted."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from tests.share.signals import INDICATOR, NOW, indicator, tag

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SightingAnswer, SignalKind
from stillwatch.share.drills.canary import Drill, Reaction, canary, evaluate
from stillwatch.share.life.decay import validity_problems

DRILL = Drill("d", NOW, frozenset({"c1", "c2"}))
MEMBERS = ("m1", "m2", "m3")
SEEN, NOT_SEEN = SightingAnswer.SEEN, SightingAnswer.LOOKED_NOT_SEEN


def _seeded() -> Random:
    return Random(1)  # noqa: S311 - a simulation


def removed(member: str, indicator_id: str, hours: float) -> Reaction:
    """A member that removed a canary after so long."""
    return Reaction(member, indicator_id, removed_at=NOW + timedelta(hours=hours))


def test_a_canary_is_told_like_another_and_stands_for_nothing() -> None:
    """What is in clear is the other's; ids and tags are new; its times are in order."""
    like = indicator(tags=(tag(1), tag(2, SignalKind.BAND)), quiet_until=NOW + timedelta(hours=1))
    later = NOW + timedelta(days=30)
    made = canary(like, later)
    assert (made.behaviour, made.techniques, made.tlp, made.confidence) == (
        like.behaviour,
        like.techniques,
        like.tlp,
        like.confidence,
    )
    assert [(one.kind, one.epoch, len(one.value)) for one in made.tags] == [
        (SignalKind.ADDRESS, 1, 64),
        (SignalKind.BAND, 1, 64),
    ]
    assert not set(made.tags) & set(like.tags)
    assert not {made.indicator_id, made.group_id} & {like.indicator_id, like.group_id}
    assert made.quiet_until is None
    assert validity_problems(made, later) == ()


def test_canaries_are_foreseen_in_simulations_only() -> None:
    """A seed gives the same again; without one each is another."""
    assert canary(INDICATOR, NOW, _seeded()) == canary(INDICATOR, NOW, _seeded())
    assert canary(INDICATOR, NOW) != canary(INDICATOR, NOW)


def test_a_drill_counts_who_believed_and_how_long_it_took() -> None:
    """First dispute, last removal, members that answered seen; what is not of the drill does not count."""
    reactions = [
        Reaction("m1", "c1", SEEN),
        Reaction("m1", "c2", SEEN),
        Reaction("m2", "c1", NOT_SEEN, disputed_at=NOW + timedelta(hours=5)),
        Reaction("m3", "c1", NOT_SEEN, disputed_at=NOW + timedelta(hours=3)),
        Reaction("m3", "real", SEEN),
        Reaction("stranger", "c1", SEEN),
        *(removed(member, one, 6 + n) for n, member in enumerate(MEMBERS) for one in ("c1", "c2")),
    ]
    report = evaluate(DRILL, reactions, MEMBERS)
    assert (report.n_members, report.n_canaries, report.n_answers, report.n_seen) == (3, 2, 4, 2)
    assert (report.detection, report.recovery) == (timedelta(hours=3), timedelta(hours=8))
    assert report.believers == {"m1"}
    assert report.n_believers == 1


def test_a_drill_is_over_when_nobody_holds_a_canary() -> None:
    """One that is still held somewhere is no recovery; without a dispute there is no detection."""
    reactions = [removed(member, "c1", 1) for member in MEMBERS] + [removed("m1", "c2", 1), removed("m2", "c2", 1)]
    report = evaluate(DRILL, reactions, MEMBERS)
    assert (report.detection, report.recovery) == (None, None)


def test_an_echo_is_counted_and_holds_the_drill_open() -> None:
    """Who published a canary as its own is an echoer, once; it holds until it is said to have removed all."""
    reactions = [Reaction("m1", one, echoed_at=NOW + timedelta(hours=1)) for one in ("c1", "c2")]
    reactions += [removed(member, one, 2) for member in ("m2", "m3") for one in ("c1", "c2")]
    report = evaluate(DRILL, reactions, MEMBERS)
    assert report.echoers == {"m1"}
    assert (report.n_echoers, report.n_holding, report.recovery) == (1, 1, None)
    assert "m1" not in repr(report)


def test_names_stay_out_of_what_is_printed() -> None:
    """A report that is written to a log tells how many, not who."""
    assert "m1" not in repr(evaluate(DRILL, [Reaction("m1", "c1", SEEN)], MEMBERS))


def test_a_drill_needs_members_and_canaries() -> None:
    """Nothing can be learnt from either alone."""
    for drill, members in ((DRILL, ()), (replace(DRILL, indicator_ids=frozenset()), MEMBERS)):
        with pytest.raises(InvalidInput, match="at least one member"):
            evaluate(drill, [], members)
