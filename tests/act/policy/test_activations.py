"""Putting in force and going back."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select
from tests.act.policy.made import KEY, KEYS, NOW, SMALL, policy_of, preview_of, put, ready, rule_text, signer, writing

from stillwatch.act.policy.activations import (
    LEAST_STAY,
    Activation,
    Overtaken,
    activate,
    activations,
    allowed,
    changes_of,
    in_force,
    latest_activations,
    roll_back,
    stop,
)
from stillwatch.act.policy.approvals import approvals, approve
from stillwatch.act.policy.book import highest
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import record_preview
from stillwatch.act.policy.tables import ACTIVATIONS, APPROVALS, VERSIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.signing.signature import MEMBER, signed

ONE, TWO, THREE = (policy_of(rule_text(name)) for name in ("one", "two", "three"))
WATCH = policy_of(rule_text("watch", "true", "observe"))
LARGE = {**SMALL, "traffic": 0.04}
MINUTES = timedelta(minutes=1)


def now(engine: Engine) -> tuple[str | None, int] | None:
    """Version and stage in force."""
    with writing(engine) as connection:
        found = in_force(connection, KEYS)
    return None if found is None else (found.version, found.stage)


def back(engine: Engine) -> Activation:
    """Roll back what is in force."""
    with writing(engine) as connection:
        return roll_back(connection, signer(), seen=highest(connection, ACTIVATIONS))


def test_stages_go_up_one_by_one(engine: Engine) -> None:
    """1, 10, 100 percent, each for ten minutes at least; nothing may be skipped."""
    ready(engine, ONE)
    for stage in (10, 100):
        with pytest.raises(InvalidInput, match="must come after 10 minutes"):
            put(engine, ONE, stage)
    put(engine, ONE, 1)
    with pytest.raises(InvalidInput, match="10 % must come after 10 minutes at 1 %"):
        put(engine, ONE, 10, LEAST_STAY - timedelta(seconds=1))
    with pytest.raises(InvalidInput, match="in force at 1 % already"):
        put(engine, ONE, 1, LEAST_STAY)
    put(engine, ONE, 10, LEAST_STAY)
    put(engine, ONE, 100, 2 * LEAST_STAY)
    assert now(engine) == (ONE.version, 100)
    put(engine, ONE, 1, 2 * LEAST_STAY)
    assert now(engine) == (ONE.version, 1)


def test_a_new_version_starts_again(engine: Engine) -> None:
    """That another version was at 100 % is no reason for this one."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, ONE, 10, LEAST_STAY)
    with pytest.raises(InvalidInput, match="must come after"):
        put(engine, TWO, 100, 2 * LEAST_STAY)
    put(engine, TWO, 1, 2 * LEAST_STAY)


def test_what_only_observes_needs_no_stages(engine: Engine) -> None:
    """A policy that nobody feels may start at 100 %; a preview it needs like any other."""
    ready(engine, WATCH)
    put(engine, WATCH, 100)
    assert now(engine) == (WATCH.version, 100)


@pytest.mark.parametrize("stage", [0, 2, 50, 101, -1])
def test_other_stages(engine: Engine, stage: int) -> None:
    """There are three."""
    ready(engine, ONE)
    with pytest.raises(InvalidInput, match="a stage must be 1, 10, 100 percent"):
        put(engine, ONE, stage)


def test_no_preview_no_activation(engine: Engine) -> None:
    """Without a preview, with one of another version, or with an old one, nothing is put in force."""
    ready(engine, TWO)
    with writing(engine) as connection:
        add_version(connection, ONE, signer())
    with pytest.raises(InvalidInput, match="has no preview"):
        put(engine, ONE, 1)
    with pytest.raises(InvalidInput, match="at most 7 days old"):
        put(engine, TWO, 1, timedelta(days=7, seconds=1))
    with pytest.raises(InvalidInput, match="at most 7 days old"):
        put(engine, TWO, 1, -timedelta(seconds=1))
    put(engine, TWO, 1, timedelta(days=7))


def test_eighty_percent_is_refused(engine: Engine) -> None:
    """A policy that would touch 80 % of traffic is refused, and no second person can allow it."""
    ready(engine, ONE, shares={**SMALL, "traffic": 0.8})
    with pytest.raises(InvalidInput, match=r"would touch 80\.0% of traffic.*more than anybody may allow"):
        put(engine, ONE, 1)
    with pytest.raises(InvalidInput, match="more than anybody may allow"), writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))


