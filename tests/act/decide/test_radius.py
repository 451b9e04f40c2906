"""The blast radius at run time: shares, the least that says something, alarms that stay."""

from datetime import timedelta

import pytest
from tests.act.decide.made import NOW

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.radius import Alarm, Figures, Radius, wrong_share
from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits
from stillwatch.model.decision import Request

AT = Moment(NOW, 600.0)


def seen(radius: Radius, *, n: int, touched: int, at: Moment = AT, limits: Limits | None = Limits()) -> None:  # noqa: B008
    """So many requests, each of an account and organisation of its own; the first ones are touched."""
    requests = [Request(f"a-{place}", organisation_id=f"o-{place}") for place in range(n)]
    for place, request in enumerate(requests):
        radius.saw(request, at, is_tenured=place % 2 == 0)
    for place, request in enumerate(requests[:touched]):
        radius.touched(request, at, "v1", limits, is_tenured=place % 2 == 0)


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
    ],
)
def test_what_is_over_its_limit(figures: Figures, wrong: str | None) -> None:
    """Under limits of 2 %, 1 % and 0.1 %; few touched ones say nothing."""
    assert wrong_share(figures, Limits()) == wrong


def test_figures_are_those_of_the_last_hour_and_day() -> None:
    """Everything that was seen and touched; an hour later no traffic of it, a day later nobody."""
    radius = Radius()
    seen(radius, n=100, touched=2)
    assert radius.figures(AT, "v1") == (100, 100, 50, 2, 2, 1)
    assert radius.figures(Moment(NOW, 600.0 + 3600), "v1") == (0, 100, 50, 0, 2, 1)
    assert radius.figures(Moment(NOW, 600.0 + 86_400), "v1") == (0, 0, 0, 0, 0, 0)


def test_accounts_that_send_every_hour_are_weighed_against_a_day() -> None:
    """A thousand organisations, forty each hour, and ten that send in all of them: a hundredth is no tenth."""
    radius = Radius()
    campaign = [Request(f"c-{n}", organisation_id=f"c-{n}") for n in range(10)]
    for hour in range(24):
        at = Moment(NOW, 3600.0 * hour)
        for n in range(40):
            radius.saw(Request("p", organisation_id=f"o-{hour}-{n}"), at, is_tenured=False)
        for request in campaign:
            radius.saw(request, at, is_tenured=False)
    for request in campaign:
        radius.touched(request, at, "v1", Limits(1.0, 0.02, 1.0), is_tenured=False)
    assert radius.alarm("v1", approved_at=None) is None
    assert radius.figures(at, "v1").share("organisations") == pytest.approx(10 / 970, rel=0.02)


def test_an_alarm_stays_when_the_hour_is_over() -> None:
    """A policy that was stopped touches nobody, and so would seem harmless again."""
    radius = Radius()
    seen(radius, n=200, touched=10)
    alarm = radius.alarm("v1", approved_at=None)
    assert alarm == Alarm("v1", "tenured", 0.05, 0.001, NOW)
    seen(radius, n=1000, touched=0, at=Moment(NOW, 90_000.0))
    assert radius.alarm("v1", approved_at=None) == alarm
    assert radius.alarm("v2", approved_at=None) is None


def test_approval_lifts_the_alarm_up_to_what_can_be_approved() -> None:
    """A second person lifts the first alarm; a tenth of all organisations is too much for any number of people."""
    radius = Radius()
    seen(radius, n=200, touched=10)
    assert radius.alarm("v1", approved_at=NOW) is None
    seen(radius, n=200, touched=25, limits=None)
    final = radius.alarm("v1", approved_at=NOW)
    assert final is not None
    assert (final.is_final, final.limit) == (True, getattr(BEYOND_APPROVAL, final.what))
    assert radius.alarm("v1", approved_at=None) == final


def test_an_approval_lifts_only_what_it_could_see() -> None:
    """Given a second before the alarm it does not count, at the same time or later it does; so after a restart."""
    radius = Radius()
    seen(radius, n=200, touched=10)
    again = Radius()
    raised = radius.alarm("v1", None)
    assert raised is not None
    again.restore(raised)
    for one in (radius, again):
        assert one.alarm("v1", NOW - timedelta(seconds=1)) == raised
        assert one.alarm("v1", NOW) is None
        assert one.alarm("v1", NOW + timedelta(days=1)) is None


def test_alarms_are_told_until_they_are_taken() -> None:
    """A full queue loses none, and each is told once."""
    radius = Radius()
    taken: list[Alarm] = []

    def take(alarm: Alarm) -> bool:
        taken.append(alarm)
        return True

    seen(radius, n=200, touched=10)
    radius.tell(lambda _: False)
    radius.tell(take)
    radius.tell(take)
    assert [alarm.what for alarm in taken] == ["tenured"]


def test_what_one_policy_touched_is_not_laid_to_the_next() -> None:
    """Two that act at once, each on its streams, are counted apart, and neither by the other set back."""
    radius = Radius()
    for _ in range(3):
        seen(radius, n=1000, touched=5)
        radius.touched(Request("a-1"), AT, "v0", Limits(), is_tenured=False)
    assert radius.figures(AT, "v1")[3:] == (15, 5, 3)
    assert radius.figures(AT, "v0")[3:] == (3, 1, 0)
    assert radius.figures(AT, "v2")[3:] == (0, 0, 0)


def test_counts_of_few_versions_are_kept() -> None:
    """Of a hundred one after the other the first are forgotten."""
    radius = Radius()
    for n in range(100):
        radius.touched(Request("a-1"), AT, f"v{n}", Limits(), is_tenured=False)
    assert len(radius._touched) == 16
    assert radius.figures(AT, "v0")[3:] == (0, 0, 0)
    assert radius.figures(AT, "v99")[3:] == (1, 1, 0)
