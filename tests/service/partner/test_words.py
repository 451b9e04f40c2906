"""The word of partners on a request: by template or address, with own evidence or without, and gone when it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from tests.service.partner.nodes import Members, requests_of

from stillwatch.act.decide.guards import Situation, soften
from stillwatch.model.decision import Action, Facts, PartnerWord, Request
from stillwatch.model.indicator import SignalKind
from stillwatch.service.partner.words import Bands, PartnerWords
from stillwatch.share.answers.findings import Bars
from stillwatch.share.life.decay import weight
from stillwatch.share.node.matches import ACCOUNT, MATCHED, account_digest, match_salt, value_digest
from stillwatch.share.node.tables import FINDINGS, MATCHES, NODE_TABLES, OBJECTS
from stillwatch.share.stix.ids import time_text
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.sketch import hash_strings
from stillwatch.store.database import open_database

DAY = timedelta(days=1)


def told(nodes: Members) -> str:
    """Alpha has told of its harvest, beta and gamma have read it; the indicator's id."""
    identifier = nodes.alpha.publish()
    assert nodes.beta.read()
    assert nodes.gamma.read()
    return identifier


def text_only(request: Request, account_id: str = "nobody-yet") -> Request:
    """The same prompt from an account that nobody has met, and nothing else known of it."""
    return Request(account_id, prompt_text=request.prompt_text)


def test_a_template_is_known_until_it_is_taken_back(nodes: Members, bands: Bands, logs: Path) -> None:
    """A partner's word is on whoever sends the template; own evidence only on accounts that the own scan accuses."""
    identifier = told(nodes)
    beta, gamma = nodes.words(nodes.beta, bands), nodes.words(nodes.gamma, bands)
    shells, people = requests_of(logs, "shell"), requests_of(logs, "person")
    own = [beta.word(replace(one, client_address=None)) for one in shells]
    assert set(own) == {PartnerWord((identifier,), has_local_evidence=True)}
    assert {gamma.word(one) for one in shells} == {PartnerWord((identifier,), has_local_evidence=False)}
    assert {beta.word(text_only(one)) for one in shells} == {PartnerWord((identifier,), has_local_evidence=False)}
    assert {words.word(one) for words in (beta, gamma) for one in people} == {None}
    nodes.alpha.service.take_back(identifier)
    nodes.beta.read()
    nodes.gamma.read()
    for words in (beta, gamma):
        words.refresh()
        assert {words.word(one) for one in shells} == {None}
        words.close()
    with nodes.beta.service.node.engine.begin() as connection:
        assert connection.execute(select(MATCHES)).all() == []


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
INDICATOR = "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"
CARRIED = {
    "address": (6.0, {"client_address": "198.51.100.7"}),
    "network": (5.0, {"client_address": "198.51.100.99"}),
    "tls": (2.0, {"tls_fingerprint": "t13d1516h2_8daaf6152771"}),
    "payment": (9.0, {"account_id": "payer"}),
}
"""Bits of each kind, and a request that carries no other."""


def by_hand(folder: Path, verdict: str | None = "harvest") -> Path:
    """A node's folder with one finding that rests on one value of each kind."""
    salt = match_salt(folder, make=True)
    assert salt is not None
    payer = int(hash_strings(pa.array(["payer"]))[0])
    digests = {
        "address": value_digest(salt, SignalKind.ADDRESS, "198.51.100.7"),
        "network": value_digest(salt, SignalKind.NETWORK, "198.51.100.7"),
        "tls": value_digest(salt, SignalKind.TLS, "t13d1516h2_8daaf6152771"),
        "payment": account_digest(salt, "payment", payer),
        ACCOUNT: account_digest(salt, ACCOUNT, payer),
    }
    local = {"family": 1, "verdict": verdict, "coordination_bits": 40.0, "score_bits": 9.0}
    row = {"family": "1", "indicator_id": INDICATOR}
    body = {"id": f"indicator--{INDICATOR}", "modified": time_text(NOW), "valid_until": time_text(NOW + 30 * DAY)}
    engine = open_database(folder / "node.db", NODE_TABLES)
    with engine.begin() as connection:
        word = {"confidence": {"source": "F", "information": "6"}}
        evidence = {**local, "n_accounts": 1, "n_exchanges": 1}
        connection.execute(insert(FINDINGS), {**row, "local": evidence, "word": word, "withdrawn": False})
        held = {"object_id": body["id"], "type": "indicator", "origin": "o", "modified": "m", "revoked": False}
        connection.execute(insert(OBJECTS), {**held, "body": orjson.dumps(body)})
        for kind, digest in digests.items():
            bits = CARRIED[kind][0] if kind in CARRIED else 0.0
            packed = np.array([(digest, bits)], MATCHED).tobytes()
            connection.execute(insert(MATCHES), {**row, "kind": kind, "mark": kind, "body": packed})
    engine.dispose()
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, of a family that the member's own scan accuses."""
    return by_hand(tmp_path_factory.mktemp("node"))


