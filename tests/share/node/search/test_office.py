"""Two nodes search each other through a forum that reads nothing: counted, allowed by two people, revealed."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from tests.share.node.search.exchange import EPOCH, Exchange, Member, addresses, exchanging, index_of

from stillwatch.errors import Declined, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.model.indicator import SignalKind
from stillwatch.share.forum.relay_tables import MESSAGES, PARTS
from stillwatch.share.node.search.letter import Sealed, digest_of, posted, word
from stillwatch.share.node.search.mailbox import Mailbox
from stillwatch.share.psi import Asker, Form
from stillwatch.share.psi.messages import Message, write_message
from stillwatch.signing.keys import SigningKey

ASKED = addresses(40, 80)
BOTH = addresses(40, 60)


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum that answers."""
    with exchanging(tmp_path_factory.mktemp("forum")) as running:
        yield running


@pytest.fixture
def alpha(forum: Exchange) -> Member:
    """Asks."""
    return forum.member(f"alpha-{uuid.uuid4()}")


@pytest.fixture
def beta(forum: Exchange) -> Member:
    """Is asked; twenty of the addresses are its own."""
    member = forum.member(f"beta-{uuid.uuid4()}")
    with member.office():
        return member


def counted(alpha: Member, beta: Member) -> str:
    """A search that is counted."""
    search = alpha.ask(beta, ASKED)
    beta.turn()
    alpha.turn()
    return search


@pytest.mark.parametrize("first", ["asker", "holder"])
def test_a_search_is_counted_then_revealed_when_both_allow_it(alpha: Member, beta: Member, first: str) -> None:
    """A bucket first; then what a set would say; each step by a node that was restarted; either side first."""
    search = counted(alpha, beta)
    assert alpha.told(search)["matches"] == "10 to 99"
    assert (alpha.told(search)["days"], alpha.told(search)["coverage"]) == (14, 0.95)
    assert beta.told(search)["matches"] is None
    sides = [(alpha, "Ada"), (beta, "Grace")]
    for member, name in sides if first == "asker" else sides[::-1]:
        with pytest.raises(InvalidInput, match="can be shown"):
            alpha.found(search)
        member.approve(search, name)
    beta.turn()
    alpha.turn()
    assert alpha.told(search)["state"] == beta.told(search)["state"] == "revealed"
    assert alpha.found(search) == [value for value in ASKED if value in set(beta.index.signals["value"].to_pylist())]
    assert alpha.found(search) == BOTH


def test_one_side_alone_reveals_nothing(alpha: Member, beta: Member) -> None:
    """Whoever says yes, and however often: the other side's word is needed, and one side has one."""
    search = counted(alpha, beta)
    alpha.approve(search, "Ada")
    assert [moved.state for moved in beta.turn()] == ["answered"]
    assert alpha.turn() == []
    with pytest.raises(InvalidInput, match=r"once; this one is approved"):
        alpha.approve(search, "Grace")
    assert beta.told(search)["approved_there"] is True
    other = counted(alpha, beta)
    assert beta.approve(other, "Grace") == "approved"
    with pytest.raises(InvalidInput, match=r"once; this one is approved"):
        beta.approve(other, "Ada")
    assert alpha.turn() == []
    assert beta.row(other).rows is not None


def test_a_reveal_that_nobody_allowed_is_no_reveal(forum: Exchange, alpha: Member, beta: Member) -> None:
    """The forum does not carry one before an approval, and the node takes none."""
    search = counted(alpha, beta)
    with beta.http() as client:
        answer = client.put(f"/relay/{search}/reveal/0?of=1", content=b"x")
    assert answer.status_code == 404
    with alpha.office() as office:
        office._open(_forged(forum, alpha, beta, search, "reveal", beta.signing))
    assert alpha.told(search)["state"] == "counted"


def _forged(
    forum: Exchange, reader: Member, sender: Member, search: str, stage: str, key: SigningKey, **fields: Any
) -> Sealed:
    """A letter to a member's key, signed by whoever."""
    assert forum.url
    default = {"search": "ab" * 32, "person": "cd" * 32, "rows": "ef" * 32}
    told = word(stage, search, reader.member_id, key, datetime.now(UTC), **(fields or default))
    place = Sealed(search, stage, sender.member_id, reader.member_id, ())
    return posted(place, told, [b""], reader.sealing.public)


