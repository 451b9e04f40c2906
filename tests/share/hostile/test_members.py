"""Members that do not keep to the rules: they lie, flood, echo, and look where they may not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from tests.share.hostile.exchange import Exchange, opened_exchange, publishing, told_now
from tests.share.hostile.test_messages import ADDRESS, SEEN, VALUE, bundle_of, victim

from stillwatch.share.access.quotas import Limits
from stillwatch.share.answers.findings import Bars, verdict_of
from stillwatch.share.node.node import findings_in
from stillwatch.share.taxii.media import TAXII_TYPE


def test_a_lie_opens_a_lead_and_no_verdict_and_ends_with_its_word(exchange: Exchange) -> None:
    """It accuses an address of innocents: own evidence decides, and what is taken back is withdrawn."""
    liar, reader = exchange.member(), victim(exchange)
    told = told_now({ADDRESS: [VALUE]})
    publishing(liar, told)
    exchange.catch_up(reader)
    ((finding,),) = (one.answer.findings for one in reader.node.checked)
    assert finding.local.verdict is None
    assert verdict_of(finding.local, Bars(0.0, 0.0)) is None
    liar.service.send(liar.node.take_back(told.indicator_id, datetime.now(UTC) + timedelta(seconds=1)))
    exchange.catch_up(reader)
    assert [one["withdrawn"] for one in findings_in(reader.node.engine)] == [True]


def test_a_flood_ends_at_the_quota_and_others_are_heard(tmp_path: Path) -> None:
    """Refused with a time to come back; who keeps to the rules is served and read."""
    with opened_exchange(tmp_path, limits=Limits(objects=70)) as exchange:
        flooder, honest, reader = exchange.member(), exchange.member(), victim(exchange)
        codes = [exchange.publish(flooder.token, *bundle_of(flooder)).get("http_status") for _ in range(6)]
        assert codes[-1] == "429"
        assert len(exchange.held("indicator")) < 6
        last = publishing(honest, told_now({ADDRESS: [VALUE]}))
        exchange.catch_up(reader)
        heard = {one.indicator.indicator_id for one in reader.node.checked}
        assert next(one["id"] for one in last if one["type"] == "indicator").partition("--")[2] in heard


def test_an_echo_is_a_word_of_its_own_and_no_evidence(exchange: Exchange) -> None:
    """The same tags under a new id: another word beside the first, the same local evidence, no verdict."""
    first, echo, reader = exchange.member(), exchange.member(), victim(exchange)
    for member in (first, echo):
        publishing(member, told_now({ADDRESS: [VALUE]}))
    exchange.catch_up(reader)
    assert reader.answers == [SEEN, SEEN]
    found = findings_in(reader.node.engine)
    assert len({one["indicator_id"] for one in found}) == 2
    assert {(one["family"], one["local"]["verdict"]) for one in found} == {("1", None)}


def test_what_is_not_for_a_member_looks_like_what_is_not_there(exchange: Exchange) -> None:
    """Objects, manifest, publication and proofs: the same words; and the feed brings nothing of it."""
    sender = exchange.member()
    closed = exchange.collections.add("Closed", alias="closed")
    exchange.collections.grant(sender.member_id, closed, read=True, write=True)
    spy_id, spy = exchange.roster.add_member("spy")
    headers = {"Accept": TAXII_TYPE, "Authorization": f"Bearer {spy.text}"}
    with httpx.Client(base_url=exchange.url, headers=headers) as client:
        for path in ("", "objects/", "manifest/", "objects/indicator--0c9d7a31-52f4-4be8-9d0a-3f6e8b1c2d4e/"):
            answers = [client.get(f"/forum/collections/{name}/{path}") for name in (closed, "closed", "nowhere")]
            assert {answer.status_code for answer in answers} == {404}
            assert len({answer.text for answer in answers}) == 1
        assert client.get("/forum/collections/").json().get("collections", []) == []
        assert spy_id not in client.get("/forum/collections/").text
