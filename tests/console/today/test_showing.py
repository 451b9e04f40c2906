"""The first page: what waits, what is wrong, what came in; only what who asks may know."""

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import insert, update
from tests.act.desk import WORDS, notice
from tests.console.conftest import NOW, Rig, rig_of

from stillwatch.act.appeals.appeal import AppealRules, Grounds
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.decide.tables import ALARMS
from stillwatch.signing.stamp import stamp

NASTY = "<script>alert(1)</script>"


def status(**problems: list[str]) -> dict[str, Any]:
    """What a service says of itself."""
    return {"takes": True, "watch": {"lag_s": 12.4}, "problems": problems}


def test_a_quiet_day_of_every_role(standing: Rig) -> None:
    """Open campaigns with their value, no policy, nothing done; only those who answer see appeals."""
    for name, answers in (("vera", False), ("alma", False), ("ada", True), ("bea", True)):
        text = standing.as_(name).get("/console").text
        assert "No policy is in force" in text
        assert "c-4f1e09ab77" in text
        assert ("Appeals that wait" in text) is answers
        assert "<script>" not in text


def test_problems_of_the_service_come_first_and_are_text(rig: Rig) -> None:
    """By part; what is grave stands on top."""
    made = rig_of(rig.home, lambda: NOW, status=lambda: status(watch=[f"it failed {NASTY}"]))
    text = made.as_("ada").get("/console").text
    assert NASTY not in text
    assert text.index("watch: it failed") < text.index("campaigns nobody has looked at yet")
    assert "12 s at the last look" in text


def test_appeals_by_their_deadline(rig: Rig) -> None:
    """Waiting ones, then overdue ones as grave; a viewer learns of none, and nobody reads the customer's words here."""
    about = notice()
    with rig.home.engine.begin() as connection:
        file(connection, rig.home.trail, about, Filing(Grounds.RESEARCH, WORDS), AppealRules(), NOW)
    assert "appeal waits for an answer" in rig.as_("ada").get("/console").text
    with rig.home.engine.begin() as connection:
        connection.execute(update(APPEALS).values(deadline=stamp(NOW.replace(hour=11))))
    text = rig.as_("ada").get("/console").text
    assert "appeal is overdue" in text
    assert "overdue</td>" in text
    assert WORDS not in text
    assert "appeals" not in rig.as_("vera").get("/console").text.split("What needs a person")[1].split("</section>")[0]


def test_alarms_of_policies(rig: Rig) -> None:
    """What was touched, over which limit, and the way to the policy."""
    row = {column.name: "x" for column in ALARMS.c} | {
        "policy_version": "f" * 64,
        "is_final": True,
        "what": "accounts",
        "share": 0.123,
        "limit": 0.05,
        "raised_at": stamp(NOW),
    }
    numbers = {
        column.name: 1 for column in ALARMS.c if column.type.python_type in {int, float} and row[column.name] == "x"
    }
    with rig.home.engine.begin() as connection:
        connection.execute(insert(ALARMS).values(row | numbers))
    text = rig.as_("vera").get("/console").text
    assert "touched 12.3% of accounts, over its limit of 5.0%" in text
    assert f'href="/console/policies/{"f" * 64}"' in text


def test_traffic_by_hour(rig: Rig) -> None:
    """What came in stands in the table; without any it is said."""
    assert "Nothing came in for two days" in rig.as_("vera").get("/console").text
    folder = rig.home.traffic / f"date={NOW:%Y-%m-%d}" / f"hour={NOW:%H}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"exchange_id": ["a"] * 1_234}), folder / "a.parquet")
    text = rig.as_("vera").get("/console").text
    assert '<td class="n">1,234</td>' in text
    assert text.count('<td class="n">0</td>') >= 47