def test_fewer_than_five_are_told_as_that_and_never_revealed(alpha: Member, beta: Member) -> None:
    """Four matches; neither the number nor the way on is there, and the key of the search is gone."""
    search = alpha.ask(beta, addresses(56, 90))
    beta.turn()
    alpha.turn()
    told = alpha.told(search)
    assert (told["state"], told["matches"]) == ("few", "fewer than 5")
    with pytest.raises(InvalidInput, match="this one is few"):
        alpha.approve(search, "Ada")
    row = alpha.row(search)
    assert (row.secret, row.listed, row.rows) == (None, None, None)


def test_searches_are_counted_by_asker_and_epoch(forum: Exchange, alpha: Member, beta: Member) -> None:
    """Four are answered, the fifth is declined; another member still may; in the next epoch alpha may again."""
    for _ in range(4):
        counted(alpha, beta)
    fifth, gamma = counted(alpha, beta), forum.member(f"gamma-{uuid.uuid4()}")
    assert (alpha.told(fifth)["state"], alpha.told(fifth)["reason"]) == (
        "declined",
        "the other side says: budget-spent",
    )
    assert gamma.told(counted(gamma, beta))["state"] == "counted"
    alpha.epoch = beta.epoch = EPOCH + 1
    assert alpha.told(counted(alpha, beta))["state"] == "counted"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda beta: setattr(beta, "open_kinds", frozenset()), "not-open"),
        (lambda beta: setattr(beta, "epoch", EPOCH + 1), "other-epoch"),
        (lambda beta: setattr(beta, "index", index_of(addresses(0, 60), days=7)), "window-too-short"),
    ],
)
def test_what_a_holder_does_not_answer_it_declines_with_a_word(
    change: Any, reason: str, alpha: Member, beta: Member
) -> None:
    """Nothing is open unless the settings say so; another epoch; too little traffic. It costs the asker no search."""
    change(beta)
    search = counted(alpha, beta)
    assert alpha.told(search)["reason"] == f"the other side says: {reason}"
    with beta.office() as office, office.records.engine.begin() as connection:
        assert office.records.used(connection, alpha.member_id, beta.epoch) == 0


def test_a_byte_that_the_forum_changes_is_found(forum: Exchange, alpha: Member, beta: Member) -> None:
    """In the answer: the asker says that it was changed on the way, and the search is over."""
    search = alpha.ask(beta, ASKED)
    beta.turn()
    with forum.engine.begin() as connection:
        answer = (PARTS.c.search_id == search) & (PARTS.c.stage == "answer")
        data = bytearray(connection.execute(select(PARTS.c.data).where(answer)).scalar_one())
        data[1000] ^= 1
        connection.execute(update(PARTS).where(answer).values(data=bytes(data)))
    (moved,) = alpha.turn()
    assert moved.state == "broken"
    assert "changed on the way" in str(moved.reason)
    assert "changed on the way" in alpha.told(search)["reason"]


def test_a_message_of_another_search_or_stage_does_not_open(forum: Exchange, alpha: Member, beta: Member) -> None:
    """The forum gives the answer of one search for that of another, and a request for a second time."""
    one, two = alpha.ask(beta, ASKED), alpha.ask(beta, ASKED)
    beta.turn()
    with forum.engine.begin() as connection:
        answers = (PARTS.c.stage == "answer") & PARTS.c.search_id.in_([one, two])
        rows = connection.execute(select(PARTS.c.search_id, PARTS.c.data).where(answers)).all()
        data = {row.search_id: row.data for row in rows}
        for mine, others in ((one, two), (two, one)):
            there = (PARTS.c.search_id == mine) & (PARTS.c.stage == "answer")
            connection.execute(update(PARTS).where(there).values(data=data[others]))
    assert {moved.state for moved in alpha.turn()} == {"broken"}
    assert "belongs to another search" in alpha.told(one)["reason"]


def test_a_message_that_comes_again_changes_nothing(forum: Exchange, alpha: Member, beta: Member) -> None:
    """The forum shows a request, an answer and an approval once more: no search more is counted, no state moves."""
    search = counted(alpha, beta)
    alpha.approve(search, "Ada")
    before = alpha.row(search)
    request = _forged(forum, beta, alpha, search, "request", alpha.signing, **_request())
    answer = _forged(forum, alpha, beta, search, "answer", beta.signing, answer="budget-spent")
    with beta.office() as office:
        office._open(request)
        with office.records.engine.begin() as connection:
            assert office.records.used(connection, alpha.member_id, EPOCH) == 1
    with alpha.office() as office:
        office._open(answer)
    assert alpha.row(search) == before


