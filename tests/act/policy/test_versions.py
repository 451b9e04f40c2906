"""Versions: signed when added, and nothing that was changed afterwards is one."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.act.policy.made import KEY, KEYS, NOW, policy_of, rule_text, signer, writing

from stillwatch.act.policy.tables import VERSIONS
from stillwatch.act.policy.versions import (
    Version,
    add_version,
    find_version,
    latest_versions,
    load_version,
    n_versions,
    version_added,
    versions,
)
from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.entry import Kind, is_of
from stillwatch.signing.keys import SigningKey

POLICY = policy_of('name = "x"  # as written', rule_text())


def added(engine: Engine) -> str:
    """The policy's version, once it is there."""
    with writing(engine) as connection:
        add_version(connection, POLICY, signer())
    return POLICY.version


def test_a_version_comes_back_as_it_was(engine: Engine) -> None:
    """Text, rules and version; added twice it is there once, by who came first."""
    version = added(engine)
    with writing(engine) as connection:
        assert not add_version(connection, POLICY, signer("bob", timedelta(hours=1)))
        assert load_version(connection, version, KEYS) == POLICY
        assert load_version(connection, version, KEYS).text == POLICY.text
        assert versions(connection, KEYS) == [Version(version, "x", NOW, "ada")]


def test_it_is_in_the_ledger(engine: Engine) -> None:
    """The entry says who, and opens to the version."""
    version = added(engine)
    with writing(engine) as connection:
        entry, opening = entry_at(connection, 0), opening_of(connection, 0)
    assert (entry.kind, entry.actor) == (Kind.POLICY, "ada")
    assert opening is not None
    assert is_of(entry, opening)
    assert (opening.document["what"], opening.document["version"]) == ("version", version)


def test_failing_cases_are_not_added(engine: Engine) -> None:
    """A policy that does not do what it says itself is no version."""
    policy = policy_of(rule_text(), '[[case]]\nname = "wrong"\nexpects = "block"')
    with pytest.raises(InvalidInput, match="fails its own cases: wrong"), writing(engine) as connection:
        add_version(connection, policy, signer())
    with writing(engine) as connection:
        assert versions(connection, KEYS) == []


@pytest.mark.parametrize(
    "change",
    [
        {"text": POLICY.text.replace("rate_per_minute = 6", "rate_per_minute = 1")},
        {"text": POLICY.text + "# "},
        {"name": "y"},
        {"added_at": "2026-11-28T00:00:00.000000Z"},
        {"signed": {}},
        {"signed": []},
        {"signed": "x"},
    ],
)
def test_what_was_changed_is_refused(engine: Engine, change: dict[str, Any]) -> None:
    """Text, even a comment in it, name, time and signature."""
    version = added(engine)
    with writing(engine) as connection:
        connection.execute(VERSIONS.update().values(change))
    with pytest.raises(FailedProof), writing(engine) as connection:
        load_version(connection, version, KEYS)
    with pytest.raises(FailedProof), writing(engine) as connection:
        add_version(connection, POLICY, signer())


def test_a_version_under_another_version_is_refused(engine: Engine) -> None:
    """A row that is signed and whole does not count under another number, nor under another key."""
    version = added(engine)
    other = policy_of(rule_text("other"))
    with writing(engine) as connection:
        add_version(connection, other, signer())
        row = connection.execute(select(VERSIONS).where(VERSIONS.c.version == other.version)).one()
        moved = {"text": row.text, "name": row.name, "signed": row.signed}
        connection.execute(VERSIONS.update().where(VERSIONS.c.version == version).values(moved))
    with pytest.raises(FailedProof, match="changed after it was signed"), writing(engine) as connection:
        load_version(connection, version, KEYS)
    stranger = SigningKey.generate()
    with pytest.raises(FailedProof), writing(engine) as connection:
        load_version(connection, other.version, {stranger.key_id: stranger.verify_key})


def test_finding(engine: Engine) -> None:
    """The first digits are enough; patterns and SQL are no digits."""
    version = added(engine)
    with writing(engine) as connection:
        assert find_version(connection, version[:8]) == version
        for wrong in ("%", "______", "abc", "' OR 1=1 --", version + "0", version.upper()):
            with pytest.raises(InvalidInput, match="hexadecimal digits"):
                find_version(connection, wrong)
        for missing in ("0" * 64, "f" * 6 if not version.startswith("ffffff") else "0" * 6):
            with pytest.raises(MissingData, match="no policy"):
                find_version(connection, missing)
        with pytest.raises(MissingData, match="no policy"):
            load_version(connection, "0" * 64, KEYS)


def test_several_that_start_alike(engine: Engine) -> None:
    """Two versions with the same first digits must be told apart."""
    version = added(engine)
    twin = version[:10] + "".join("1" if c == "0" else "0" for c in version[10:])
    with writing(engine) as connection:
        row = {"version": twin, "name": "x", "text": "", "added_at": "", "signed": {}}
        connection.execute(VERSIONS.insert().values(row))
        with pytest.raises(InvalidInput, match="give more digits"):
            find_version(connection, version[:10])
        assert find_version(connection, version[:11]) == version


def test_signer_is_the_service() -> None:
    """Only the service's own key counts."""
    assert signer().keys == {KEY.key_id: KEY.verify_key}


def test_a_page_of_versions(engine: Engine) -> None:
    """The last that was added first, so many at a time; one that was changed is told as changed, not left out."""
    policies = [policy_of(f'name = "p{n}"', rule_text()) for n in range(3)]
    with writing(engine) as connection:
        for n, policy in enumerate(policies):
            add_version(connection, policy, signer(after=timedelta(hours=n)))
        found = latest_versions(connection, KEYS, 1, 5)
        assert [version for version, _ in found] == [policies[1].version, policies[0].version]
        assert found[0][1] == version_added(connection, policies[1].version, KEYS)
        assert (n_versions(connection), latest_versions(connection, KEYS, 3, 5)) == (3, [])
        other = connection.execute(select(VERSIONS.c.signed).where(VERSIONS.c.version == policies[0].version)).scalar()
        for row in (other, {"what": "version"}):
            last = VERSIONS.update().where(VERSIONS.c.version == policies[2].version)
            connection.execute(last.values(signed=row))
            assert latest_versions(connection, KEYS, 0, 1) == [(policies[2].version, None)]
        with pytest.raises(MissingData, match="no policy"):
            version_added(connection, "0" * 64, KEYS)
