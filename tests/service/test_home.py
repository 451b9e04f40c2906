"""The service's home: made once by whoever starts first, opened by everybody else, private, whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.act.desk import NOW

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ENTRIES
from stillwatch.model.decision import Action
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings
from stillwatch.watch import FINDINGS, INDEX, TICK

STARTS = """
import sys
from pathlib import Path
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings
sys.stdin.read()
with open_home(ServiceSettings(folder=Path(sys.argv[1])), is_first=True) as home:
    print(home.key.key_id, home.secret.mac("a", b"b").hex())
"""


@pytest.fixture
def settings(tmp_path: Path) -> ServiceSettings:
    """Of a service that is not there yet."""
    return ServiceSettings(folder=tmp_path / "service")


def test_what_is_not_there_is_not_made_by_looking(settings: ServiceSettings) -> None:
    """A command before the first start says what to do, and leaves no folder behind."""
    with (
        pytest.raises(MissingData, match=r"no service in .*service; start `stillwatch serve` first"),
        open_home(settings),
    ):
        pass
    assert not settings.folder.exists()


def test_the_first_start_makes_what_later_ones_find(settings: ServiceSettings) -> None:
    """The same key, secret and database for everybody, whatever was recorded still in it."""
    with open_home(settings, is_first=True) as first, first.engine.begin() as connection:
        key, mac = first.key.key_id, first.secret.mac("link", b"a")
        first.trail.record(connection, Kind.POLICY, "ada", {"what": Action.ALLOW.value}, NOW)
    for is_first in (False, True):
        with open_home(settings, is_first=is_first) as home, home.engine.begin() as connection:
            assert (home.key.key_id, home.secret.mac("link", b"a")) == (key, mac)
            assert len(connection.execute(select(ENTRIES)).all()) == 1


def test_nobody_else_may_read_it(settings: ServiceSettings) -> None:
    """Folder, key, secret, database and what SQLite keeps beside it, under an open umask too."""
    before = os.umask(0)
    try:
        with open_home(settings, is_first=True) as home, home.engine.begin():
            modes = {path.name: path.stat().st_mode & 0o077 for path in settings.folder.iterdir()}
    finally:
        os.umask(before)
    assert {"service.key", "service.secret", "service.db", "service.db-wal"} <= modes.keys()
    assert settings.folder.stat().st_mode & 0o077 == 0
    assert set(modes.values()) == {0}
    assert "secret" not in repr(home).lower()


def test_places_are_those_of_the_watch(settings: ServiceSettings) -> None:
    """What a tick writes is where decisions and commands look."""
    with open_home(settings, is_first=True) as home:
        assert home.traffic == settings.folder / "traffic"
        assert home.state == settings.folder / "state"
        assert (home.findings, home.index, home.tick) == tuple(home.watch / name for name in (FINDINGS, INDEX, TICK))


def test_a_database_that_is_gone_is_no_service(settings: ServiceSettings) -> None:
    """Whoever only looks makes no empty one in its place."""
    with open_home(settings, is_first=True):
        pass
    (settings.folder / "service.db").unlink()
    with pytest.raises(MissingData, match="no service"), open_home(settings):
        pass
    assert not (settings.folder / "service.db").exists()


def test_a_key_that_was_half_written_is_made_again(settings: ServiceSettings) -> None:
    """A start that was killed while it made the key does not stand in the way of the next."""
    settings.folder.mkdir()
    (settings.folder / ".service.key.new").write_text('{"crv"')
    with open_home(settings, is_first=True) as home:
        assert home.key.key_id
    assert not (settings.folder / ".service.key.new").exists()


def test_a_folder_that_is_a_file(settings: ServiceSettings) -> None:
    """The system's word, and the path."""
    settings.folder.write_text("")
    with (
        pytest.raises(UnreadableSource, match=r"cannot make a service in .*service: File exists"),
        open_home(settings, is_first=True),
    ):
        pass


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense://"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    """What is no database of ours is said before anything is made of it."""
    settings = ServiceSettings(folder=tmp_path / "service", database=url)
    with pytest.raises(InvalidInput, match="sqlite"), open_home(settings, is_first=True):
        pass


def test_those_that_start_at_once_make_one_service(settings: ServiceSettings) -> None:
    """Four processes, one key and one secret."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", STARTS, str(settings.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    told = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4, told
    assert len({out for out, _ in told}) == 1
