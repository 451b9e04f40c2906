"""The audit of a service's database: whatever is changed in it is noticed and named."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update
from tests.act.decide.made import KEY, active, database, facts, rule, world

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.trail import recorded, write_documents
from stillwatch.act.audit.verify import verify
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.act.policy.limits import Limits
from stillwatch.errors import FailedProof, InvalidInput, UnreadableSource
from stillwatch.ledger.book import forget
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, HEADS
from stillwatch.model.decision import Action, WindowFacts
from stillwatch.signing.keys import SigningKey, keys_of

KEYS = keys_of([KEY.verify_key])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Database of a service that made decisions, ended one, and raised an alarm."""
    folder = tmp_path_factory.mktemp("audited")
    shared = replace(rule("shared", Action.THROTTLE, "stream.bits > 100.0", rate=6.0), own_per_day=2.0)
    with world(folder, shared, rule("slow", Action.THROTTLE, rate=6.0), limits=Limits()) as service:
        seen = WindowFacts(500_000, 5_000, 1_000)
        service.told.otherwise = replace(facts(), window=seen)
        service.told.by_account["a-5"] = replace(facts(bits=150.0), window=seen)
        for n in range(12):
            service.ask(f"a-{n}")
        service.told.by_account["a-3"] = facts(cleared=True)
        service.ask("a-3")
        service.settle()
        service.active = active(rule("slow", Action.THROTTLE, rate=6.0))
    return folder / "service.db"