def _request() -> dict[str, Any]:
    return {"kind": "address", "epoch": EPOCH, "days": 14, "rows": "ab" * 32}


def test_a_letter_in_another_s_name_is_not_believed(forum: Exchange, alpha: Member, beta: Member) -> None:
    """The forum knows the keys to seal to, and seals an answer of its own: its signature is not beta's."""
    search = alpha.ask(beta, ASKED)
    beta.turn()
    forged = _forged(forum, alpha, beta, search, "answer", SigningKey.generate(), answer="budget-spent")
    with forum.engine.begin() as connection:
        there = (PARTS.c.search_id == search) & (PARTS.c.stage == "answer")
        connection.execute(update(PARTS).where(there).values(data=forged.parts[0]))
    (moved,) = alpha.turn()
    assert moved.state == "broken"
    assert "no key" in str(moved.reason)


def test_a_letter_that_is_passed_on_is_worth_nothing(forum: Exchange, alpha: Member, beta: Member) -> None:
    """What alpha wrote to beta, beta seals for gamma in alpha's name: it says whom it is for."""
    gamma, search = forum.member(f"gamma-{uuid.uuid4()}"), "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
    told = word("request", search, beta.member_id, alpha.signing, datetime.now(UTC), **_request())
    place = Sealed(search, "request", alpha.member_id, gamma.member_id, ())
    passed_on = posted(place, told, [b""], gamma.sealing.public)
    with gamma.office() as office, pytest.raises(ValueError, match="for another member"):
        office._open(passed_on)


def test_rows_that_are_no_elements_are_declined(alpha: Member, beta: Member) -> None:
    """What is seen at once costs no search; what is found when it is worked on does, or the work would be free."""
    rows = np.frombuffer(Asker(SignalKind.ADDRESS, EPOCH, ASKED).request, np.uint8)[34:].reshape(-1, 32).copy()
    rows[0] = 255
    request = write_message(Message(Form.REQUEST, SignalKind.ADDRESS, EPOCH, rows))
    used = []
    with alpha.office():
        pass
    for search, digest in ((str(uuid.uuid4()), "ab" * 32), (str(uuid.uuid4()), digest_of(request))):
        fields = {**_request(), "rows": digest}
        told = word("request", search, beta.member_id, alpha.signing, datetime.now(UTC), **fields)
        place = Sealed(search, "request", alpha.member_id, beta.member_id, ())
        with beta.office() as office:
            office._open(posted(place, told, [request], beta.sealing.public))
            row = office.records.get(search)
            with office.records.engine.begin() as connection:
                used.append((row.state, office.records.used(connection, alpha.member_id, EPOCH)))
    assert used == [("declined", 0), ("broken", 1)]


def test_who_shares_no_collection_is_nobody(forum: Exchange, alpha: Member) -> None:
    """The same words for a member that cannot read alpha's collection and for one that does not exist."""
    delta = forum.member(f"delta-{uuid.uuid4()}", read=False)
    with delta.office():
        pass
    words = []
    for asked in (delta, alpha):
        with pytest.raises(Declined) as told:
            alpha.ask(asked, ASKED)
        words.append(str(told.value))
    with pytest.raises(InvalidInput, match="no keys for that pseudonym"):
        alpha.ask("5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", ASKED)
    assert words[0] == words[1]
    assert "no such search or member" in words[0]


def test_nobody_reaches_into_a_search_of_others(forum: Exchange, alpha: Member, beta: Member) -> None:
    """Its id is no handle: not to read, to take, to write, or to approve."""
    search, gamma = alpha.ask(beta, ASKED), forum.member(f"gamma-{uuid.uuid4()}")
    with gamma.http() as client:
        answers = [
            client.request(method, f"/relay/{there}/request{rest}", content=content)
            for there in (search, "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d")
            for method, rest, content in (("GET", "/0", None), ("DELETE", "", None), ("PUT", "/0?of=1", b"x"))
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["description"] for answer in answers}) == 1
    with pytest.raises(MissingData, match="knows no search"):
        gamma.approve(search, "Eve")
    assert [moved.state for moved in beta.turn()] == ["answered"]


