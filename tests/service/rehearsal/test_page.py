"""The page and its picture: everything told, nothing from elsewhere, a failure first."""

import json
import re

from tests.service.rehearsal.made import result

from stillwatch.service.rehearsal.judge import Check, Judge
from stillwatch.service.rehearsal.page import to_html
from stillwatch.service.rehearsal.picture import hours_picture
from stillwatch.service.rehearsal.world import MAIN


def test_the_page_tells_the_figures() -> None:
    """Alarm, effect, innocents, appeal; each kind and each entry, escaped."""
    page = to_html(result())
    for words in ("1 h 0 min", "70 %", "1.0 %", "0.5 s", "harvest: reasoning-harvest", "people", "counts add up"):
        assert words in page, words
    assert "campaign &lt;b&gt;" in page
    assert "<b>" not in page
    assert "This rehearsal failed" not in page


def test_the_page_asks_nobody_for_anything() -> None:
    """No script, no address, and a policy that forbids both."""
    page = to_html(result())
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://|src=|@import", page)


def test_a_failure_stands_first() -> None:
    """With what was found."""
    page = to_html(result(Check("the campaign is found", holds=False, told="0 alarms")))
    assert page.index("This rehearsal failed") < page.index("In four figures")
    assert "the campaign is found: 0 alarms" in page


def test_the_picture_has_a_lane_for_each_and_every_mark() -> None:
    """Bars of what was served, changed and withheld; the highest fills its lane."""
    drawn = str(hours_picture(result()))
    assert f"{MAIN}, at most 10 an hour" in drawn
    assert "legitimate, at most 100 an hour" in drawn
    assert [drawn.count(f'class="{part}"') for part in ("served", "changed", "withheld")] == [2, 1, 2]
    heights = [float(h) for h in re.findall(r"M0\.08 [\d.]+v-([\d.]+)", drawn)]
    assert heights == [30, 10, 60, 99, 1]
    assert re.findall(r'mark-text"[^>]*>([^<]+)<', drawn) == ["alarm", "upheld"]


def test_all_of_it_as_json() -> None:
    """What a program reads has the same figures."""
    told = json.loads(json.dumps(result().plain()))
    assert told["good"] is True
    assert told["phases"][0]["campaigns"][MAIN] == {"served": 3, "changed": 1, "withheld": 6}
    assert [entry["what"] for entry in told["timeline"]] == ["traffic", "alarm", "upheld"]
    assert told["timeline"][1]["after_s"] == 3600.0
    assert told["hours"][1]["legitimate"]["withheld"] == 1
    failed = result(Check("a", holds=False, told="b"), Check("c", holds=True, told="d"))
    assert (failed.plain()["good"], [check.name for check in failed.failed]) == (False, ["a"])


def test_the_judge_forgets_nothing() -> None:
    """What does not hold stays, whatever holds later."""
    judge = Judge()
    assert not judge.check("first", holds=False, told="no")
    assert judge.check("first", holds=True, told="yes")
    assert judge.failed == [Check("first", holds=False, told="no")]
    assert len(judge.checks) == 2