def test_four_eyes(engine: Engine) -> None:
    """Above its limits a version needs another person, who has seen the latest preview."""
    ready(engine, ONE, shares=LARGE)
    with pytest.raises(InvalidInput, match="a second person must approve"):
        put(engine, ONE, 1)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("ada"))
    with pytest.raises(InvalidInput, match="a second person must approve"):
        put(engine, ONE, 1, by="ada")
    with pytest.raises(InvalidInput, match="has approved this preview"), writing(engine) as connection:
        approve(connection, ONE.version, signer("ada"))
    with writing(engine) as connection:
        assert approve(connection, ONE.version, signer("bob")) == 1
    assert put(engine, ONE, 1).approved_by == "bob"
    with writing(engine) as connection:
        assert [one.by for one in approvals(connection, 1, KEYS)] == ["ada", "bob"]
        record_preview(connection, preview_of(ONE, LARGE), signer())
    with pytest.raises(InvalidInput, match="a second person must approve"):
        put(engine, ONE, 10, LEAST_STAY)


def thin(
    engine: Engine, policy: Policy, *, exchanges: int = 5_000, hours: float = 48.0, organisations: int = 900
) -> None:
    """A preview on so much traffic."""
    figures = {"traffic": {"exchanges": exchanges, "organisations": organisations}}
    shown = replace(preview_of(policy), figures=figures, window_start=NOW - timedelta(hours=hours))
    with writing(engine) as connection:
        record_preview(connection, shown, signer())


def test_a_preview_of_ten_exchanges_allows_nothing(engine: Engine) -> None:
    """Not the first stage, nor with a second person; what only observes may rest on it, and so may a step back."""
    ready(engine, ONE, WATCH)
    put(engine, ONE, 1)
    put(engine, ONE, 10, LEAST_STAY)
    for policy in (ONE, WATCH):
        thin(engine, policy, exchanges=10)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob", after=2 * LEAST_STAY))
    for stage in (10, 100):
        with pytest.raises(InvalidInput, match="rests on too little traffic: it saw 10 exchanges, and must see 1,000"):
            put(engine, ONE, stage, 3 * LEAST_STAY)
    put(engine, ONE, 1, 3 * LEAST_STAY)
    put(engine, WATCH, 100, 3 * LEAST_STAY)
    with pytest.raises(InvalidInput, match="too little traffic"):
        put(engine, ONE, 1, 4 * LEAST_STAY)


@pytest.mark.parametrize(("told", "says"), [({"hours": 3.0}, "3.0 hours"), ({"organisations": 20}, "20 organisations")])
def test_a_thin_preview_carries_one_percent(engine: Engine, told: dict[str, int], says: str) -> None:
    """Of a young or a small service: more needs more traffic, or a second person."""
    ready(engine, ONE)
    thin(engine, ONE, **told)
    put(engine, ONE, 1)
    with pytest.raises(InvalidInput, match=f"too little traffic for 10 %: it saw {says}"):
        put(engine, ONE, 10, LEAST_STAY)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    put(engine, ONE, 10, LEAST_STAY)