def test_the_set_up_crosses_once(forum: Exchange, alpha: Member, beta: Member) -> None:
    """The second answer is smaller by it; after a new scan there is a new one, under a new key."""
    sizes, setups = [], []
    for step in range(3):
        if step == 2:
            beta.index, beta.index_ns = index_of(addresses(0, 61)), 2
        search = counted(alpha, beta)
        assert alpha.told(search)["matches"] == "10 to 99"
        setups.append(alpha.row(search).setup)
        with forum.engine.begin() as connection:
            answer = (MESSAGES.c.search_id == search) & (MESSAGES.c.stage == "answer")
            sizes.append(connection.execute(select(MESSAGES.c.size_bytes).where(answer)).scalar_one())
    assert sizes[0] - sizes[1] > 8 * 128
    assert setups[0] == setups[1] != setups[2]


def test_the_ledger_names_the_asker_and_commits_to_the_rest(forum: Exchange, alpha: Member, beta: Member) -> None:
    """An entry of the request and one of the reveal; whom alpha asked is in neither, only in what they commit to."""
    search = counted(alpha, beta)
    alpha.approve(search, "Ada Lovelace")
    beta.approve(search, "Grace Hopper")
    beta.turn()
    alpha.turn()
    with forum.engine.begin() as connection:
        mine = (ENTRIES.c.kind == "query") & ENTRIES.c.actor.in_([alpha.member_id, beta.member_id])
        entries = connection.execute(select(ENTRIES).where(mine).order_by(ENTRIES.c.index)).mappings().all()
        documents = connection.execute(
            select(DOCUMENTS.c.document).where(DOCUMENTS.c.index.in_([entry["index"] for entry in entries]))
        ).scalars()
        events = [document["event"] for document in documents]
    assert events == ["search-asked", "search-revealed"]
    assert {entry["actor"] for entry in entries} == {alpha.member_id}
    assert not any(beta.member_id in str(dict(entry)) for entry in entries)


def test_the_forum_s_disk_has_no_value_and_no_name(forum: Exchange, alpha: Member, beta: Member) -> None:
    """Neither addresses, as text or packed, nor who approved; after the search not even its sealed parts."""
    search = counted(alpha, beta)
    alpha.approve(search, "Ada Lovelace")
    beta.approve(search, "Grace Hopper")
    beta.turn()
    alpha.turn()
    data = b"".join(path.read_bytes() for path in forum.folder.glob("forum.db*"))
    assert not re.search(rb"41\.7\.0|\x29\x07\x00[\x28-\x50]{1}(?=\x29)|Lovelace|Hopper", data)
    with forum.engine.begin() as connection:
        left = connection.execute(select(PARTS.c.data).where(PARTS.c.search_id == search)).scalars().all()
    assert set(left) == {None}
    assert alpha.found(search) == BOTH


def test_what_was_fetched_before_a_break_is_not_fetched_again(alpha: Member, beta: Member) -> None:
    """The node dies between two parts; the next one goes on from there."""
    search = alpha.ask(beta, ASKED)
    with beta.office() as office:
        assert len(office._fetched(search, "request", 1)) == 1
    with beta.office() as office:
        assert list(office.records.incoming(search, "request")) == [0]
        office._post.part = None  # type: ignore[assignment, method-assign]  # whoever asks for a part fails
        assert [moved.state for moved in office.turn()] == ["answered"]
        assert office.records.incoming(search, "request") == {}


def test_what_the_forum_did_not_get_goes_with_the_next_turn(
    alpha: Member, beta: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that was cut off keeps the sealed parts and sends the same ones again."""

    def cut_off(*_: object) -> None:
        message = "the forum cannot be reached: ConnectError"
        raise UnreadableSource(message)

    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "put", cut_off)
        with pytest.raises(UnreadableSource):
            alpha.ask(beta, ASKED)
    with alpha.office() as office:
        ((search, data),) = [(row.search_id, office.records.unsent().data) for row in office.records.every()]
    alpha.turn()
    with beta.office() as office:
        assert office._post.part(f"{search}/request/0") == data
    beta.turn()
    alpha.turn()
    assert alpha.told(search)["state"] == "counted"


def test_who_never_answers_is_not_waited_for(alpha: Member, beta: Member) -> None:
    """After two days the search is over, and its key and values are gone."""
    search = alpha.ask(beta, ASKED)
    with alpha.office() as office:
        office.records.forget(datetime.now(UTC) + timedelta(days=2, minutes=1))
    row = alpha.row(search)
    assert (row.state, row.secret, row.listed) == ("expired", None, None)
