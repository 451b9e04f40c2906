"""``stillwatch member``: what a node's database shows to people, and what is wrong usage."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.share.hostile.exchange import local_index, tagged_in, told_now
from tests.share.hostile.test_messages import ADDRESS, VALUE
from tests.share.node.test_settings import GOOD
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.cli.member_said import Reason
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.node.memory import memory_of
from stillwatch.share.node.node import Node
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.tags.epochs import epoch_of
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

OTHER, OWN = "7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b", "8e4b1a2f-2d3e-4f4a-9bac-1d2e3f4a5b6c"
KEYS = {OTHER: SigningKey.generate(), OWN: SigningKey.generate()}
FURTHER = SigningKey.generate()


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, str]:
    """Settings and a node that has seen one indicator, passed some objects over and disputed it."""
    (tmp_path / "member.toml").write_text(GOOD)
    (tmp_path / "node").mkdir()
    engine = open_database(tmp_path / "node" / "node.db", NODE_TABLES)
    told_keys = {OTHER: keys_of([KEYS[OTHER].verify_key, FURTHER.verify_key])}
    node = Node(OWN, engine, KEYS[OWN], lambda who: told_keys.get(who, {}))
    sender = Node(OTHER, open_database("sqlite://", NODE_TABLES), KEYS[OTHER], lambda _: {})
    now = datetime.now(UTC)
    one = told_now({ADDRESS: [VALUE]}, quiet_until=now.replace(microsecond=0) + timedelta(hours=5))
    epoch = epoch_of(now, 7)
    index = local_index([(ADDRESS, VALUE, 7, 0)], [(5, 7)], 0, 25_000)
    memory = memory_of(index, tagged_in(epoch), epoch, load_warning_lists())
    for number, made in enumerate(sender.tell(one, "campaign-1", now).document()["objects"]):
        node.take(made, OTHER, f"place-{number}", memory, now)
    for number in range(3):
        node.take({"type": "nothing"}, OTHER, f"more-{number}", memory, now)
    node.dispute(one.indicator_id, FalsePositive.POPULAR_TEMPLATE, now)
    engine.dispose()
    return tmp_path / "member.toml", one.indicator_id


@pytest.fixture
def place(made: tuple[Path, str]) -> Path:
    """The settings."""
    return made[0]


@pytest.fixture
def about(made: tuple[Path, str]) -> str:
    """Id of the indicator."""
    return made[1]


def run(place: Path, *arguments: str) -> list[dict[str, Any]]:
    """Lines of a command as JSON."""
    done = CliRunner().invoke(app, ["member", *arguments, "--settings", str(place), "--json"])
    assert done.exit_code == 0, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_findings_show_advice_and_opinions_beside_the_evidence(place: Path, about: str) -> None:
    """The advice says that it binds nobody; the opinion is counted and its reason named."""
    (found,) = run(place, "findings")
    assert "binds nobody" in found["advice"]
    assert (found["held_false_by"], found["held_false_because"]) == (1, ["popular-template"])
    assert (found["indicator"], found["own_bits"]) == (about, 1.0)


def test_opinions_are_listed_of_one_indicator_or_all(place: Path, about: str) -> None:
    """Who, why and when."""
    (found,) = run(place, "opinions")
    assert (found["indicator"], found["member"], found["reason"]) == (about, OWN, "popular-template")
    assert run(place, "opinions", about) == [found]
    assert run(place, "opinions", OTHER) == []


def test_what_was_passed_over_is_counted(place: Path) -> None:
    """One line for who and why."""
    (found,) = run(place, "passed-over")
    assert (found["member"], found["objects"]) == (OTHER, 3)
    assert "may not cross" in found["reason"]


def test_keys_are_listed_and_one_that_waits_is_trusted_once(place: Path) -> None:
    """Thumbprints to compare, where each was first seen; the node reads the feed again."""
    listed = {key["key"]: key for key in run(place, "keys")}
    assert {name: key["state"] for name, key in listed.items()} == {
        KEYS[OTHER].key_id: "trusted",
        FURTHER.key_id: "waits",
    }
    assert all(key["first_seen"].startswith("place-") for key in listed.values())
    (done,) = run(place, "keys", "--trust", FURTHER.key_id)
    assert (done["member"], done["trusted"]) == (OTHER, FURTHER.key_id)
    assert {key["state"] for key in run(place, "keys")} == {"trusted"}
    again = CliRunner().invoke(app, ["member", "keys", "--trust", FURTHER.key_id, "--settings", str(place)])
    assert isinstance(again.exception, MissingData)


def test_trusting_and_renewing_are_two_things(place: Path) -> None:
    """One at a time."""
    done = CliRunner().invoke(app, ["member", "keys", "--trust", "x", "--renew", "--settings", str(place)])
    assert isinstance(done.exception, InvalidInput)


def test_a_dispute_has_a_reason_of_the_list(place: Path, about: str) -> None:
    """Free text does not cross; the list is that of the wire."""
    for arguments in ((), ("--reason", "they are our best customer")):
        done = CliRunner().invoke(app, ["member", "dispute", about, *arguments, "--settings", str(place)])
        assert done.exit_code == 2
    assert [one.value for one in Reason] == [one.value for one in FalsePositive]
