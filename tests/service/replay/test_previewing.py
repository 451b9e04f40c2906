"""A preview from beginning to end."""

from pathlib import Path

import pytest
from tests.act.preview.made import blocks
from tests.service.replay.made import ACCOUNTS, FINDINGS, LOGS, written

from stillwatch.act.decide.protected import Protected
from stillwatch.act.preview.figures import Objections
from stillwatch.service.replay.previewing import Asked, preview_of, protected_at
from stillwatch.service.replay.standing import Standing
from stillwatch.service.replay.streams import ByFindings
from stillwatch.service.replay.traffic import Source

POLICY = blocks("stream.accused && stream.bits > 30.0")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Logs with what a scan found in them."""
    folder = written(tmp_path)
    return Source((folder / LOGS,), ByFindings.of_folder(folder / FINDINGS), folder / ACCOUNTS)


def test_it_is_replayed_and_held_against_another(source: Source) -> None:
    """Whom it touches, what changes, and stages that are told while it goes on."""
    told: list[str] = []
    found, changed = preview_of(
        Asked(POLICY, source, before=blocks("stream.accused", "observe")), lambda s, *_: told.append(s)
    )
    assert (found.touched.exchanges, found.stage) == (2, 1.0)
    assert changed is not None
    assert changed.harsher == 1
    assert (told[0], told[-1]) == ("read", "preview")


def test_what_people_said_counts(source: Source, tmp_path: Path) -> None:
    """Streams of upheld appeals and protected accounts are left alone; decided appeals are told."""
    cleared = Standing(cleared=[("campaign-1", "a")], decided=4, upheld=1)
    found, changed = preview_of(Asked(POLICY, source, cleared), lambda *_: None)
    assert (found.touched.exchanges, changed) == (0, None)
    assert isinstance(found.doubt.objections, Objections)
    assert (found.doubt.objections.decided, found.doubt.objections.upheld) == (4, 1)
    (tmp_path / "protected.txt").write_text("a\n")
    kept = protected_at(tmp_path / "protected.txt")
    assert preview_of(Asked(POLICY, source, protected=kept), lambda *_: None)[0].touched.exchanges == 0
    assert not protected_at(None).holds("a", None)
    assert isinstance(kept, Protected)


def test_a_stage_touches_no_more(source: Source) -> None:
    """At 1 % the one stream is in it or not."""
    found, _ = preview_of(Asked(POLICY, source, stage=0.01), lambda *_: None)
    assert found.touched.exchanges in {0, 2}
    assert found.stage == 0.01
