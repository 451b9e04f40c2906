"""A node that runs: it follows the feed, checks what comes, answers, and publishes what it is told to."""

import asyncio
import contextlib
import functools
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import Engine

from stillwatch.errors import Declined, InvalidInput, StillwatchError, UnreadableSource
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import SignalKind
from stillwatch.share.answers.check import Memory
from stillwatch.share.evaluator.client import EvaluatorPair, Peer, published_keys
from stillwatch.share.evaluator.messages import read_keys
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.feed.client import follow
from stillwatch.share.feed.position import MemoryPosition
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.appeals import AppealDesk, Waiting
from stillwatch.share.node.commit import held_tags
from stillwatch.share.node.intake import batches
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.matches import match_salt
from stillwatch.share.node.memory import TagValues, memory_of
from stillwatch.share.node.node import Checked, Node
from stillwatch.share.node.own_key import own_key, renewed_key
from stillwatch.share.node.places import url_problem
from stillwatch.share.node.post import Post
from stillwatch.share.node.publish import Telling, indicator_of, renewed
from stillwatch.share.node.settings import EvaluatorAt, NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.node.trust import Trust
from stillwatch.share.stix.signatures import is_members
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.tags.epochs import epoch_of
from stillwatch.share.taxii.client import Outcome, Taxii
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import Keys, keys_of
from stillwatch.signing.succession import EndorsedKey
from stillwatch.store.database import open_database

__all__ = [
    "Beside",
    "OnAppeal",
    "OnChecked",
    "Service",
    "appeal_desk",
    "forum_taxii",
    "keys_told_by",
    "node_at",
    "opened",
    "renew_key",
]

OnChecked = Callable[[Checked], None]
OnAppeal = Callable[[Waiting], None]
"""Told once of every appeal that a person has to answer."""
Beside = Callable[[], Awaitable[None]]
"""Work that goes on beside the feed until it is cancelled."""


def _nobody(_waiting: Waiting) -> None:
    """Tell nobody of an appeal: it stays in the list of those that wait."""


_PART: Final = 100_000
"""Values that are tagged in one piece: what a batch that fails has cost is lost."""
_MOST_FILE_BYTES: Final = 1 << 20
_LOOK_S: Final = 30.0
"""How often a service looks whether it is stale."""


