"""The forum behind the real guard: what the wire's own writer makes passes, what the guard refuses is not stored."""

from pathlib import Path
from typing import Any

from taxii2client.v21 import Collection
from tests.share import made
from tests.share.hub import Hub, basic, serving

from stillwatch.model.indicator import Tlp
from stillwatch.share.guard.check import check
from stillwatch.share.stix.write import indicator_bundle, sighting_bundle

OTHER = "0b8f2a52-7d1e-4c56-9f3a-1d2c3b4a5e6f"


def collection_of(hub: Hub) -> Collection:
    """The campaigns as a new member's client sees them."""
    user, password = basic(hub.member())
    return Collection(f"{hub.url}/forum/collections/{hub.campaigns}/", user=user, password=password)


def test_bundles_of_two_members_pass_and_what_they_share_is_stored_once(tmp_path: Path) -> None:
    """Every object of every bundle, by taxii2-client; objects with fixed ids come from both and are there once."""
    one = indicator_bundle(made.indicator(), made.MEMBER)
    other = indicator_bundle(made.indicator(indicator_id=OTHER, group_id=OTHER), OTHER)
    seen = sighting_bundle(made.sighting(), OTHER, Tlp.GREEN)
    with serving(tmp_path / "forum.db", guard=check) as hub:
        stored: dict[str, Any] = {}
        for bundle in (one, other, seen):
            with collection_of(hub) as collection:
                assert collection.add_objects({"objects": bundle["objects"]}).failures == []
            stored |= {item["id"]: item for item in bundle["objects"]}
        planted = next(item for item in one["objects"] if item["type"] == "indicator")
        with collection_of(hub) as collection:
            got = collection.get_objects(version="all")["objects"]
            changed = planted | {"id": f"indicator--{made.MEMBER}", "x_note": "someone@example.com"}
            refused = collection.add_objects({"objects": [changed]})
            assert len(collection.get_objects(version="all")["objects"]) == len(got)
    assert {item["id"]: item for item in got} == stored
    assert len(got) == len(stored) < sum(len(bundle["objects"]) for bundle in (one, other, seen))
    assert refused.success_count == 0
    assert "example.com" not in str(refused._raw)
