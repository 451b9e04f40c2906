"""Values to tags by two evaluators: the same for every member, whoever cheats named, nothing told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.share.evaluator.worlds import EPOCH, World

from stillwatch.errors import Declined, FailedProof, InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.evaluator import EvaluatorPair, Purpose, published_keys
from stillwatch.share.evaluator.messages import read_reply, write_reply
from stillwatch.share.oprf import evaluate, joined, new_key_pair
from stillwatch.share.tags import TAG_BYTES, tag_input

ADDRESS = SignalKind.ADDRESS
VALUES = ["198.51.100.7", "2001:db8::1", "::ffff:198.51.100.7"]


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two evaluators with stores of their own."""
    with ExitStack() as stack:
        yield World(tmp_path / "one", stack), World(tmp_path / "two", stack)


def pair(worlds: tuple[World, World], token: str = "token-a") -> EvaluatorPair:  # noqa: S107
    """A member's connection to both."""
    return EvaluatorPair(worlds[0].peer("hub", token), worlds[1].peer("second", token))


def test_tags_are_those_of_the_two_keys_together(worlds: tuple[World, World]) -> None:
    """What one would compute who had both keys; equal values have equal tags."""
    block = pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    keys = [world.keyring.key(EPOCH, world.now) for world in worlds]
    assert keys[0]
    assert keys[1]
    secret = joined(keys[0], keys[1]).secret
    expected = [evaluate(secret, tag_input(ADDRESS, EPOCH, value))[:TAG_BYTES].hex() for value in VALUES]
    assert [tag.value for tag in block.tags()] == expected
    assert expected[0] == expected[2]
    assert (block.kind, block.epoch) == (ADDRESS, EPOCH)


def test_two_members_match_without_telling_a_value(worlds: tuple[World, World]) -> None:
    """One publishes, the other finds it among its own, in batches of more than one request."""
    published = pair(worlds).block(ADDRESS, ["203.0.113.9"], Purpose.PUBLISH, EPOCH)
    own = [f"198.51.{i // 256}.{i % 256}" for i in range(1_100)] + ["203.0.113.9"]
    checked = pair(worlds, "token-b").block(ADDRESS, own, Purpose.CHECK, EPOCH)
    assert [n for n, tag in enumerate(checked.tags()) if tag in published.tags()] == [1_100]


def test_evaluators_are_told_no_count_but_a_padded_one(worlds: tuple[World, World]) -> None:
    """Three values, of which two are one, are a request of 64; 65 are one of 256."""
    pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    pair(worlds).block(ADDRESS, [f"198.51.100.{i}" for i in range(65)], Purpose.CHECK, EPOCH)
    assert [n for *_, n in worlds[0].told] == [n for *_, n in worlds[1].told] == [64, 256]


def test_the_wire_shows_no_value(worlds: tuple[World, World]) -> None:
    """Everything sent to an evaluator is searched for the value in all its forms, and no two requests are alike."""
    sent: list[bytes] = []

    class Listening(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request.read())
            message = "down"
            raise httpx.ConnectError(message)

    deaf = replace(worlds[0].peer("hub"), client=httpx.Client(transport=Listening(), base_url="http://x.test"))
    for _ in range(2):
        with pytest.raises(Declined, match="hub does not answer"):
            EvaluatorPair(deaf, worlds[1].peer("second")).block(ADDRESS, VALUES[:1], Purpose.CHECK, EPOCH)
    assert sent[0] != sent[1]
    assert not any(form in body for body in sent for form in (b"198.51", bytes([198, 51, 100, 7]), b"address"))


def cheat(response: httpx.Response) -> httpx.Response:
    """Evaluated elements replaced by those of another key, with the proof left as it was."""
    reply = read_reply(response.content)
    other = tuple(new_key_pair().public for _ in reply.elements)
    return httpx.Response(200, content=write_reply(replace(reply, elements=other)))


def swapped(response: httpx.Response) -> httpx.Response:
    """The first two elements change places."""
    reply = read_reply(response.content)
    changed = (reply.elements[1], reply.elements[0], *reply.elements[2:])
    return httpx.Response(200, content=write_reply(replace(reply, elements=changed)))