@dataclass(frozen=True, slots=True)
class Service:
    """Everything a node works with, of one epoch and one index: when either is over, it is opened again.

    known   Ids of objects, the same for everybody, that the forum has.
    """

    settings: NodeSettings
    node: Node
    index: LocalIndex
    pair: EvaluatorPair
    taxii: Taxii
    token: str
    epoch: int
    epoch_days: int
    read_ns: int
    known: set[str] = field(default_factory=set)

    def is_stale(self, now: datetime) -> bool:
        """Whether another epoch has begun, or a scan has left a new index."""
        return epoch_of(now, self.epoch_days) != self.epoch or _written_ns(self.settings.index) != self.read_ns

    def retell(self) -> int:
        """Publish its own indicators again whose tags are of an epoch that is over; how many."""
        now, lists = datetime.now(UTC), load_warning_lists(self.settings.warning_lists)
        count = 0
        for old, campaign_id in self.node.own(now):
            act = self.index.acts.get(campaign_id)
            is_old = any(tag.epoch != self.epoch for tag in old.tags)
            if is_old and act is not None and act["verdict"] == Verdict.HARVEST.value:
                new = indicator_of(self.index, campaign_id, self.tagged(Purpose.PUBLISH), lists, now)
                self.send(self.node.tell(renewed(old, new), campaign_id, now))
                count += 1
        return count

    def tagged(self, purpose: Purpose) -> TagValues:
        """Function that tags values for a purpose, in this epoch."""

        def tag(kind: SignalKind, values: Sequence[str]) -> TagBlock:
            parts = [values[at : at + _PART] for at in range(0, len(values), _PART)]
            blocks = [self.pair.block(kind, part, purpose, self.epoch) for part in parts]
            return TagBlock.of_outputs(kind, self.epoch, [row.tobytes() for block in blocks for row in block.values])

        return tag

    def memory(self) -> Memory:
        """Tags of all of the member's own window."""
        lists = load_warning_lists(self.settings.warning_lists)
        return memory_of(self.index, self.tagged(Purpose.CHECK), self.epoch, lists)

    def publish(self, campaign_id: str, how: Telling | None = None) -> tuple[str, Outcome]:
        """Tell the others of a campaign; the id of the indicator, and what became of its objects."""
        now, lists = datetime.now(UTC), load_warning_lists(self.settings.warning_lists)
        indicator = indicator_of(self.index, campaign_id, self.tagged(Purpose.PUBLISH), lists, now, how)
        outcome = self.send(self.node.tell(indicator, campaign_id, now))
        self.trust.reveal(now)
        return indicator.indicator_id, outcome

    @property
    def trust(self) -> Trust:
        """The node's part in trust."""
        return Trust(self.node, Post(self.settings.forum, self.token))

    def has_committed(self) -> bool:
        """Commit to the tags of all own harvests; False while the forum cannot be reached, and it must be tried again.

        An evaluator or a forum that declines or refuses is no reason to check nothing: the node is only no origin then.
        """
        now, lists = datetime.now(UTC), load_warning_lists(self.settings.warning_lists)
        try:
            self.trust.commit(held_tags(self.index, self.tagged(Purpose.CHECK), lists, now), now)
        except UnreadableSource:
            return False
        except (Declined, InvalidInput):
            return True
        return True

    def take_back(self, indicator_id: str) -> Outcome:
        """Revoke an indicator of one's own, everywhere; what the forum has not taken is to be done again."""
        outcome = self.send(self.node.take_back(indicator_id, datetime.now(UTC)))
        if not outcome.refused:
            self.node.taken_back(indicator_id)
        return outcome

    def dispute(self, indicator_id: str, reason: FalsePositive) -> Outcome:
        """Tell the others that an indicator of theirs is held to be false."""
        return self.send(self.node.dispute(indicator_id, reason, datetime.now(UTC)))

    def run(self, memory: Memory, on_checked: OnChecked, *beside: Beside, on_appeal: OnAppeal = _nobody) -> bool:
        """Watch until interrupted, or until the service is stale; whether it is, so that it has to be opened again."""
        try:
            asyncio.run(self._until_stale(memory, on_checked, beside, on_appeal))
        except KeyboardInterrupt:
            return False
        return True

    async def _until_stale(
        self, memory: Memory, on_checked: OnChecked, beside: Sequence[Beside], on_appeal: OnAppeal
    ) -> None:
        seen: asyncio.Queue[str] = asyncio.Queue()

        def told(checked: Checked) -> None:
            on_checked(checked)
            if checked.answer.findings:
                seen.put_nowait(checked.indicator.indicator_id)

        works = (self.watch(memory, told, on_appeal), self.trust.keep(seen), *(work() for work in beside))
        tasks = [asyncio.ensure_future(work) for work in works]
        while not any(task.done() for task in tasks) and not self.is_stale(datetime.now(UTC)):
            await asyncio.to_thread(self.attend, on_appeal)
            await asyncio.wait(tasks, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(found, BaseException) and not isinstance(found, asyncio.CancelledError):
                raise found

    async def watch(self, memory: Memory, on_checked: OnChecked, on_appeal: OnAppeal = _nobody) -> None:
        """Follow the feed and answer, until cancelled; an answer that cannot be sent goes with the next one.

        The node commits before it reads: the ledger's order is what proves that it did not copy.

        on_checked  Told of each check once it is on the disk, before the answer is sent.
        """
        while not await asyncio.to_thread(self.has_committed):  # noqa: ASYNC110 - the forum tells nobody that it is back
            await asyncio.sleep(_LOOK_S)
        await asyncio.to_thread(self.answer)
        events = follow(f"{self.settings.forum}/feed", self.token, MemoryPosition(self.node.place()))
        async with contextlib.aclosing(batches(events)) as waiting:
            async for batch in waiting:
                for checked in await asyncio.to_thread(self.node.take_all, batch, memory, datetime.now(UTC)):
                    on_checked(checked)
                await asyncio.to_thread(self.answer)
                if any(event.kind == "tombstone" for event in batch):
                    await asyncio.to_thread(self.attend, on_appeal)

    def attend(self, on_appeal: OnAppeal) -> None:
        """Ask what appeals wait, say what is removed; a forum that cannot be reached now is asked again soon."""
        desk = AppealDesk(Post(self.settings.forum, self.token), self.node.engine)
        with contextlib.suppress(StillwatchError):
            for waiting in desk.attend(self.node.bury, datetime.now(UTC)):
                on_appeal(waiting)

    def answer(self) -> None:
        """Send what waits; a forum that cannot be reached now is asked again with the next answer."""
        with contextlib.suppress(UnreadableSource):
            while waiting := self.node.unsent():
                self.send(*(told for _, _, told in waiting))
                self.node.sent(*((indicator_id, version) for indicator_id, version, _ in waiting))
            for place in self.node.removed():
                body = json.dumps({"place": place}).encode()
                answered = _asked("POST", f"{self.settings.forum}/removed/", self.token, body)
                if answered.status_code in {httpx.codes.OK, httpx.codes.NOT_FOUND}:
                    self.node.removal_told(place)

    def send(self, *told: Admitted) -> Outcome:
        """Nothing but what the guard has admitted is sent.

        Objects that several bundles have are sent once, and those that are no member's and that the forum has accepted
        from this service before are not sent again.
        """
        objects = [made for one in told for made in one.document()["objects"]]
        wanted = {(made["id"], made.get("modified")): made for made in objects if made["id"] not in self.known}
        outcome = self.taxii.publish(self.settings.collection, list(wanted.values()))
        common = {made["id"] for made in wanted.values() if not is_members(made)}
        self.known.update(common.intersection(outcome.accepted))
        return outcome


@contextlib.contextmanager
def opened(settings: NodeSettings, now: datetime) -> Iterator[Service]:
    """A node as its settings say.

    Raises  What reading files, databases and the forum raise.
    """
    token, read_ns = _secret(settings.token_file), _written_ns(settings.index)
    index = LocalIndex.read(settings.index)
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_database(settings.folder / "node.db", NODE_TABLES)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        peers, days = zip(*(_peer(stack, at) for at in settings.evaluators), strict=True)
        if days[0] != days[1]:
            message = f"both evaluators must have epochs of one length, got {days[0]} and {days[1]} days"
            raise InvalidInput(message)
        taxii = forum_taxii(settings)
        stack.callback(taxii.close)
        node = node_at(settings, engine)
        epoch = epoch_of(now, days[0])
        yield Service(settings, node, index, EvaluatorPair(*peers), taxii, token, epoch, days[0], read_ns)


def forum_taxii(settings: NodeSettings) -> Taxii:
    """Connection to the forum, under the member's token."""
    return Taxii(f"{settings.forum}/taxii2/", _secret(settings.token_file))


def node_at(settings: NodeSettings, engine: Engine) -> Node:
    """The node of these settings; its key and its salt are made at first use.

    engine      Database with `NODE_TABLES`.
    Raises      What reading files and the forum raise.
    """
    forum, token = settings.forum, _secret(settings.token_file)
    key = own_key(settings.folder, functools.partial(_tell_key, forum, token))
    keys_at, salt = functools.partial(_keys_at, forum, token), match_salt(settings.folder, make=True)
    return Node(_member_id(forum, token), engine, key, keys_at, salt)


@contextlib.contextmanager
def appeal_desk(settings: NodeSettings) -> Iterator[AppealDesk]:
    """What a person needs to file and answer appeals: neither index nor evaluators."""
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_database(settings.folder / "node.db", NODE_TABLES)
    try:
        yield AppealDesk(Post(settings.forum, _secret(settings.token_file)), engine)
    finally:
        engine.dispose()


def _written_ns(index: Path) -> int:
    """When an index was written, 0 while it is being replaced."""
    try:
        return (index / "window.parquet").stat().st_mtime_ns
    except OSError:
        return 0


def keys_told_by(url: str, token_file: Path) -> tuple[int, dict[int, bytes]]:
    """Length of an epoch in days, and an evaluator's public keys as it tells them; to be compared before use.

    Raises  InvalidInput when the token would cross a network in clear.
    """
    problem = url_problem("the evaluator's URL", url)
    if problem is not None:
        raise InvalidInput(problem)
    with httpx.Client(base_url=url, timeout=30.0) as client:
        return published_keys(Peer(url, client, _secret(token_file), {}))


def _peer(stack: contextlib.ExitStack, at: EvaluatorAt) -> tuple[Peer, int]:
    client = stack.enter_context(httpx.Client(base_url=at.url, timeout=60.0))
    days, keys = read_keys(_bytes(at.keys_file))
    return Peer(at.name, client, _secret(at.token_file), keys), days


def _member_id(forum: str, token: str) -> str:
    """Pseudonym that the forum knows the token by."""
    answer = _asked("GET", f"{forum}/member/", token)
    if answer.status_code != httpx.codes.OK:
        message = f"the forum does not know the token: it answered {answer.status_code}"
        raise InvalidInput(message)
    return str(answer.json()["id"])


def renew_key(settings: NodeSettings) -> str:
    """Sign with a new key from now on, which the old one has signed; its thumbprint.

    Raises  What reading files and the forum raise.
    """
    token = _secret(settings.token_file)
    member_id = _member_id(settings.forum, token)
    return renewed_key(settings.folder, member_id, functools.partial(_tell_key, settings.forum, token)).key_id


def _tell_key(forum: str, token: str, told: dict[str, Any]) -> None:
    answer = _asked("POST", f"{forum}/member/key/", token, json.dumps(told).encode())
    if answer.status_code != httpx.codes.CREATED:
        message = f"the forum does not take the node's key: it answered {answer.status_code}"
        raise InvalidInput(message)


def _keys_at(forum: str, token: str, member_id: str) -> Keys:
    """Keys of another member, as the forum tells them: each is in its ledger."""
    answer = _asked("GET", f"{forum}/keys/{member_id}", token)
    if answer.status_code != httpx.codes.OK:
        return {}
    try:
        return keys_of(EndorsedKey.of(jwk) for jwk in answer.json()["keys"])
    except (ValueError, KeyError, TypeError):
        return {}


def _asked(method: str, url: str, token: str, content: bytes | None = None) -> httpx.Response:
    try:
        return httpx.request(method, url, headers={"Authorization": f"Bearer {token}"}, content=content, timeout=30.0)
    except httpx.HTTPError as error:
        message = f"the forum cannot be reached: {type(error).__name__}"
        raise UnreadableSource(message) from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_FILE_BYTES)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error


def _secret(path: Path) -> str:
    return _bytes(path).decode(errors="replace").strip()
