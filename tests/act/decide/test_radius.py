"""The blast radius at run time: shares of the evidence, the least that says something, alarms that stay."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.decide.made import NOW

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.radius import Alarm, Figures, Radius, Touch, wrong_share
from stillwatch.act.decide.stream import Stream
from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits, Needs, approved, needs
from stillwatch.model.decision import WindowFacts

AT = Moment(NOW, 600.0)
DAY_S = 86_400.0
WINDOW = WindowFacts(10_000, 200, 100)
ONE_PERSON = Limits()


APART = list({hash(Stream("c-1", f"a-{n}")) % (1 << 18): n for n in range(30)}.values())[:8]
"""Of slots of their own."""


def of(place: int, n_exchanges: int = 5) -> Touch:
    """A stream of an account and organisation of its own; every second account is tenured."""
    return Touch(Stream("c-1", f"a-{place}"), n_exchanges, f"o-{place}", place % 2 == 0)


def touch(radius: Radius, n: int, at: Moment = AT, limits: Limits = ONE_PERSON, since: datetime | None = None) -> None:
    """So many streams."""
    for place in range(n):
        radius.touched(of(place), WINDOW, at, "v1", (limits, since))


@pytest.mark.parametrize(
    ("figures", "wrong"),
    [
        (Figures(10_000, 100, 100, 200, 1, 0), None),
        (Figures(10_000, 100, 100, 201, 1, 0), "traffic"),
        (Figures(120, 100, 100, 99, 1, 0), None),
        (Figures(120, 100, 100, 100, 1, 0), "traffic"),
        (Figures(10_000, 100, 100, 25, 9, 4), None),
        (Figures(10_000, 100, 100, 25, 10, 4), "organisations"),
        (Figures(10_000, 1000, 100, 25, 10, 5), "tenured"),
        (Figures(0, 0, 0, 0, 0, 0), None),
        (Figures(0, 0, 0, 100, 0, 0), "traffic"),
    ],
)
def test_what_is_over_its_limit(figures: Figures, wrong: str | None) -> None:
    """Under limits of 2 %, 1 % and 0.1 %; few touched ones say nothing, and of what is not known it is everything."""
    assert wrong_share(figures, Limits()) == wrong


def test_a_period_that_is_counted_makes_no_share_larger() -> None:
    """Evidence of two days of traffic is held against two days, though the window is of one day soon after."""
    radius, limits = Radius(), Limits(traffic=0.02, organisations=1.0, tenured=1.0)
    two_days, one_day = WindowFacts(20_000, 200, 100), WindowFacts(10_000, 200, 100)
    for place in range(30):
        radius.touched(of(place, 12), two_days, AT, "v1", (limits, None))
    radius.touched(of(99, 6), one_day, AT, "v1", (limits, None))
    assert radius.alarm("v1", None) is None
    assert radius.figures(AT, "v1").share("traffic") == pytest.approx(30 * 12 / 20_000 + 6 / 10_000)
    for place in range(30):
        radius.touched(of(place, 7), one_day, AT, "v1", (limits, None))
    assert radius.alarm("v1", None) is not None


def test_figures_are_those_of_the_window_and_the_last_day() -> None:
    """Streams count with their evidence, once; a day later nothing of it is left."""
    radius = Radius()
    for _ in range(3):
        touch(radius, 2)
    assert radius.figures(AT, "v1") == (10_000, 200, 100, 10, 2, 1)
    assert radius.figures(Moment(NOW, 600.0 + DAY_S), "v1") == (10_000, 200, 100, 0, 0, 0)


EVIDENCE = st.lists(st.integers(0, 400), min_size=1, max_size=8)
SENT = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 5), st.floats(0, 30_000)), max_size=60)


@given(EVIDENCE, SENT)
def test_nobody_raises_it_by_what_they_send(evidence: list[int], sent: list[tuple[int, int, float]]) -> None:
    """Accused streams, any number of requests at any time: an alarm exactly when their evidence is over the limit."""
    radius, now_s, last = Radius(), 0.0, {}
    over = False
    for who, times, gap_s in sent:
        place, now_s = who % len(evidence), now_s + gap_s
        for _ in range(times):
            radius.touched(
                of(APART[place], evidence[place])._replace(is_tenured=False),
                WindowFacts(10_000, 10**6, 10**6),
                Moment(NOW, now_s),
                "v1",
                (Limits(), None),
            )
        step = int(now_s // 1440)
        last[place] = step
        touched = sum(evidence[p] for p, at in last.items() if at > step - 60)
        over = over or touched > 200
        assert (radius.alarm("v1", None) is not None) is over
        if not over:
            assert radius.figures(Moment(NOW, now_s), "v1").touched_traffic == touched
    assert not over or sum(evidence) > 200


def test_a_flood_changes_nothing() -> None:
    """A campaign of 1.9 % of the evidence sends twenty thousand requests in an hour."""
    radius, window = Radius(), WindowFacts(1_000_000, 10**6, 10**6)
    for n in range(20_000):
        moment = Moment(NOW, n * 0.18)
        radius.touched(of(n % 10, 1_900)._replace(is_tenured=False), window, moment, "v1", (Limits(), None))
    assert radius.alarm("v1", None) is None
    assert radius.figures(AT, "v1").share("traffic") == 0.019


def test_a_whale_is_seen_at_its_first_request() -> None:
    """One customer of 3 % of all exchanges, taken for a harvest."""
    radius = Radius()
    radius.touched(of(1, 300), WINDOW, AT, "v1", (Limits(), None))
    assert radius.alarm("v1", None) == Alarm("v1", "traffic", 0.03, 0.02, NOW)


def test_many_small_ones_that_are_touched_wrongly_are_seen() -> None:
    """A tool of 3,000 users with five exchanges each, of 500,000: the alarm comes when 2 % of them have asked."""
    radius, window = Radius(), WindowFacts(500_000, 10**6, 10**6)
    for n in range(3_000):
        radius.touched(of(n)._replace(is_tenured=False), window, AT, "v1", (Limits(), None))
        if radius.alarm("v1", None) is not None:
            break
    assert 2_000 < n < 2_100


def test_what_the_evidence_says_anew_counts() -> None:
    """A stream whose exchanges of the window were forgotten counts with those that are left."""
    radius = Radius()
    for n_exchanges in (150, 150, 20):
        radius.touched(of(1, n_exchanges), WINDOW, AT, "v1", (Limits(), None))
    assert radius.figures(AT, "v1").touched_traffic == 20


def test_an_alarm_stays_when_the_day_is_over() -> None:
    """A policy that was stopped touches nobody, and so would seem harmless again."""
    radius = Radius()
    touch(radius, 10)
    alarm = radius.alarm("v1", approved_at=None)
    assert alarm == Alarm("v1", "tenured", 0.05, 0.001, NOW)
    touch(radius, 1, at=Moment(NOW, 90_000.0))
    assert radius.alarm("v1", approved_at=None) == alarm
    assert radius.alarm("v2", approved_at=None) is None


def test_approval_lifts_the_alarm_up_to_what_was_approved() -> None:
    """Twice what the preview showed; over that it stops again until somebody approves who has seen that alarm."""
    radius, more = Radius(), Limits(0.2, 0.2, 0.2)
    touch(radius, 10)
    assert radius.alarm("v1", approved_at=NOW) is None
    later = Moment(NOW + timedelta(hours=1), 4200.0)
    touch(radius, 60, later, more, NOW)
    second = radius.alarm("v1", approved_at=NOW)
    assert second == Alarm("v1", "organisations", 41 / 200, 0.2, later.wall)
    assert radius.alarm("v1", approved_at=later.wall) is None


def test_a_large_campaign_can_be_acted_on_and_a_mistake_beside_it_is_seen() -> None:
    """20,000 of 400,000 accounts, each its own organisation among 115,000, a tenth of traffic: two people may allow it.

    In force all of it is touched without an alarm, however it floods; when as many again are touched, it stops.
    """
    window = WindowFacts(4_000_000, 115_000, 100_000)
    shown = {"traffic": 0.1, "organisations": 20_000 / 115_000, "tenured": 0.0}
    assert needs(shown, Limits()) is Needs.TWO
    radius, may = Radius(), (approved(Limits(), shown), NOW - timedelta(hours=1))
    for n in range(20_000):
        radius.touched(of(n, 20)._replace(is_tenured=False), window, AT, "v1", may)
    for n in range(20_000):
        radius.touched(of(n, 20)._replace(is_tenured=False), window, Moment(NOW, 3000.0), "v1", may)
    assert radius.alarm("v1", may[1]) is None
    assert radius.figures(AT, "v1").share("organisations") == pytest.approx(0.174, abs=0.002)
    for n in range(20_000, 40_000):
        radius.touched(of(n, 20), window, AT, "v1", may)
    assert radius.alarm("v1", may[1]) is not None


def test_what_nobody_can_approve_is_final() -> None:
    """A quarter of all organisations is too much for any number of people."""
    radius = Radius()
    touch(radius, 60, limits=BEYOND_APPROVAL, since=NOW)
    final = radius.alarm("v1", approved_at=NOW + timedelta(days=1))
    assert final is not None
    assert (final.is_final, final.limit) == (True, getattr(BEYOND_APPROVAL, final.what))
    assert radius.alarm("v1", approved_at=None) == final


def test_an_approval_lifts_only_what_it_could_see() -> None:
    """Given a second before the alarm it does not count, at the same time or later it does; so after a restart."""
    radius = Radius()
    touch(radius, 10)
    again = Radius()
    raised = radius.alarm("v1", None)
    assert raised is not None
    again.restore(raised)
    for one in (radius, again):
        assert one.alarm("v1", NOW - timedelta(seconds=1)) == raised
        assert one.alarm("v1", NOW) is None
        assert one.alarm("v1", NOW + timedelta(days=1)) is None


def test_a_clock_that_was_set_back_lets_no_alarm_be_missed() -> None:
    """An alarm comes after the approval that it was raised in spite of, whatever the clock says."""
    radius, approved_at = Radius(), NOW + timedelta(hours=3)
    touch(radius, 60, limits=Limits(0.2, 0.2, 0.2), since=approved_at)
    found = radius.alarm("v1", approved_at)
    assert found is not None
    assert found.raised_at > approved_at


def test_alarms_are_told_until_they_are_taken() -> None:
    """A full queue loses none, and each is told once."""
    radius = Radius()
    taken: list[Alarm] = []

    def take(alarm: Alarm) -> bool:
        taken.append(alarm)
        return True

    touch(radius, 10)
    radius.tell(lambda _: False)
    radius.tell(take)
    radius.tell(take)
    assert [alarm.what for alarm in taken] == ["tenured"]


def test_what_one_policy_touched_is_not_laid_to_the_next() -> None:
    """Two that act at once, each on its streams, are counted apart, and neither by the other set back."""
    radius = Radius()
    for _ in range(3):
        touch(radius, 5)
        radius.touched(of(1), WINDOW, AT, "v0", (Limits(), None))
    assert radius.figures(AT, "v1")[3:] == (25, 5, 3)
    assert radius.figures(AT, "v0")[3:] == (5, 1, 0)
    assert radius.figures(AT, "v2")[3:] == (0, 0, 0)


def test_counts_of_few_versions_are_kept() -> None:
    """Of a hundred one after the other the first are forgotten."""
    radius = Radius()
    for n in range(100):
        radius.touched(of(1), WINDOW, AT, f"v{n}", (Limits(), None))
    assert len(radius._touched) == 16
    assert radius.figures(AT, "v0")[3:] == (0, 0, 0)
    assert radius.figures(AT, "v99")[3:] == (5, 1, 0)