CHEATS: dict[str, Callable[[httpx.Response], httpx.Response]] = {
    "another key": cheat,
    "swapped": swapped,
    "fewer": lambda r: httpx.Response(
        200, content=write_reply(replace(read_reply(r.content), elements=read_reply(r.content).elements[:-1]))
    ),
    "no proof": lambda r: httpx.Response(200, content=write_reply(replace(read_reply(r.content), proof=bytes(64)))),
    "another epoch": lambda r: httpx.Response(200, content=write_reply(replace(read_reply(r.content), epoch=1))),
    "garbage": lambda _: httpx.Response(200, content=b"\xff"),
    "truncated": lambda r: httpx.Response(200, content=r.content[:-20]),
    "oversized": lambda r: httpx.Response(200, content=r.content + b" " * 100_000),
    "identities": lambda r: httpx.Response(
        200, content=write_reply(replace(read_reply(r.content), elements=(bytes(32),) * 64))
    ),
}


@pytest.mark.parametrize("change", CHEATS.values(), ids=CHEATS.keys())
def test_an_evaluator_that_cheats_is_named(
    worlds: tuple[World, World], change: Callable[[httpx.Response], httpx.Response]
) -> None:
    """Whatever it does to its answer, no tag comes of it, and the error says who and shows no value."""
    cheating = EvaluatorPair(worlds[0].peer("hub"), worlds[1].peer("second", change=change))
    with pytest.raises(FailedProof, match="evaluator second") as told:
        cheating.block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    assert "198.51" not in str(told.value)
    assert "hub" not in str(told.value)


def test_an_evaluator_that_tells_members_different_keys_is_found(worlds: tuple[World, World]) -> None:
    """The member's key is the published one, not the one that comes with the answer."""
    other = replace(worlds[1].peer("second"), keys={EPOCH: new_key_pair().public})
    with pytest.raises(FailedProof, match="evaluator second"):
        EvaluatorPair(worlds[0].peer("hub"), other).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    assert published_keys(worlds[1].peer("second"))[1][EPOCH] != other.keys[EPOCH]


def test_a_spent_budget_is_told_with_the_time_to_wait(worlds: tuple[World, World]) -> None:
    """By either evaluator alone: who has persuaded one is still stopped by the other."""
    worlds[1].meter.spend("alpha", Purpose.CHECK, EPOCH, 4_990)
    with pytest.raises(Declined, match="second declines with status 429: the budget is spent") as told:
        pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    assert told.value.retry_after_s is not None
    assert 0 < told.value.retry_after_s <= 7 * 86_400
    assert len(pair(worlds, "token-b").block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)) == 3


def test_who_is_no_member_is_told_so(worlds: tuple[World, World]) -> None:
    """And the token is in no error and no representation."""
    with pytest.raises(Declined, match="does not know the token") as told:
        pair(worlds, "token-x").block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    assert "token-x" not in str(told.value)
    assert "token-x" not in repr(worlds[0].peer("hub", "token-x"))


def test_a_value_that_is_none_stops_before_anything_is_sent(worlds: tuple[World, World]) -> None:
    """No budget is spent on it, and it is not shown."""
    with pytest.raises(InvalidInput) as told:
        pair(worlds).block(ADDRESS, [*VALUES, "jane@corp.example"], Purpose.CHECK, EPOCH)
    assert "jane" not in str(told.value)
    assert worlds[0].told == []


def test_tags_of_the_next_epoch_are_others(worlds: tuple[World, World]) -> None:
    """Values are tagged again when it begins; nothing of the old tags is found among the new."""
    old = pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    for world in worlds:
        world.wait(7)
    new = pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH + 1)
    assert not {tag.value for tag in old.tags()} & {tag.value for tag in new.tags()}


def test_epochs_without_a_known_key_and_twins_are_refused(worlds: tuple[World, World]) -> None:
    """A member pins keys; and one evaluator is not two. Nothing has no tags."""
    with pytest.raises(InvalidInput, match="no public key of evaluator hub"):
        pair(worlds).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH + 9)
    with pytest.raises(InvalidInput, match="two names"):
        EvaluatorPair(worlds[0].peer("hub"), worlds[1].peer("hub"))
    with pytest.raises(InvalidInput, match="two or more different keys"):
        EvaluatorPair(worlds[0].peer("hub"), worlds[0].peer("again")).block(ADDRESS, VALUES, Purpose.CHECK, EPOCH)
    assert len(pair(worlds).block(ADDRESS, [], Purpose.CHECK, EPOCH)) == 0


def test_keys_that_are_none_are_a_failed_proof(worlds: tuple[World, World]) -> None:
    """An evaluator that publishes the identity, garbage or an epoch that is none."""
    for body in (b"{}", b'{"days": 7, "keys": {"x": "AA=="}}', b'{"days": 7, "keys": {"1": "' + b"A" * 43 + b'="}}'):
        liar = worlds[0].peer("hub", change=lambda _, body=body: httpx.Response(200, content=body))  # type: ignore[misc]
        with pytest.raises(FailedProof, match="hub sent no keys"):
            published_keys(liar)
