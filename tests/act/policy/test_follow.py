"""Whoever decides sees what is in force, and no longer than the database can be seen."""

import threading

import pytest
from sqlalchemy import Engine
from tests.act.policy.made import KEYS, policy_of, put, ready, rule_text, signer, writing

from stillwatch.act.policy import follow as follow_module
from stillwatch.act.policy.activations import LEAST_STAY, roll_back, stop
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.follow import InForce
from stillwatch.act.policy.tables import ACTIVATIONS, POLICY_TABLES, VERSIONS

ONE, TWO = policy_of(rule_text("one")), policy_of(rule_text("two"))


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At 0."""
    return Clock()


@pytest.fixture
def follower(engine: Engine, clock: Clock) -> InForce:
    """One that has not looked yet."""
    return InForce(engine, KEYS, clock=clock)


def version(follower: InForce) -> str | None:
    """Version that a decision would go by."""
    found = follower()
    return None if found is None else found.policy.version


def test_changes_are_seen_at_the_next_look(engine: Engine, follower: InForce) -> None:
    """Activation, another, rollback, stop; the number grows with each, so that caches of before are of the past."""
    assert (version(follower), follower.problem) == (None, "the database was not read yet")
    ready(engine, ONE, TWO)
    numbers = []
    for change, expected in (
        (lambda: put(engine, ONE, 1), ONE.version),
        (lambda: put(engine, TWO, 1), TWO.version),
        (lambda: _back(engine, 2), ONE.version),
        (lambda: _stop(engine, 3), None),
    ):
        change()
        follower.refresh()
        assert (version(follower), follower.problem) == (expected, None)
        numbers.append(follower.number)
    assert numbers == [1, 2, 3, 4]


def _back(engine: Engine, seen: int) -> None:
    with writing(engine) as connection:
        roll_back(connection, signer(), seen=seen)


def _stop(engine: Engine, seen: int) -> None:
    with writing(engine) as connection:
        stop(connection, signer(), seen=seen)


def test_what_is_told(engine: Engine, follower: InForce) -> None:
    """Policy, stage as a share, number and who."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    follower.refresh()
    found = follower()
    assert found is not None
    assert (found.policy, found.stage, found.number, found.activated_by, found.approved_by) == (
        ONE,
        0.01,
        1,
        "ada",
        None,
    )


def test_a_look_does_not_last(engine: Engine, follower: InForce, clock: Clock) -> None:
    """When nobody looks any more, what was seen ends: a rollback may have happened."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    follower.refresh()
    clock.now = 5.0
    assert version(follower) == ONE.version
    clock.now = 5.1
    assert version(follower) is None
    follower.refresh()
    assert version(follower) == ONE.version


def test_database_gone_and_back(engine: Engine, follower: InForce, clock: Clock) -> None:
    """A database that cannot be read is a problem that is told, not an error; the policy ends after a few seconds."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    follower.refresh()
    POLICY_TABLES.drop_all(engine)
    clock.now = 1.0
    follower.refresh()
    assert version(follower) == ONE.version
    assert str(follower.problem).startswith("the policy in force cannot be read: ")
    clock.now = 6.0
    follower.refresh()
    assert version(follower) is None
    POLICY_TABLES.create_all(engine)
    follower.refresh()
    assert version(follower) is follower.problem is None


