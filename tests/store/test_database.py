"""Databases open one way, keep what was committed and refuse what they are not."""

import socket
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from tests.databases import database_url

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.store import database
from stillwatch.store.database import empty_log, open_database, reading

TABLES = MetaData()
ROWS = Table("rows", TABLES, Column("n", Integer, primary_key=True))
WORDS_TABLES = MetaData()
WORDS = Table("words", WORDS_TABLES, Column("word", String(40), primary_key=True))


def test_what_was_committed_is_there_for_who_opens_it_again(tmp_path: Path) -> None:
    """A path and a URL are the same file; its tables stay."""
    engine = open_database(tmp_path / "a.db", TABLES)
    with engine.begin() as connection:
        connection.execute(insert(ROWS), [{"n": 1}, {"n": 2}])
    engine.dispose()
    with open_database(f"sqlite:///{tmp_path / 'a.db'}", TABLES).begin() as connection:
        assert connection.execute(select(func.count()).select_from(ROWS)).scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """A transaction is all or nothing, and its error tells no values."""
    engine = open_database(tmp_path / "a.db", TABLES)
    with pytest.raises(IntegrityError) as told, engine.begin() as connection:
        connection.execute(insert(ROWS), [{"n": 12345}, {"n": 12345}])
    assert "12345" not in str(told.value)
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(ROWS)).scalar() == 0


def test_writers_that_read_first_wait_for_one_another(tmp_path: Path) -> None:
    """Eight threads that count and then add lose no update and see no locked database."""
    engine = open_database(tmp_path / "a.db", TABLES)

    def add_next() -> None:
        for _ in range(20):
            with engine.begin() as connection:
                n = connection.execute(select(func.count()).select_from(ROWS)).scalar_one()
                connection.execute(insert(ROWS), {"n": n})

    threads = [threading.Thread(target=add_next) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(ROWS)).scalar() == 160


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense://", "://"])
def test_other_databases_are_refused(url: str) -> None:
    """The message names what is allowed."""
    with pytest.raises(InvalidInput, match="sqlite"):
        open_database(url, TABLES)


def test_a_database_that_cannot_be_opened_is_an_error_of_ours(tmp_path: Path) -> None:
    """A folder is no database, and a password is not told."""
    with pytest.raises(UnreadableSource, match="cannot open"):
        open_database(tmp_path, TABLES)
    with pytest.raises(UnreadableSource) as told:
        open_database("postgresql://u:secret@127.0.0.1:1/none", TABLES)
    assert "secret" not in str(told.value)


def test_who_only_reads_waits_for_no_writer(tmp_path: Path) -> None:
    """In the middle of another's transaction a reader sees what was committed before, at once."""
    engine = open_database(tmp_path / "a.db", TABLES)
    with engine.begin() as writer:
        writer.execute(insert(ROWS), {"n": 1})
        with reading(engine).begin() as reader:
            assert reader.execute(select(func.count()).select_from(ROWS)).scalar() == 0
    with reading(engine).begin() as reader:
        assert reader.execute(select(func.count()).select_from(ROWS)).scalar() == 1


def test_what_was_deleted_is_not_on_the_disk(tmp_path: Path) -> None:
    """Neither the file nor its log holds the bytes of a deleted row once the log is written back."""
    tables = MetaData()
    texts = Table("texts", tables, Column("text", String))
    engine = open_database(tmp_path / "a.db", tables)
    for change in (insert(texts).values(text="planted-needle"), delete(texts)):
        with engine.begin() as connection:
            connection.execute(change)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    engine.dispose()
    assert not any(b"planted-needle" in file.read_bytes() for file in tmp_path.iterdir())


def test_what_was_deleted_is_nowhere_once_the_log_is_empty(tmp_path: Path) -> None:
    """Neither in the database nor in the log beside it, while it stays open; a reader at work is not waited for."""
    engine = open_database(tmp_path / "a.db", WORDS_TABLES)
    with engine.begin() as connection:
        connection.execute(insert(WORDS).values(word="planted-7f3a"))
    assert b"planted-7f3a" in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    with reading(engine).begin() as reader:
        reader.execute(select(WORDS)).all()
        with engine.begin() as connection:
            connection.execute(delete(WORDS))
        assert not empty_log(engine)
    assert empty_log(engine)
    assert b"planted-7f3a" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    engine.dispose()


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects to one that takes the connection and says nothing is told, and its password is in no message."""
    monkeypatch.setattr(database, "_ANSWERS_S", 2)  # the shortest that libpq knows
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://ada:hidden@127.0.0.1:{silent.getsockname()[1]}/service"
        with pytest.raises(UnreadableSource, match="cannot open the database") as told:
            open_database(url, TABLES)
    assert "hidden" not in str(told.value)


def test_an_operator_may_say_how_long_a_server_is_waited_for() -> None:
    """What stands in the URL counts; the rest is as it is without."""
    patience = database._patience(make_url("postgresql://host/name?connect_timeout=3"))
    assert "connect_timeout" not in patience
    assert patience["tcp_user_timeout"] == 10_000


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_that_vanishes_is_noticed(kind: str, tmp_path: Path) -> None:
    """Connections to a server are looked after by the minute, and the URL may say otherwise."""
    with database_url(kind, tmp_path) as url:
        for told, idle in ((url, "10"), (f"{url}&keepalives_idle=77", "77")):
            engine = open_database(told, MetaData())
            with engine.connect() as connection:
                known = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
            engine.dispose()
            assert (known["keepalives_idle"], known["tcp_user_timeout"], known["connect_timeout"]) == (
                idle,
                "10000",
                "10",
            )