@pytest.fixture
def engine(made: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of it, to be tampered with."""
    (tmp_path / "service.db").write_bytes(made.read_bytes())
    engine = database(tmp_path / "service.db")
    yield engine
    engine.dispose()


def test_an_untouched_database_is_good(engine: Engine) -> None:
    """Every entry under signed heads, every document, every decision."""
    with engine.begin() as connection:
        found = verify(connection, keys=KEYS)
        n_alarms = len(connection.execute(select(ALARMS)).all())
        n_decisions = len(connection.execute(select(DECISIONS)).all())
    assert (n_alarms, found.n_unproved, found.ledger.is_signed) == (1, 0, True)
    assert found.n_decisions == n_decisions >= 10
    assert found.ledger.size == found.n_documents == n_decisions + 2


def name(connection: Connection) -> str:
    """Id of the fourth decision."""
    return str(connection.execute(select(DECISIONS.c.decision_id).order_by(DECISIONS.c.account_id)).scalars().all()[3])


def _change(table: str, **values: object) -> Callable[[Connection], object]:
    def change(connection: Connection) -> object:
        which = {"decisions": DECISIONS, "alarms": ALARMS}[table]
        return connection.execute(update(which).values(**values))

    return change


TAMPERED: dict[str, tuple[Callable[[Connection], object], str]] = {
    "more for a stream of a throttled campaign": (
        lambda c: c.execute(update(DECISIONS).where(DECISIONS.c.own_per_day == 2.0).values(own_per_day=200.0)),
        "decision .* is bad: it is not as it was recorded",
    ),
    "something for a stream of none": (
        lambda c: c.execute(update(DECISIONS).where(DECISIONS.c.own_per_day.is_(None)).values(own_per_day=200.0)),
        "decision .* is bad: it is not as it was recorded",
    ),
    "a milder action": (
        lambda c: c.execute(update(DECISIONS).where(DECISIONS.c.decision_id == name(c)).values(action="observe")),
        "decision .* is bad: it is not as it was recorded",
    ),
    "an end that nobody recorded": (
        lambda c: c.execute(
            update(DECISIONS).where(DECISIONS.c.account_id == "a-1").values(ended_at="2026-11-27T13:00:00.000000Z")
        ),
        "decision .* is bad: its end is not on record",
    ),
    "an end that is taken back": (
        _change("decisions", ended_at=None, ended_why=None),
        "decision .* is bad: it is not as it was recorded",
    ),
    "a decision that is gone": (
        lambda c: c.execute(delete(DECISIONS).where(DECISIONS.c.decision_id == name(c))),
        "decision .* is bad: it is on record and not in the table",
    ),
    "a decision that was never recorded": (
        lambda c: c.execute(
            insert(DECISIONS).values(
                dict(c.execute(select(DECISIONS).limit(1)).mappings().one()) | {"decision_id": "made-up"}
            )
        ),
        "decision made-up is bad: it is not on record",
    ),
    "an alarm that is smaller": (_change("alarms", share=0.01), "the alarm of policy v1 is bad"),
    "a document that says something else": (
        lambda c: c.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == 2).values(document={"event": "decided"})),
        "entry 2 is bad: the document beside it",
    ),
    "a document that is no longer canonical": (
        lambda c: c.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == 2).values(salt=b"short")),
        "entry 2 is bad: the document beside it",
    ),
    "an entry of another time": (
        lambda c: c.execute(update(ENTRIES).where(ENTRIES.c.index == 4).values(time="2020-01-01T00:00:00.000000Z")),
        "entry 4 is bad: it does not give the root beside it \\(line ",
    ),
    "an entry that is gone": (
        lambda c: c.execute(delete(ENTRIES).where(ENTRIES.c.index == 4)),
        "entry 4 is bad: entry 5 stands in its place",
    ),
    "heads that are gone": (lambda c: c.execute(delete(HEADS)), "no head stands in the ledger"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_changed_is_named(engine: Engine, what: str) -> None:
    """By the number of the entry or the id of the decision; no path of ours stands in the message."""
    change, message = TAMPERED[what]
    with engine.begin() as connection:
        change(connection)
    with engine.begin() as connection, pytest.raises(FailedProof, match=message) as wrong:
        verify(connection, keys=KEYS)
    assert "/" not in str(wrong.value)


def test_another_key_is_noticed(engine: Engine) -> None:
    """A ledger under the key of somebody else is not the service's."""
    with engine.begin() as connection, pytest.raises(FailedProof):
        verify(connection, keys=keys_of([SigningKey.generate().verify_key]))


def test_a_head_that_was_kept_finds_a_new_ledger(engine: Engine, tmp_path: Path) -> None:
    """Everything made again with the right key: only whoever has kept a head can tell."""
    (tmp_path / "other").mkdir()
    with world(tmp_path / "other") as other:
        other.ask()
        with other.engine.begin() as connection:
            kept = connection.execute(select(HEADS.c.head)).scalars().all()
            assert verify(connection, keys=KEYS).ledger.size == 1
    with engine.begin() as connection, pytest.raises(FailedProof):
        verify(connection, kept, KEYS)


def test_what_was_forgotten_is_counted_and_not_held_against_anybody(engine: Engine) -> None:
    """An account asks to be forgotten: the ledger still verifies, its decision is unproved."""
    with engine.begin() as connection:
        forget(connection, 0)
        found = verify(connection, keys=KEYS)
    assert found.n_unproved == 1
    assert found.n_documents == found.ledger.size - 1


def test_the_trail_of_one_decision(engine: Engine) -> None:
    """Made and ended, in order; by kind, and the last few."""
    with engine.begin() as connection:
        ended = connection.execute(
            select(DECISIONS.c.decision_id).where(DECISIONS.c.ended_at.is_not(None))
        ).scalar_one()
        trail = [one.document for one in recorded(connection, about=ended)]
        assert [one and one["event"] for one in trail] == ["decided", "ended"]
        everything = list(recorded(connection))
        assert list(recorded(connection, last=3)) == everything[-3:]
        assert list(recorded(connection, kind="policy")) == []
        with pytest.raises(InvalidInput, match="kind must be one of"):
            list(recorded(connection, kind="nonsense"))


def test_documents_are_written_for_the_owner_only(engine: Engine, tmp_path: Path) -> None:
    """One line each, and never over a file that is there."""
    with engine.begin() as connection:
        forget(connection, 1)
        count = write_documents(connection, tmp_path / "documents")
        assert count == len((tmp_path / "documents").read_text().splitlines()) == len(list(recorded(connection))) - 1
        assert (tmp_path / "documents").stat().st_mode & 0o077 == 0
        with pytest.raises(UnreadableSource, match="File exists"):
            write_documents(connection, tmp_path / "documents")


def test_looking_sees_one_state(engine: Engine) -> None:
    """What is written meanwhile is not seen: tables and ledger are of one moment."""
    with looking(engine) as connection:
        n_before = len(connection.execute(select(DECISIONS)).all())
        with engine.begin() as writer:
            writer.execute(delete(DECISIONS))
        assert len(connection.execute(select(DECISIONS)).all()) == n_before > 0
        assert verify(connection, keys=KEYS).n_decisions == n_before


def test_a_ledger_that_is_cut_off_is_found_by_a_head_that_was_kept(engine: Engine) -> None:
    """The newest entry gone with its document, head and decision: what is left is a good, older ledger."""
    with engine.begin() as connection:
        kept = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(1)).scalars().all()
        size = verify(connection, kept, KEYS).ledger.size
        older = connection.execute(select(HEADS.c.size).where(HEADS.c.size < size)).scalars().all()
        assert older, "the recorder signs a head with each commit"
        left = max(older)
        gone = [one.document for one in recorded(connection) if one.entry.index >= left]
        for table in (ENTRIES, DOCUMENTS):
            connection.execute(delete(table).where(table.c.index >= left))
        connection.execute(delete(HEADS).where(HEADS.c.size > left))
        for document in gone:
            if document is not None and document["event"] == "decided":
                connection.execute(delete(DECISIONS).where(DECISIONS.c.decision_id == document["decision_id"]))
            elif document is not None and document["event"] == "ended":
                connection.execute(
                    update(DECISIONS)
                    .where(DECISIONS.c.decision_id == document["decision_id"])
                    .values(ended_at=None, ended_why=None)
                )
            else:
                connection.execute(delete(ALARMS))
        assert verify(connection, keys=KEYS).ledger.size == left
        with pytest.raises(FailedProof, match="head"):
            verify(connection, kept, KEYS)
