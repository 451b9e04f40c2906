"""One exchange out of stored traffic: in the hours of its stream, and nowhere else."""

from datetime import datetime, timedelta

import pytest
from tests.console.conftest import Rig
from tests.console.exchanges.kept import EXCHANGE_ID, PROMPT, keep, kept

from stillwatch.console.exchanges.finding import find_exchange
from stillwatch.errors import UnreadableSource

HOUR = timedelta(hours=1)


def span(at: datetime, before: timedelta = HOUR, after: timedelta = HOUR) -> tuple[datetime, datetime]:
    """A span around a time."""
    return at - before, at + after


def test_as_it_was_taken_in(rig: Rig) -> None:
    """Every column, its time aware; of several files the one that holds it."""
    keep(rig.home.traffic, kept("x-1"), kept("x-2"))
    keep(rig.home.traffic, kept("x-3"), kept(), name="b")
    found = find_exchange(rig.console, EXCHANGE_ID, span(kept()["time"]))
    assert found is not None
    assert (found["prompt_text"], found["time"], found["temperature"]) == (PROMPT, kept()["time"], 0.5)
    assert found["time"].tzinfo is not None


def test_only_the_hours_of_the_span(rig: Rig) -> None:
    """The first and the last hour belong to it, what lies before and after does not."""
    at = kept()["time"]
    keep(rig.home.traffic, kept())
    for before, after, is_there in (
        (timedelta(0), timedelta(0), True),
        (5 * HOUR, timedelta(0), True),
        (timedelta(0), 5 * HOUR, True),
        (5 * HOUR, -HOUR, False),
        (-HOUR, 5 * HOUR, False),
    ):
        found = find_exchange(rig.console, EXCHANGE_ID, span(at, before, after))
        assert (found is not None) is is_there


@pytest.mark.parametrize("name", ["", "x-none", "' OR 1=1 --", "x-c-relay00017-_"])
def test_what_is_not_there(rig: Rig, name: str) -> None:
    """Whatever it is called."""
    keep(rig.home.traffic, kept())
    assert find_exchange(rig.console, name, span(kept()["time"])) is None


def test_nothing_is_kept(rig: Rig) -> None:
    """No folder, or a span of years without any."""
    at = kept()["time"]
    assert find_exchange(rig.console, EXCHANGE_ID, (at - timedelta(days=4_000), at)) is None


def test_damage_is_told_without_a_word_of_what_is_kept(rig: Rig) -> None:
    """Which kind of error, and to try again."""
    keep(rig.home.traffic, kept()).write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UnreadableSource, match="try again"):
        find_exchange(rig.console, EXCHANGE_ID, span(kept()["time"]))
