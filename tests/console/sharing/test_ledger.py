"""Proofs of ledgers: shown, checked, and taken away as files that the command checks."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.console.conftest import Rig
from tests.console.sharing.members import Beside
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.console.sharing import forum_ledger
from stillwatch.console.sharing.proofs import proved_entry, steps_of
from stillwatch.errors import FailedProof, MissingData
from stillwatch.ledger.book import forget
from stillwatch.ledger.tables import ENTRIES, LEDGER_TABLES
from stillwatch.share.node.tables import KEYS
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

LEDGER = "/console/sharing/ledger"


def test_heads_and_the_form_are_there_for_whoever_is_no_member(rig: Rig) -> None:
    """The service's ledger is its own; of a forum's there is none."""
    text = rig.as_("vera").get(LEDGER).text
    assert "Heads of our own ledger" in text
    assert "There is no forum" in text
    assert rig.home.key.key_id in text


def test_an_entry_is_proved_in_words(rig: Rig) -> None:
    """With every hash of its path."""
    text = rig.as_("vera").get(f"{LEDGER}?entry=0").text
    assert "It holds." in text
    with rig.home.engine.begin() as connection:
        found = proved_entry(connection, 0, rig.console.keys)
    assert found.holds
    assert all(step.digest in text for step in found.steps)
    assert found.entry.commitment in text


def test_what_the_document_says_is_not_shown(rig: Rig) -> None:
    """An entry may be about a customer; the proof needs none of it."""
    with rig.home.engine.begin() as connection:
        found = proved_entry(connection, 1, rig.console.keys)
    assert found.document == "fits"
    text = rig.as_("vera").get(f"{LEDGER}?entry=1").text
    assert "user-added" not in text
    assert "it is what the entry commits to" in text


def test_what_was_forgotten_still_verifies(rig: Rig) -> None:
    """And says that it was."""
    with rig.home.engine.begin() as connection:
        assert forget(connection, 2)
    text = rig.as_("vera").get(f"{LEDGER}?entry=2").text
    assert "It holds." in text
    assert "It was forgotten" in text


def test_an_entry_that_was_changed_does_not_hold(rig: Rig) -> None:
    """It says which."""
    with rig.home.engine.begin() as connection:
        actor = proved_entry(connection, 3, rig.console.keys).entry.actor
        connection.execute(update(ENTRIES).where(ENTRIES.c.index == 3).values(actor="mallory"))
    text = rig.as_("vera").get(f"{LEDGER}?entry=3").text
    assert "It does not hold." in text
    assert "entry 3 is not in the ledger of this head" in text
    with rig.home.engine.begin() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.index == 3).values(actor=actor))


def test_a_head_under_another_key_does_not_hold(rig: Rig) -> None:
    """Whoever has the database and not the key."""
    other = SigningKey.generate()
    with rig.home.engine.begin() as connection:
        found = proved_entry(connection, 0, {other.key_id: other.verify_key})
    assert not found.holds
    assert "key" in found.wrong


@pytest.mark.parametrize(("entry", "status"), [("99999999", 404), ("x", 200), ("-1", 200), ("9" * 400, 200)])
def test_an_entry_that_is_none_is_said_at_its_place(rig: Rig, entry: str, status: int) -> None:
    """What was typed stays in the field."""
    answer = rig.as_("vera").get(f"{LEDGER}?entry={entry}")
    assert answer.status_code == status
    assert 'aria-invalid="true"' in answer.text


def test_files_are_checked_by_the_command(rig: Rig, tmp_path: Path) -> None:
    """Proof, head and key, as `stillwatch ledger check` reads them."""
    for what in ("proof", "head", "key"):
        answer = rig.as_("vera").get(f"{LEDGER}/1/{what}")
        assert "attachment" in answer.headers["content-disposition"]
        (tmp_path / f"{what}.json").write_text(json.dumps(answer.json()))
    command = ["ledger", "check", "proof.json", "--head", "head.json", "--key", "key.json", "--json"]
    command = [str(tmp_path / one) if one.endswith(".json") else one for one in command]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.exception
    assert json.loads(done.stdout)["signatures_verified"] is True


@pytest.mark.parametrize("path", ["1/nothing", "x/proof", "99999999/head"])
def test_other_files_there_are_none(rig: Rig, path: str) -> None:
    """Neither of other names nor of other entries."""
    assert rig.as_("vera").get(f"{LEDGER}/{path}").status_code == 404


def test_every_path_of_a_small_ledger_is_complete(rig: Rig) -> None:
    """Each hash stands for a range; together with the entry these are all of the ledger."""
    with rig.home.engine.begin() as connection:
        size = proved_entry(connection, 0, rig.console.keys).head.size
        for index in range(size):
            steps = steps_of(proved_entry(connection, index, rig.console.keys).proof)
            covered = {index}.union(*(range(step.first, step.last + 1) for step in steps))
            assert covered == set(range(size))


def test_entries_of_a_ledger_that_has_none(rig: Rig) -> None:
    """There is no head to prove them by."""
    with (
        open_database("sqlite://", LEDGER_TABLES).begin() as connection,
        pytest.raises(MissingData, match="no entry 0"),
    ):
        proved_entry(connection, 0, rig.console.keys)


def pinned(pair: Beside, key: SigningKey | None) -> None:
    """Have alpha's node pin a key of the forum's ledger; None: no key."""
    with pair.house.service.node.engine.begin() as connection:
        connection.execute(KEYS.delete().where(KEYS.c.member_id == "forum"))
        if key is not None:
            jwk = key.verify_key.jwk()
            connection.execute(KEYS.insert().values(member_id="forum", key_id=key.key_id, jwk=jwk))


def test_an_entry_of_the_forum_is_proved_under_the_pinned_key(pair: Beside) -> None:
    """Asked for by a job, shown and kept for who asked."""
    pinned(pair, pair.exchange.key)
    job = pair.job(pair.as_("ada").send(f"{LEDGER}/forum", entry="0"), "ada")
    assert (job.wrong, job.where) == (None, f"{LEDGER}?of=forum&entry=0")
    text = pair.as_("ada").get(job.where or "").text
    assert "It holds." in text
    assert "of the forum’s ledger" in text
    assert pair.as_("ada").get(f"{LEDGER}/0/proof?of=forum").json()["entry"]["index"] == 0
    assert "kept for a quarter of an hour" in pair.as_("bea").get(job.where or "").text


def test_a_ledger_under_another_key_proves_nothing(pair: Beside) -> None:
    """The page says so."""
    pinned(pair, SigningKey.generate())
    job = pair.job(pair.as_("ada").send(f"{LEDGER}/forum", entry="1"), "ada")
    assert "It does not hold." in pair.as_("ada").get(job.where or "").text


def test_without_a_pinned_key_nothing_is_believed(pair: Beside) -> None:
    """Nor asked for."""
    pinned(pair, None)
    job = pair.job(pair.as_("ada").send(f"{LEDGER}/forum", entry="1"), "ada")
    assert "has not pinned the key" in (job.wrong or "")
    pinned(pair, pair.exchange.key)


def test_an_entry_that_the_forum_has_not(pair: Beside) -> None:
    """Said in words; what is no number is said at its place."""
    pinned(pair, pair.exchange.key)
    job = pair.job(pair.as_("ada").send(f"{LEDGER}/forum", entry="999999"), "ada")
    assert job.wrong == "the forum’s ledger has no entry 999,999"
    answer = pair.as_("ada").send(f"{LEDGER}/forum", entry="<b>")
    assert answer.status_code == 422
    assert "a whole number" in answer.text
    assert pair.as_("vera").send(f"{LEDGER}/forum", entry="1").status_code == 403


def test_a_forum_that_answers_another_question_is_not_believed(pair: Beside) -> None:
    """Nor one whose answer cannot be read."""
    pinned(pair, pair.exchange.key)
    told = pair.exchange.get(pair.house.token, "/ledger/entries/0/proof").json()
    keys = {pair.exchange.key.key_id: pair.exchange.key.verify_key}
    for answer, index in ((told, 1), ({}, 0), ({"proof": told["proof"], "head": {}}, 0)):
        with pytest.raises(FailedProof):
            forum_ledger._read(answer, index, keys)


def test_commitments_and_checked_proofs_are_listed(pair: Beside) -> None:
    """With links to their entries."""
    pair.house.commit()
    text = pair.as_("vera").get(LEDGER).text
    assert "What we committed to" in text
    assert "of=forum&amp;entry=" in text
    assert pair.exchange.key.key_id in text
