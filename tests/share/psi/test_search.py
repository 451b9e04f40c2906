"""A back-search counts what two lists have in common, tells nothing more, and reveals with two people's consent."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from stillwatch.errors import Declined, FailedProof, InvalidInput, MissingData
from stillwatch.model.indicator import SignalKind
from stillwatch.share.psi import Approval, Asker, Form, Holder, Side, search_of
from stillwatch.share.psi.masking import ascending, marks_of, masked_rows, masked_values
from stillwatch.share.psi.messages import ROUNDED_TO, Message, read_message, write_message

ADDRESS = SignalKind.ADDRESS
HELD = [f"198.51.100.{i}" for i in range(200)]
ASKED = [f"198.51.100.{i}" for i in range(190, 220)]
EPOCH = 2969
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def approvals(search: str) -> list[Approval]:
    """Two people say yes."""
    return [Approval(Side.ASKER, "Ada", search, NOW), Approval(Side.HOLDER, "Grace", search, NOW)]


@pytest.fixture(scope="module")
def holder() -> Holder:
    """One that many tests ask."""
    return Holder(ADDRESS, EPOCH, HELD, searches=100)


def rows_of(data: bytes, form: Form) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Rows of a message."""
    return read_message(data, form, ADDRESS, EPOCH).rows


def test_a_search_counts_and_then_reveals_what_a_set_would(holder: Holder) -> None:
    """Ten values in common, however they are written and repeated; the record says who allowed it."""
    asker = Asker(ADDRESS, EPOCH, [*ASKED, ASKED[0]])
    counted = holder.answer("alpha", asker.request)
    assert asker.count(holder.setup, counted) == 10
    search = search_of(counted)
    revealed, record = holder.reveal("alpha", search, 10, approvals(search))
    assert asker.reveal(holder.setup, revealed) == [value for value in ASKED if value in set(HELD)]
    assert (record.asker, record.n_claimed, record.search) == ("alpha", 10, search)
    assert [approval.name for approval in record.approvals] == ["Ada", "Grace"]


def test_the_counted_answer_tells_no_positions(holder: Holder) -> None:
    """Its rows ascend, whatever order was asked in: who asks the same in reverse under one key gets the same bytes."""
    asker = Asker(ADDRESS, EPOCH, ASKED)
    rows = rows_of(asker.request, Form.REQUEST)
    reverse = write_message(Message(Form.REQUEST, ADDRESS, EPOCH, np.ascontiguousarray(rows[::-1])))
    counted = holder.answer("alpha", asker.request)
    assert holder.answer("beta", reverse) == counted
    found = rows_of(counted, Form.COUNTED)
    assert [row.tobytes() for row in found] == sorted(row.tobytes() for row in found)


def test_nothing_of_the_sizes_is_told(holder: Holder) -> None:
    """One value and a hundred make requests of one length; two searches for one value have no row in common."""
    one, many = Asker(ADDRESS, EPOCH, ASKED[:1]), Asker(ADDRESS, EPOCH, HELD)
    assert len(one.request) == len(many.request)
    assert len(holder.setup) == len(Holder(ADDRESS, EPOCH, HELD[:3]).setup) == len(Holder(ADDRESS, EPOCH, []).setup)
    again = Asker(ADDRESS, EPOCH, ASKED[:1])
    first, second = (set(map(bytes, rows_of(a.request, Form.REQUEST))) for a in (one, again))
    assert not first & second


def test_values_are_in_no_message(holder: Holder) -> None:
    """Neither packed nor as text, in set-up, request and answer."""
    asker = Asker(ADDRESS, EPOCH, ASKED)
    for data in (holder.setup, asker.request, holder.answer("alpha", asker.request)):
        assert b"198.51.100" not in data
        assert bytes([198, 51, 100, 195]) not in data


def test_two_holders_have_nothing_in_common() -> None:
    """Marks of the same values under two keys: no one can join set-ups, or two epochs of one."""
    one, other = (set(map(bytes, rows_of(Holder(ADDRESS, EPOCH, HELD).setup, Form.SETUP))) for _ in range(2))
    assert not one & other


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda both: both[:1], "two approvals"),
        (lambda both: [both[0], both[0]], "two approvals"),
        (lambda both: [*both, both[0]], "two approvals"),
        (lambda both: [both[0], replace(both[1], name="ADA")], "two people"),
        (lambda both: [both[0], replace(both[1], name="")], "two people"),
        (lambda both: [both[0], replace(both[1], search="00" * 32)], "another search"),
    ],
)
def test_nothing_is_revealed_without_two_people_of_two_sides(changed, told: str, holder: Holder) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """One approval, one side twice, one person twice, nobody, another search."""
    counted = holder.answer("alpha", Asker(ADDRESS, EPOCH, ASKED).request)
    search = search_of(counted)
    with pytest.raises(InvalidInput, match=told):
        holder.reveal("alpha", search, 10, changed(approvals(search)))


