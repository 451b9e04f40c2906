"""The parts of an indicator: exactly what its own writer makes for it alone."""

from hypothesis import given, settings
from tests.share.made import MEMBER, indicators

from stillwatch.model.indicator import Indicator
from stillwatch.share.stix.atlas import ATTACK_PATTERNS
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.parts import parts_of
from stillwatch.share.stix.write import indicator_bundle


@settings(deadline=None)
@given(told=indicators())
def test_all_that_a_member_made_for_an_indicator_goes_and_the_campaign_stays(told: Indicator) -> None:
    """Against the writer: every object of the bundle that carries the extension, but for the campaign."""
    objects = indicator_bundle(told, MEMBER)["objects"]
    own = {made["id"] for made in objects if EXTENSION in made.get("extensions", {}) and made["type"] != "campaign"}
    document = next(made for made in objects if made["type"] == "indicator")
    found = parts_of(told.indicator_id, [document])
    assert own <= set(found)
    assert len(found) == len(set(found)) <= 5 + len(ATTACK_PATTERNS)
    assert not {made["id"] for made in objects} - own & set(found)


def test_of_an_indicator_that_is_not_known_all_goes_but_the_link_to_its_campaign() -> None:
    """Documents of no form at all tell of no campaign and break nothing."""
    identifier = "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"
    assert parts_of(identifier, [{}, {"extensions": {}}, {"object_marking_refs": []}]) == parts_of(identifier, [])
