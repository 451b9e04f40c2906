"""Volume: counted by hand."""

from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines.volume import Volume

HOUR, DAY = 3600, 86_400
# steady: 2 a day on three days; burst: 5 within one hour, one the day after
TOY = ToyTraffic(
    [sent("steady", day * DAY + i * HOUR) for day in range(3) for i in range(2)]
    + [sent("burst", 2 * HOUR + i) for i in range(5)]
    + [sent("burst", DAY)]
)


def test_each_way_of_counting() -> None:
    """In all six each; per active day two and three; in the busiest hour one and five."""
    volume = Volume()
    found = [by_account(TOY, volume.score(TOY, setting)) for setting in volume.settings()]
    assert found == [{"steady": 6, "burst": 6}, {"steady": 2, "burst": 3}, {"steady": 1, "burst": 5}]
