"""Every end of an indicator is counted once, by its cause, from the forum's own database and ledger."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.share.forum.appeal_place import answer_of, appeal_of, serving_appeals

from stillwatch.ledger.export import export
from stillwatch.share.life.tombstones import Cause, tombstones
from stillwatch.share.stix.ids import stix_id
from stillwatch.share.transparency.counts import Period, counted, requests_of


def test_the_report_counts_what_originators_take_back_and_delete(tmp_path: Path) -> None:
    """One withdrawn and then deleted, one deleted, one fallen in an appeal, one standing: three ends."""
    with serving_appeals(tmp_path) as place:
        told = [place.tell() for _ in range(4)]
        first = next(o for o in told[0][1] if o["type"] == "indicator")
        revoked = first | {"modified": "2026-11-25T00:00:00.000Z", "revoked": True, "pattern": "unknown"}
        for _ in range(2):
            assert place.publish("a", revoked).refused == {}
        accept = {"Accept": "application/taxii+json;version=2.1"}
        with place.client("a") as client:
            for indicator_id, _ in told[:2]:
                path = f"/forum/collections/campaigns/objects/{stix_id('indicator', indicator_id)}/"
                assert client.delete(path, headers=accept).status_code == 200
            assert client.post("/appeals/", json=appeal_of(told[2][0])).status_code == 201
            (asked,) = client.get("/appeals/").json()["waiting"]
            assert client.post("/appeals/answers/", json=answer_of(asked["alias"], "withdraw")).status_code == 200
        now = datetime.now(UTC)
        with place.store.engine.begin() as connection:
            export(connection, tmp_path / "ledger.jsonl")
            period = Period(now - timedelta(days=1), now + timedelta(days=1))
            found = counted(tmp_path / "ledger.jsonl", connection, period, requests_of({}))
            stones = tombstones(connection)
    assert found.revocations == {Cause.APPEAL: 1, Cause.WITHDRAWN: 1, Cause.DELETED: 1}
    assert found.to_revoke["under 1 hour"] == 3
    assert (found.entries["publish"], found.entries["revoke"], found.appeals["upheld"]) == (4, 4, 1)
    assert [stone.cause for stone in stones] == [Cause.WITHDRAWN, Cause.DELETED, Cause.APPEAL]
    assert [stone.indicator_id for stone in stones] == [indicator_id for indicator_id, _ in told[:3]]