def test_tampered_is_no_policy(engine: Engine, follower: InForce) -> None:
    """What does not verify is not followed, and is told; put right it is followed again."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    follower.refresh()
    with writing(engine) as connection:
        connection.execute(VERSIONS.update().where(VERSIONS.c.version == TWO.version).values(text=TWO.text + "#"))
    put_unseen(engine)
    follower.refresh()
    assert version(follower) is None
    assert follower.problem is not None
    assert "changed after it was signed" in follower.problem
    with writing(engine) as connection:
        connection.execute(VERSIONS.update().where(VERSIONS.c.version == TWO.version).values(text=TWO.text))
    follower.refresh()
    assert version(follower) == TWO.version


def put_unseen(engine: Engine) -> None:
    """An activation of the second version as somebody with the key and no scruples would write it."""
    told = {
        "number": 2,
        "how": "activate",
        "version": TWO.version,
        "stage": 100,
        "by": "eve",
        "at": "2026-11-27T12:00:00.000000Z",
        "before": 1,
        "approved_by": None,
    }
    with writing(engine) as connection:
        signed = signer("eve").record(connection, "activation", told)
        connection.execute(ACTIVATIONS.insert().values(number=2, at=told["at"], signed=signed))


def test_a_row_without_a_signature_is_not_followed(engine: Engine, follower: InForce) -> None:
    """Whoever can write to the database but has no key puts nothing in force."""
    ready(engine, ONE)
    with writing(engine) as connection:
        connection.execute(ACTIVATIONS.insert().values(number=1, at="", signed={"what": "activation", "number": 1}))
    follower.refresh()
    assert version(follower) is None
    assert "no signature" in str(follower.problem)


def test_a_thread_follows(engine: Engine) -> None:
    """A change by another process, here another connection, is seen without anybody asking."""
    follower, ends = InForce(engine, KEYS), threading.Event()
    thread = threading.Thread(target=follower.follow, args=(ends, 0.01))
    thread.start()
    try:
        ready(engine, ONE)
        put(engine, ONE, 1)
        for _ in range(1000):
            if version(follower) == ONE.version:
                break
            ends.wait(0.01)
        assert version(follower) == ONE.version
    finally:
        ends.set()
        thread.join()


def chain(follower: InForce) -> list[tuple[str, float]]:
    """Versions that decide, the newest first, and how far each is rolled out."""
    follower.refresh()
    found = follower()
    return [] if found is None else [(one.policy.version, one.stage) for one in found.chain()]


def test_what_was_in_force_before_is_told_until_a_stage_is_whole(engine: Engine, follower: InForce) -> None:
    """At 1 and 10 % the version before stands behind it, after a rollback or at 100 % nothing does."""
    ready(engine, ONE, TWO)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    put(engine, ONE, 100)
    assert chain(follower) == [(ONE.version, 1.0)]
    put(engine, TWO, 1)
    assert chain(follower) == [(TWO.version, 0.01), (ONE.version, 1.0)]
    put(engine, TWO, 10, LEAST_STAY)
    assert chain(follower) == [(TWO.version, 0.1), (ONE.version, 1.0)]
    _back(engine, 3)
    assert chain(follower) == [(ONE.version, 1.0)]
    put(engine, TWO, 1, LEAST_STAY)
    put(engine, TWO, 10, 2 * LEAST_STAY)
    put(engine, TWO, 100, 3 * LEAST_STAY)
    assert chain(follower) == [(TWO.version, 1.0)]


def test_after_a_stop_nothing_stands_behind(engine: Engine, follower: InForce) -> None:
    """Who stopped everything meant it: streams that the next version's stage has not reached are observed."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    _stop(engine, 1)
    put(engine, TWO, 1)
    assert chain(follower) == [(TWO.version, 0.01)]


def test_versions_of_which_none_is_whole(engine: Engine, follower: InForce) -> None:
    """Each stands behind the next, so far as they are looked at."""
    policies = [policy_of(rule_text(f"p{n}")) for n in range(12)]
    ready(engine, *policies)
    for policy in policies:
        put(engine, policy, 1)
    assert [version for version, _ in chain(follower)] == [policy.version for policy in reversed(policies)][:9]


def test_a_tampered_version_before_stops_nothing(engine: Engine, follower: InForce) -> None:
    """What is in force holds, the one before does not, and that is told until it is put right."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    with writing(engine) as connection:
        row = VERSIONS.update().where(VERSIONS.c.version == ONE.version)
        connection.execute(row.values(text=ONE.text + "#"))
    assert chain(follower) == [(TWO.version, 0.01)]
    assert "the policy before the one in force does not hold" in str(follower.problem)
    with writing(engine) as connection:
        connection.execute(row.values(text=ONE.text))
    assert chain(follower) == [(TWO.version, 0.01), (ONE.version, 0.01)]
    assert follower.problem is None


def test_a_row_that_cannot_even_be_read_does_not_end_the_looks(
    engine: Engine, follower: InForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows must not die of a damaged row, as one that is no JSON: it is told, and the next look happens."""
    ready(engine, ONE)
    put(engine, ONE, 1)

    def damaged(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(follow_module, "in_force", damaged)
        follower.refresh()
    assert (version(follower), follower.problem) == (None, "the policy in force does not hold: ValueError")
    follower.refresh()
    assert (version(follower), follower.problem) == (ONE.version, None)


def test_a_database_that_does_not_answer_is_a_problem(engine: Engine, follower: InForce, clock: Clock) -> None:
    """A look that hangs raises nothing; that nothing is in force any more is told all the same."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    follower.refresh()
    clock.now += 6.0
    assert version(follower) is None
    assert follower.problem == "the policy in force was last read 6 s ago: everything is observed"
