"""Other people's programs read what is written: the OASIS library and validator, and the importer of MISP."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.share.made import MEMBER, START, indicator, sighting

from stillwatch.model.indicator import InformationGrade, Tlp
from stillwatch.share.guard.table import FIXED_OBJECTS
from stillwatch.share.stix.confidence import STIX_CONFIDENCE
from stillwatch.share.stix.texts import FALSE_POSITIVE_TEXTS, OPINION_TEXT, FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, indicator_bundle, revocation, sighting_bundle

BUNDLES: dict[str, dict[str, Any]] = {
    **{f"indicator-{tlp.value}": indicator_bundle(indicator(tlp=tlp), MEMBER) for tlp in Tlp},
    "bare": indicator_bundle(indicator(tags=(), techniques=(), quiet_until=None), MEMBER),
    "revocation": revocation(indicator(), MEMBER, START + timedelta(days=1)),
    "sighting": sighting_bundle(sighting(), MEMBER, Tlp.AMBER),
    "false-positive": false_positive_bundle(
        indicator().indicator_id, FalsePositive.RESEARCH, START, member=MEMBER, tlp=Tlp.AMBER
    ),
}
_TOGETHER = [made for name in ("indicator-amber", "sighting", "false-positive") for made in BUNDLES[name]["objects"]]
BUNDLES["together"] = BUNDLES["indicator-amber"] | {"objects": list({made["id"]: made for made in _TOGETHER}.values())}


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """What the judges say of every bundle, in a process of their own."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("judges.py"))]
    ran = subprocess.run(command, input=json.dumps(BUNDLES), capture_output=True, text=True, check=True, timeout=110)
    return dict(json.loads(ran.stdout))


@pytest.mark.parametrize("name", BUNDLES)
def test_the_validator_of_oasis_is_content_when_strict(name: str, judged: dict[str, Any]) -> None:
    """Every MUST, every SHOULD as an error, and every reference of a relationship within the bundle."""
    assert judged["bundles"][name]["strict"] == []


def test_the_check_that_is_left_out_says_nothing_else(judged: dict[str, Any]) -> None:
    """With it, the custom pattern type is the only complaint."""
    (error,) = judged["bundles"]["indicator-amber"]["all"]
    assert "pattern_type contains a value not in the indicator-pattern-ov" in error


def test_every_type_that_is_emitted_was_judged() -> None:
    """No fixed object and no type is missing from the bundles above."""
    objects = [made for bundle in BUNDLES.values() for made in bundle["objects"]]
    assert {made["type"] for made in objects} >= {
        "attack-pattern", "campaign", "course-of-action", "extension-definition", "identity", "indicator",
        "infrastructure", "intrusion-set", "marking-definition", "note", "opinion", "relationship", "sighting",
    }  # fmt: skip
    assert {made["id"] for made in objects} >= FIXED_OBJECTS.keys()


def test_grades_become_the_numbers_of_the_standard(judged: dict[str, Any]) -> None:
    """The library's own table of the Admiralty scale; grade 6 has no number."""
    assert {grade.value: number for grade, number in STIX_CONFIDENCE.items()} == judged["confidence"]
    assert InformationGrade.SIX not in STIX_CONFIDENCE


@pytest.mark.parametrize("name", BUNDLES)
def test_the_library_of_oasis_parses_without_custom_content(name: str, judged: dict[str, Any]) -> None:
    """Parsed as plain STIX 2.1 and written again, nothing is lost or changed."""
    assert judged["bundles"][name]["parsed"] == BUNDLES[name]


@pytest.mark.parametrize("name", BUNDLES)
def test_misp_imports(name: str, judged: dict[str, Any]) -> None:
    """Everything is imported but infrastructure, for which the importer has no loader in its table.

    It loads notes and opinions for what they are about, and then names them unknown: they are no objects of an event.
    """
    assert not judged["loads_infrastructure"]
    assert judged["bundles"][name]["misp"]["event"]
    assert set(judged["bundles"][name]["misp"]["errors"]) <= {
        "Unable to load STIX object type: infrastructure",
        "Unknown STIX object type: infrastructure",
        "Unknown STIX object type: note",
        "Unknown STIX object type: opinion",
    }


def test_misp_puts_sightings_and_opinions_to_their_indicator(judged: dict[str, Any]) -> None:
    """The note's sentence, the opinion's number and the sighting stand at the imported pattern."""
    (made,) = judged["bundles"]["together"]["misp"]["event"]["Object"]
    text = json.dumps(made)
    assert FALSE_POSITIVE_TEXTS[FalsePositive.RESEARCH] in text
    assert OPINION_TEXT in text
    assert all(attribute["Sighting"] for attribute in made["Attribute"])


@pytest.mark.parametrize("tlp", Tlp)
def test_misp_shows_campaign_marking_and_confidence(tlp: Tlp, judged: dict[str, Any]) -> None:
    """What an analyst sees after the import: the pattern, the techniques, the marking by OASIS's ids, how sure."""
    event = json.dumps(judged["bundles"][f"indicator-{tlp.value}"]["misp"]["event"])
    for word in (
        f"tlp:{tlp.value}",
        "fairly-confident",
        "Extract AI Model",
        "Collection of model outputs",
        "elicitation.",
    ):
        assert word in event
