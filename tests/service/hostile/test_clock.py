"""The wall clock jumps under the whole service, in both directions."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.service.collect.rows import exchange, ndjson, stored
from tests.service.hostile.asking import ask, throttled
from tests.service.hostile.front import front
from tests.service.hostile.harvested import Harvested, run
from tests.service.hostile.running import until

from stillwatch.act.decide.clock import Clock

DAY = timedelta(days=1)


@dataclass
class Wall:
    """A clock of the wall that is set by hand; the steady one goes on as it does."""

    ahead: timedelta = timedelta(0)

    def clock(self) -> Clock:
        """For the service."""
        return Clock(wall=lambda: datetime.now(UTC) + self.ahead)


def test_a_clock_that_jumps_ahead_and_back(home: Harvested) -> None:
    """Ahead a decision has ended and is made anew, back again nothing new is; exchanges of either time are taken."""
    wall = Wall()
    with front(home, wall.clock()) as opened, opened.client() as client:

        def sends(name: str) -> str:
            """What becomes of an exchange of now by the machine that sends it."""
            answer = client.post("/v1/exchanges", content=ndjson([exchange(name)])).raise_for_status().json()
            return "taken" if answer["accepted"] == 1 else json.dumps(answer)

        first = throttled(client, home, 0)
        assert sends("before") == "taken"
        wall.ahead = 2 * DAY
        assert sends("ahead") == "taken"
        again = until(
            lambda: told if (told := throttled(client, home, 0))["decision_id"] != first["decision_id"] else None,
            "what has ended by the clock is decided anew",
        )
        assert client.get("/health/ready").status_code == 200
        wall.ahead = -DAY
        assert sends("behind") == "taken"
        assert ask(client, home, 0)["decision_id"] in {first["decision_id"], again["decision_id"]}
        wall.ahead = timedelta(0)
        assert ask(client, home, 0)["decision_id"] in {first["decision_id"], again["decision_id"]}
        assert sends("after") == "taken"
        assert client.get("/v1/status").json()["takes"] is True
    assert sorted(stored(home.settings.folder)) == sorted([*home.sent, "before", "ahead", "behind", "after"])
    assert run("audit", "verify", at=home).startswith("good:")