def test_too_few_matches_and_other_people_s_searches_are_not_revealed(holder: Holder) -> None:
    """Below five; a search of another asker; the same one twice."""
    counted = holder.answer("alpha", Asker(ADDRESS, EPOCH, ASKED).request)
    search = search_of(counted)
    with pytest.raises(Declined, match="fewer than 5"):
        holder.reveal("alpha", search, 4, approvals(search))
    with pytest.raises(MissingData, match="no such search"):
        holder.reveal("beta", search, 10, approvals(search))
    holder.reveal("alpha", search, 10, approvals(search))
    with pytest.raises(MissingData, match="no such search"):
        holder.reveal("alpha", search, 10, approvals(search))


def test_searches_are_counted_by_asker() -> None:
    """Who tries values one by one is stopped; another member is not."""
    holder = Holder(ADDRESS, EPOCH, HELD, searches=2)
    for value in HELD[:2]:
        holder.answer("alpha", Asker(ADDRESS, EPOCH, [value]).request)
    with pytest.raises(Declined, match="used up"):
        holder.answer("alpha", Asker(ADDRESS, EPOCH, HELD[2:3]).request)
    holder.answer("beta", Asker(ADDRESS, EPOCH, HELD[2:3]).request)


def test_requests_that_are_none_are_refused(holder: Holder) -> None:
    """An element twice, the identity, garbage rows, a message of another epoch or truncated."""
    good = Asker(ADDRESS, EPOCH, ASKED).request
    rows = rows_of(good, Form.REQUEST)
    for row in (rows[1], np.zeros(32, np.uint8), np.full(32, 255, np.uint8)):
        changed = rows.copy()
        changed[0] = row
        with pytest.raises(InvalidInput, match=r"twice|identity"):
            holder.answer("gamma", write_message(Message(Form.REQUEST, ADDRESS, EPOCH, changed)))
    for data in (b"", good[:-1], good + b"\0", Asker(ADDRESS, EPOCH + 1, ASKED).request):
        with pytest.raises(InvalidInput, match="must be"):
            holder.answer("gamma", data)


def test_answers_that_are_none_are_a_failed_proof(holder: Holder) -> None:
    """Garbage, no elements, another number of rows, a reveal of something else than was counted, a broken set-up."""
    asker = Asker(ADDRESS, EPOCH, ASKED)
    counted = holder.answer("delta", asker.request)
    rows = rows_of(counted, Form.COUNTED)
    with pytest.raises(InvalidInput, match="counted before"):
        asker.reveal(holder.setup, counted)
    twice = write_message(Message(Form.COUNTED, ADDRESS, EPOCH, np.concatenate([rows, rows])))
    zero = write_message(Message(Form.COUNTED, ADDRESS, EPOCH, np.zeros_like(rows)))
    for setup, answer in ((holder.setup, b""), (holder.setup, twice), (holder.setup, zero), (b"x", counted)):
        with pytest.raises(FailedProof, match="the holder"):
            asker.count(setup, answer)
    asker.count(holder.setup, counted)
    other = masked_rows(rows, (2).to_bytes(32, "little"))
    with pytest.raises(FailedProof, match="another search"):
        asker.reveal(holder.setup, write_message(Message(Form.REVEALED, ADDRESS, EPOCH, other)))


def test_lists_that_are_none_are_refused_and_not_shown() -> None:
    """Nothing to ask for, a value of another kind."""
    with pytest.raises(InvalidInput, match="1 to 262144"):
        Asker(ADDRESS, EPOCH, [])
    asker, holder = Asker(ADDRESS, EPOCH, ["jane@corp.example"]), Holder(ADDRESS, EPOCH, ["jane"])
    for name, side in (("request", asker), ("setup", holder)):
        with pytest.raises(InvalidInput) as told:
            getattr(side, name)
        assert "jane" not in str(told.value)


def test_both_keys_in_either_order_are_one() -> None:
    """What the protocol rests on, on several threads too; and rows ascend as bytes do."""
    a, b = (3).to_bytes(32, "little"), (5).to_bytes(32, "little")
    one = masked_rows(masked_values(ADDRESS, EPOCH, HELD, a, threads=3), b, threads=2)
    other = masked_rows(masked_values(ADDRESS, EPOCH, HELD, b), a)
    np.testing.assert_array_equal(one, other)
    assert len(np.unique(marks_of(one))) == len(HELD)
    assert [r.tobytes() for r in ascending(one)] == sorted(r.tobytes() for r in one)
    assert len(one) < ROUNDED_TO


def test_a_search_goes_on_with_its_key_alone(holder: Holder) -> None:
    """Values, key and counted answer are all that an asker must keep; an answer of another search is none."""
    asker = Asker(ADDRESS, EPOCH, ASKED)
    counted = holder.answer("epsilon", asker.request)
    search = search_of(counted)
    revealed, _ = holder.reveal("epsilon", search, 10, approvals(search))
    again = Asker(ADDRESS, EPOCH, asker.values, asker.secret)
    again.resume(counted)
    assert again.reveal(holder.setup, revealed) == [value for value in ASKED if value in set(HELD)]
    with pytest.raises(FailedProof, match="the holder"):
        again.resume(revealed)