@given(kinds=st.sets(st.sampled_from(sorted(CARRIED))), hours=st.integers(0, 29 * 24))
def test_bits_of_what_is_carried_are_those_of_a_plain_sum(own: Path, kinds: set[str], hours: int) -> None:
    """A word needs ten bits together, each halved as its kind ages; an address brings its network with it."""
    now = NOW + timedelta(hours=hours)
    words = PartnerWords(own, clock=lambda: now)
    words.refresh()
    request = Request("somebody")
    for kind in sorted(kinds, reverse=True):  # an address comes last, and brings its network
        request = replace(request, **CARRIED[kind][1])  # type: ignore[arg-type]
    carried = kinds | ({"network"} if "address" in kinds else set())
    bits = sum(CARRIED[kind][0] * weight(SignalKind(kind), NOW, now) for kind in carried)
    expected = PartnerWord((INDICATOR,), "payment" in kinds) if bits >= 10 else None
    assert words.word(request) == expected
    words.close()


def test_own_evidence_needs_the_name_that_the_own_scan_gives(tmp_path: Path) -> None:
    """A family that it calls a relay, or nothing, is no evidence for a harvest; nor is one under a stricter bar."""
    request = Request("payer", client_address="198.51.100.7")
    for name, verdict, bars, agrees in (
        ("harvest", "harvest", Bars(0.0, 0.0), True),
        ("strict", "harvest", Bars(0.0, 9.5), False),
        ("relay", "relay", Bars(0.0, 0.0), False),
        ("none", None, Bars(0.0, 0.0), False),
    ):
        (tmp_path / name).mkdir()
        words = PartnerWords(by_hand(tmp_path / name, verdict), bars=bars, clock=lambda: NOW)
        words.refresh()
        assert words.word(request) == PartnerWord((INDICATOR,), agrees), name
        assert words.word(Request("somebody", client_address="[not an address]")) is None
        words.close()


@pytest.mark.parametrize("grade", ["4", "5"])
def test_what_others_make_doubtful_is_no_word(nodes: Members, bands: Bands, logs: Path, grade: str) -> None:
    """The node's own grade decides: searches in vain and opinions of members with a record speak against it."""
    told(nodes)
    words, request = nodes.words(nodes.beta, bands), requests_of(logs, "shell")[0]
    assert words.word(request) is not None
    engine = nodes.beta.service.node.engine
    with engine.begin() as connection:
        for row in connection.execute(select(FINDINGS)).all():
            graded = {**row.word, "confidence": {"source": "B", "information": grade}}
            connection.execute(update(FINDINGS).where(FINDINGS.c.family == row.family).values(word=graded))
    words.refresh()
    assert words.word(request) is None
    words.close()


def test_what_the_member_disputes_and_what_has_ended_is_no_word(nodes: Members, bands: Bands, logs: Path) -> None:
    """Its own objection takes the digests away, for later checks too; the end of an indicator needs nobody."""
    identifier = told(nodes)
    now, request = datetime.now(UTC), requests_of(logs, "shell")[0]
    later = PartnerWords(nodes.beta.service.settings.folder, bands, clock=lambda: now + timedelta(days=15))
    words = nodes.words(nodes.beta, bands)
    later.refresh()
    assert (words.word(request) is not None, later.word(request)) == (True, None)
    nodes.beta.service.dispute(identifier, FalsePositive.SHARED_NETWORK)
    words.refresh()
    assert words.word(request) is None
    assert nodes.beta.service.node.look_again(nodes.beta.memory, now) == 1
    words.refresh()
    assert words.word(request) is None
    later.close()
    words.close()


def test_a_new_window_brings_own_evidence(nodes: Members, bands: Bands, logs: Path) -> None:
    """What the own scan accuses only later agrees from then on, without a new word of anybody."""
    told(nodes)
    words, request = nodes.words(nodes.gamma, bands), requests_of(logs, "shell")[0]
    first = words.word(request)
    assert nodes.gamma.service.node.look_again(nodes.beta.memory, datetime.now(UTC)) == 1
    words.refresh()
    second = words.word(request)
    assert first is not None
    assert second is not None
    assert (first.has_local_evidence, second.has_local_evidence) == (False, True)
    words.close()


def test_alone_it_never_goes_beyond_observe(nodes: Members, bands: Bands, logs: Path) -> None:
    """The guard that no policy switches off reads the word as it is made here."""
    told(nodes)
    words = nodes.words(nodes.gamma, bands)
    word = words.word(requests_of(logs, "shell")[0])
    left = soften(Action.BLOCK, Situation(Facts(partner=word), rests_on_partner=True))
    assert left.action is Action.OBSERVE
    assert "partner-alone" in {guard.name for guard in left.by}
    words.close()


def test_a_node_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    """Neither a missing folder nor a damaged salt or database is an error before an answer; the problem is told."""
    words = PartnerWords(tmp_path / "none")
    words.refresh()
    assert (words.word(Request("a")), words.problem) == (None, None)
    (tmp_path / "match.salt").write_bytes(b"short")
    broken = PartnerWords(tmp_path)
    broken.refresh()
    assert "UnreadableSource" in str(broken.problem)
    (tmp_path / "match.salt").write_bytes(bytes(32))
    (tmp_path / "node.db").write_bytes(b"this is no database at all" * 100)
    broken.refresh()
    assert broken.word(Request("a")) is None
    assert broken.problem is not None
    broken.close()
