"""The part of the ledger that is about a case: complete, proved, and of nobody else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.cases.made import opened_case
from tests.act.desk import NOW, Office, notice

from stillwatch.act.cases.extract import About, extract
from stillwatch.ledger.book import Event, append_all, forget, sign_head
from stillwatch.ledger.entry import Kind, Opening, is_of
from stillwatch.ledger.head import head_of
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.signing.canonical import parse

ABOUT = About(frozenset({"c-1"}), frozenset({"a-1"}), frozenset({"d-1"}), frozenset({"v-1"}))
NAMES = ("case", "campaign_id", "appeal_id", "decision_id", "version", "other")


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["c-1", "a-1", "d-1", "v-1", "x"]), max_size=4))
def test_about_it_by_the_right_name(document: dict[str, str]) -> None:
    """A document is about the case when one of its names holds an id of that kind, and by no other coincidence."""
    kinds = {"case": "c-1", "campaign_id": "c-1", "appeal_id": "a-1", "decision_id": "d-1", "version": "v-1"}
    assert ABOUT.holds(document) == any(document.get(name) == value for name, value in kinds.items())


def test_every_entry_proves_itself(opened: Office) -> None:
    """Among two hundred entries of others, those of the case are found in order, and each proof and document holds."""
    opened_case(opened)
    opened.file(notice())
    strangers = [Event(Kind.CASE, "cem", {"event": "noted", "case": f"other-{n}"}, NOW) for n in range(200)]
    with opened.engine.begin() as connection:
        append_all(connection, strangers)
        opened.trail.record(connection, Kind.CASE, "bea", {"event": "noted", "case": "campaign-1"}, NOW)
        head = head_of(sign_head(connection, opened.trail.key, NOW + timedelta(hours=1)))
        about = About(frozenset({"campaign-1"}), frozenset(), frozenset(), frozenset())
        lines = list(extract(connection, about, head.size))
    assert [line["entry"]["index"] for line in lines] == [0, 1, 202]
    for line in lines:
        proof = Proof.of({"entry": line["entry"], "size": head.size, "path": line["path"]})
        check_proof(proof, head)
        assert is_of(proof.entry, Opening(bytes.fromhex(line["salt"]), parse(line["document"].encode())))


@pytest.mark.parametrize("size", [1, 2])
def test_what_came_later_or_was_forgotten_is_not_in_it(opened: Office, size: int) -> None:
    """Entries behind the head are left out, and so are those whose document was deleted."""
    about = About(frozenset({"campaign-1"}), frozenset(), frozenset(), frozenset())
    with opened.engine.begin() as connection:
        for _ in range(3):
            opened.trail.record(connection, Kind.CASE, "bea", {"event": "noted", "case": "campaign-1"}, NOW)
        assert len(list(extract(connection, about, size))) == size
        forget(connection, 0)
        assert len(list(extract(connection, about, size))) == size - 1