def test_an_approval_given_later_counts_at_the_same_stage(engine: Engine) -> None:
    """Activated again at the stage it has, a version has its second person; without a new one it is there already."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("ada", after=MINUTES))
    with pytest.raises(InvalidInput, match="in force at 1 % already"):
        put(engine, ONE, 1, 2 * MINUTES)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob", after=2 * MINUTES))
    again = put(engine, ONE, 1, 3 * MINUTES)
    assert (again.approved_by, again.approved_at, again.before) == ("bob", NOW + 2 * MINUTES, 0)
    with pytest.raises(InvalidInput, match="in force at 1 % already"):
        put(engine, ONE, 1, 4 * MINUTES)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("carol", after=5 * MINUTES))
    assert put(engine, ONE, 1, 6 * MINUTES).approved_by == "carol"
    with writing(engine) as connection:
        assert in_force(connection, KEYS) == activations(connection, KEYS)[-1]


def test_an_activation_from_before_approvals_had_times(engine: Engine) -> None:
    """A row without one is read; the time of the activation stands for it."""
    ready(engine, ONE)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    put(engine, ONE, 1)
    with writing(engine) as connection:
        row = connection.execute(select(ACTIVATIONS.c.signed)).scalar_one()
        old = {name: value for name, value in row.items() if name not in {"approved_at", "shown", "signatures"}}
        resigned = signed({name: value for name, value in old.items() if name != MEMBER}, KEY)
        connection.execute(ACTIVATIONS.update().values(signed=resigned))
        found = in_force(connection, KEYS)
    assert found is not None
    assert (found.approved_by, found.approved_at, found.shown) == ("bob", None, None)


def test_what_was_approved_goes_into_force(engine: Engine) -> None:
    """The shares of the preview that the second person looked at; a rollback brings them back, one person has none."""
    ready(engine, ONE, shares=LARGE)
    ready(engine, TWO)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    assert put(engine, ONE, 1).shown == LARGE
    assert put(engine, TWO, 1).shown is None
    assert back(engine).shown == LARGE
    with writing(engine) as connection:
        record_preview(connection, preview_of(ONE, {**LARGE, "traffic": 0.1}), signer())
        approve(connection, ONE.version, signer("bob", after=MINUTES))
    assert put(engine, ONE, 1, 2 * MINUTES).shown == {**LARGE, "traffic": 0.1}


def test_a_second_person_stands_for_the_waiting(engine: Engine) -> None:
    """With an approval a version may be everywhere at once."""
    ready(engine, ONE)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    assert put(engine, ONE, 100).stage == 100


def test_a_forged_approval_is_refused(engine: Engine) -> None:
    """A name written into the row is not who signed."""
    ready(engine, ONE, shares=LARGE)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("ada"))
        connection.execute(APPROVALS.update().values(by="bob"))
    with pytest.raises(FailedProof):
        put(engine, ONE, 1)


def test_rollback_goes_to_the_version_before(engine: Engine) -> None:
    """At the stage it had; again and it goes on, never round in a circle; at the end there is nothing."""
    ready(engine, ONE, TWO, THREE)
    put(engine, ONE, 1)
    put(engine, ONE, 10, LEAST_STAY)
    put(engine, TWO, 1)
    put(engine, THREE, 1)
    assert back(engine).version == TWO.version
    back(engine)
    assert now(engine) == (ONE.version, 10)
    assert back(engine).version is None
    assert now(engine) == (None, 0)
    with pytest.raises(InvalidInput, match="nothing to go back to"):
        back(engine)
    put(engine, TWO, 1)
    assert back(engine).version is None


def test_rollback_after_rollback_and_new(engine: Engine) -> None:
    """What was rolled back is not what a later rollback goes to."""
    ready(engine, ONE, TWO, THREE)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    back(engine)
    put(engine, THREE, 1)
    assert back(engine).version == ONE.version


def test_nothing_to_roll_back(engine: Engine) -> None:
    """Before anything was in force there is nothing before."""
    with pytest.raises(InvalidInput, match="nothing to go back to"):
        back(engine)
    assert now(engine) is None


def test_stop_and_back(engine: Engine) -> None:
    """Nothing in force, and a rollback takes up what was."""
    ready(engine, ONE)
    put(engine, ONE, 1)
    with writing(engine) as connection:
        stop(connection, signer(), seen=1)
    assert now(engine) == (None, 0)
    assert back(engine).version == ONE.version


def test_rollback_needs_no_preview(engine: Engine) -> None:
    """Going back asks for nothing: the old version's preview may be a year old."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    with writing(engine) as connection:
        roll_back(connection, signer(after=timedelta(days=365)), seen=2)
    assert now(engine) == (ONE.version, 1)


