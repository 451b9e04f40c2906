"""Keys at first sight and later: what a forum makes up afterwards is not believed, what the old key signed is."""

from collections.abc import Iterable
from typing import Any

import pytest
from tests.share.node.members import ALPHA, BETA, NOW, SIGNING, harvest_of, node, told
from tests.share.node.test_node import fed

from stillwatch.errors import MissingData
from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.answers.check import Memory
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Node
from stillwatch.share.node.pins import PinnedKey, pinned_keys, trust_key
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.signing.keys import Keys, SigningKey, keys_of
from stillwatch.signing.succession import EndorsedKey, endorse
from stillwatch.store.database import open_database

OLD, NEW = SIGNING[ALPHA], SigningKey.generate()


class Forum:
    """Tells for everybody the keys that it is given."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys: Keys = keys_of(key.verify_key for key in keys)

    def __call__(self, _member_id: str) -> Keys:
        """Keys of whoever is asked for."""
        return self.keys


def receiver(forum: Forum) -> Node:
    """Beta's node under that forum."""
    return Node(BETA, open_database("sqlite://", NODE_TABLES), SIGNING[BETA], forum)


def objects(index: LocalIndex, key: SigningKey) -> list[dict[str, Any]]:
    """What alpha tells of its harvest, signed with a key."""
    sender = Node(ALPHA, node(ALPHA).engine, key, Forum())
    made: list[dict[str, Any]] = sender.tell(told(index), harvest_of(index), NOW).document()["objects"]
    return made


def keys_in(told_to: Node) -> list[PinnedKey]:
    """All keys that a node has met."""
    with told_to.engine.begin() as connection:
        return pinned_keys(connection)


def trusted(told_to: Node) -> set[str]:
    """Thumbprints that it trusts."""
    return {key.key_id for key in keys_in(told_to) if key.is_trusted}


def reasons(told_to: Node) -> Iterable[str]:
    """Why it passed objects over."""
    return {reason.partition(":")[0] for _, reason in told_to.passed_over()}


def test_the_first_key_is_believed_and_where_it_was_seen_is_kept(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Only the one that signed: a second one that is told beside it waits."""
    told_to = receiver(Forum(OLD, NEW))
    made = objects(indexes["alpha"], OLD)
    assert len(fed(told_to, made, beta)) == 1
    assert trusted(told_to) == {OLD.key_id}
    place = f"0-{next(n for n, one in enumerate(made) if 'extensions' in one)}"
    assert {(key.member_id, key.key_id, key.is_trusted) for key in keys_in(told_to)} == {
        (ALPHA, OLD.key_id, True),
        (ALPHA, NEW.key_id, False),
    }
    assert {key.seen_at for key in keys_in(told_to)} == {"2026-11-27T12:00:00.000Z"}
    assert {key.place for key in keys_in(told_to)} <= {place, *(f"0-{n}" for n in range(len(made)))}


def test_a_key_that_the_forum_makes_up_later_is_not_believed(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """It waits, and what it signed in the member's name is passed over with the reason."""
    forum = Forum(OLD)
    told_to = receiver(forum)
    fed(told_to, objects(indexes["alpha"], OLD), beta)
    forum.keys = keys_of([OLD.verify_key, NEW.verify_key])
    assert fed(told_to, objects(indexes["alpha"], NEW), beta, minutes=1) == []
    assert trusted(told_to) == {OLD.key_id}
    assert reasons(told_to) == {"unknown-key"}
    assert "waits until its old one signs it" in told_to.passed_over()[0][1]


def test_a_key_that_the_old_one_signed_is_believed_at_once(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Nothing of the member's is lost when it renews its key."""
    forum = Forum(OLD)
    told_to = receiver(forum)
    fed(told_to, objects(indexes["alpha"], OLD), beta)
    word = endorse(NEW.verify_key, ALPHA, OLD)
    forum.keys = keys_of([OLD.verify_key, EndorsedKey.of(NEW.verify_key.jwk() | {"endorsement": word})])
    (checked,) = fed(told_to, objects(indexes["alpha"], NEW), beta, minutes=1)
    assert checked.answer.answer is SightingAnswer.SEEN
    assert trusted(told_to) == {OLD.key_id, NEW.key_id}


def test_a_person_may_confirm_what_waits(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """The feed is read again, so that what the key signed before is taken now."""
    forum = Forum(OLD)
    told_to = receiver(forum)
    fed(told_to, objects(indexes["alpha"], OLD), beta)
    forum.keys = keys_of([OLD.verify_key, NEW.verify_key])
    later = objects(indexes["alpha"], NEW)
    fed(told_to, later, beta, minutes=1)
    with told_to.engine.begin() as connection:
        assert trust_key(connection, NEW.key_id) == ALPHA
    assert told_to.place() is None
    assert len(fed(told_to, later, beta, minutes=1)) == 1
    assert told_to.passed_over() == []


def test_nobody_confirms_what_does_not_wait(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Neither a thumbprint that nobody told, nor one that is trusted already."""
    told_to = receiver(Forum(OLD))
    fed(told_to, objects(indexes["alpha"], OLD), beta)
    for thumbprint in (NEW.key_id, OLD.key_id):
        with told_to.engine.begin() as connection, pytest.raises(MissingData, match="waits to be trusted"):
            trust_key(connection, thumbprint)


def test_a_forum_that_tells_ever_new_keys_fills_no_disk(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Sixty-four of a member are remembered."""
    forum = Forum(OLD)
    told_to = receiver(forum)
    fed(told_to, objects(indexes["alpha"], OLD), beta)
    made = objects(indexes["alpha"], NEW)
    for minute in range(1, 4):
        forum.keys = keys_of(SigningKey.generate().verify_key for _ in range(30))
        fed(told_to, made, beta, minutes=minute)
    assert len(keys_in(told_to)) == 64
    assert trusted(told_to) == {OLD.key_id}
