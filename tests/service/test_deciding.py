"""What decides, put together: an appeal is overdue when it surely is."""

from pathlib import Path

from tests.act.decide.made import Hands, Told, facts
from tests.act.desk import Office, notice

from stillwatch.act.decide.protected import Protected
from stillwatch.service.deciding import deciding, earliest
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings

DAY_S = 86_400.0


def test_a_clock_ahead_makes_no_appeal_overdue_until_it_is_believed(tmp_path: Path) -> None:
    """Thirty days ahead for nearly an hour, and put right; ahead again for more than an hour it is the time."""
    hands, about = Hands(), notice()
    with (
        open_home(ServiceSettings(folder=tmp_path / "service"), is_first=True) as home,
        deciding(home, Told(otherwise=facts()), Protected(), hands.clock) as made,
    ):
        Office(home.engine, home.trail).file(about)
        overdue = made.decider._people.overdue
        for seconds in (30 * DAY_S, -30 * DAY_S, 30 * DAY_S):
            hands.jump(seconds)
            assert overdue() == frozenset()
            hands.pass_time(3500.0)
            assert overdue() == frozenset()
        hands.pass_time(200.0)
        assert overdue() == frozenset({about.stream})


def test_the_earliest_goes_on() -> None:
    """Without a jump it is the wall's time; set back, it is that at once."""
    hands = Hands()
    told = earliest(hands.clock)
    hands.pass_time(500.0)
    assert told() == hands.wall
    hands.jump(-7200.0)
    assert told() == hands.wall