def test_two_at_once(engine: Engine) -> None:
    """Of many who saw the same in force one wins, the others are told, and the ledger has one activation."""
    policies = [policy_of(rule_text(f"p{n}")) for n in range(6)]
    ready(engine, *policies)
    start, found = threading.Barrier(len(policies)), list[object]()

    def go(n: int) -> None:
        start.wait()
        try:
            found.append(put(engine, policies[n], 1, seen=0, by=f"p{n}"))
        except Overtaken as told:
            found.append(str(told))

    threads = [threading.Thread(target=go, args=(n,)) for n in range(len(policies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [one for one in found if isinstance(one, Activation)]
    told = [one for one in found if isinstance(one, str)]
    assert len(told) == len(policies) - 1
    assert all(f"{won.by} did activate meanwhile (number 1)" in one for one in told)
    assert now(engine) == (won.version, 1)
    with writing(engine) as connection:
        assert len(activations(connection, KEYS)) == 1


def test_who_saw_something_else_is_told(engine: Engine) -> None:
    """Activation, rollback and stop all look at what is in force first."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    with pytest.raises(Overtaken, match="ada did activate meanwhile"):
        put(engine, TWO, 1, seen=0)
    with pytest.raises(Overtaken, match="ada did activate meanwhile"), writing(engine) as connection:
        roll_back(connection, signer(), seen=0)
    with pytest.raises(Overtaken, match="ada did activate meanwhile"), writing(engine) as connection:
        stop(connection, signer(), seen=7)


def test_a_tampered_version_is_not_activated(engine: Engine) -> None:
    """Neither activated nor gone back to."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    with writing(engine) as connection:
        harsher = ONE.text.replace('then = "throttle"', 'then = "block"').replace("rate_per_minute = 6\n", "")
        connection.execute(VERSIONS.update().where(VERSIONS.c.version == ONE.version).values(text=harsher))
    with pytest.raises(FailedProof, match="changed after it was signed"):
        put(engine, ONE, 1)
    with pytest.raises(FailedProof, match="changed after it was signed"):
        back(engine)
    assert now(engine) == (TWO.version, 1)


def test_tampered_activations(engine: Engine) -> None:
    """A stage, a number or a gap that nobody signed is refused."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    with writing(engine) as connection:
        first = connection.execute(select(ACTIVATIONS.c.signed).where(ACTIVATIONS.c.number == 1)).scalar_one()
        connection.execute(ACTIVATIONS.update().where(ACTIVATIONS.c.number == 2).values(signed=first))
    with pytest.raises(FailedProof, match="activation 2 was changed"):
        now(engine)
    with writing(engine) as connection:
        connection.execute(ACTIVATIONS.update().values(signed={**first, "stage": 100, "number": 2}))
    with pytest.raises(FailedProof):
        now(engine)
    with writing(engine) as connection:
        connection.execute(delete(ACTIVATIONS).where(ACTIVATIONS.c.number == 1))
        with pytest.raises(FailedProof, match="activation 1 is missing"):
            activations(connection, KEYS)


def test_every_change_is_in_the_ledger(engine: Engine) -> None:
    """Versions, previews, approvals, activations, rollbacks: in order, with who did it; what failed is not there."""
    ready(engine, ONE, shares=LARGE)
    with pytest.raises(InvalidInput):
        put(engine, ONE, 1)
    with writing(engine) as connection:
        approve(connection, ONE.version, signer("bob"))
    put(engine, ONE, 1, by="carol")
    back(engine)
    with writing(engine) as connection:
        openings = [opening_of(connection, index) for index in range(5)]
        actors = [entry_at(connection, index).actor for index in range(5)]
        with pytest.raises(MissingData):
            entry_at(connection, 5)
    documents = [opening.document for opening in openings if opening is not None]
    assert [d["what"] for d in documents] == ["version", "preview", "approval", "activation", "activation"]
    assert actors == ["ada", "ada", "bob", "carol", "ada"]
    assert [d.get("how") for d in documents[3:]] == ["activate", "rollback"]


def test_activation_of_what_is_not_there(engine: Engine) -> None:
    """A version that nobody added."""
    with pytest.raises(MissingData, match="no policy"), writing(engine) as connection:
        activate(connection, "0" * 64, 1, signer(), seen=0)


def test_to_ask_is_what_an_activation_asks(engine: Engine) -> None:
    """What is allowed is told as an activation would have it, and nothing is changed by asking."""
    ready(engine, ONE)
    with writing(engine) as connection:
        assert allowed(connection, ONE, 1, signer(), None) is None
        with pytest.raises(InvalidInput, match="10 % must come after 10 minutes at 1 %"):
            allowed(connection, ONE, 10, signer(), None)
        approve(connection, ONE.version, signer("bob"))
        second = allowed(connection, ONE, 10, signer(), None)
        assert second is not None
        assert (second.by, second.shown) == ("bob", SMALL)
        assert in_force(connection, KEYS) is None


def test_changes_a_page_at_a_time(engine: Engine) -> None:
    """The last first; of one version, among the last so many."""
    ready(engine, ONE, TWO)
    put(engine, ONE, 1)
    put(engine, TWO, 1)
    put(engine, ONE, 1)
    with writing(engine) as connection:
        whole = activations(connection, KEYS)
        assert latest_activations(connection, KEYS, 0, 2) == [whole[2], whole[1]]
        assert latest_activations(connection, KEYS, 2, 2) == [whole[0]]
        assert latest_activations(connection, KEYS, 9, 2) == []
        assert changes_of(connection, ONE.version, KEYS, 5, 5) == [whole[2], whole[0]]
        assert changes_of(connection, ONE.version, KEYS, 5, 2) == [whole[2]]
        assert changes_of(connection, ONE.version, KEYS, 1, 5) == [whole[2]]
