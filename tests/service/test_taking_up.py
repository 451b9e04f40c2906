"""An index counts for decisions once what people have cleared is carried over to its campaigns."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.errors import Declined
from stillwatch.service import taking_up as module
from stillwatch.service.home import Home, open_home
from stillwatch.service.partner.service_member import Member
from stillwatch.service.settings import ServiceSettings
from stillwatch.service.taking_up import TakingUp
from stillwatch.watch import Tick

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new service's."""
    with open_home(ServiceSettings(folder=tmp_path / "service"), is_first=True) as opened:
        yield opened


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What cases do when they are brought up to date: nothing, or raise what stands first."""
    calls: list[object] = []

    def note(*_: object) -> list[str]:
        calls.append("noted")
        if isinstance(calls[0], Exception):
            raise calls[0]
        return []

    monkeypatch.setattr(module, "note_findings", note)
    return calls


def written(home: Home) -> str:
    """Line of an index that a tick writes."""
    return IndexFolder(home.index).write(StreamIndex.empty(), FactsBook.empty())


def test_what_a_tick_found_counts_once_it_is_taken_up(home: Home, noted: list[object]) -> None:
    """Not before, not when it fails; the next tick makes it good."""
    taking_up, line = TakingUp(home, Member(None, None)), written(home)
    done = Tick("input", None, NOW.isoformat(), index=line)
    noted.append(Declined("the database does not answer"))
    with pytest.raises(Declined):
        taking_up(done)
    assert not taking_up.has_taken(line)
    noted.clear()
    taking_up(done)
    assert taking_up.has_taken(line)
    assert not taking_up.has_taken(written(home))


def test_what_was_found_before_a_restart_counts_at_once(home: Home, noted: list[object]) -> None:
    """Its cases are brought up to date first; where that fails the first tick is waited for, and nothing raises."""
    line = written(home)
    taking_up = TakingUp(home, Member(None, None))
    taking_up.begin(NOW)
    assert (taking_up.has_taken(line), noted) == (True, ["noted"])
    noted.insert(0, Declined("the database does not answer"))
    taking_up = TakingUp(home, Member(None, None))
    taking_up.begin(NOW)
    assert not taking_up.has_taken(line)


def test_before_the_first_tick_there_is_nothing_to_take_up(home: Home, noted: list[object]) -> None:
    """A new service has no findings, and nothing fails for want of them."""
    TakingUp(home, Member(None, None)).begin(NOW)
    assert noted == []
