"""Bundles of STIX 2.1: the same indicator, the same bytes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import rfc8785

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Indicator, Sighting, SightingAnswer, SignalKind, Tag, Technique, Tlp
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.stix.atlas import ADVICE, ADVICE_LINKS, ATTACK_PATTERNS, INTRUSION_SET, attack_patterns_of
from stillwatch.share.stix.confidence import stix_confidence
from stillwatch.share.stix.extension import EXTENSION, EXTENSION_DEFINITION, STILLWATCH
from stillwatch.share.stix.ids import CREATED, derived_id, stix_id, time_text
from stillwatch.share.stix.markings import TLP_MARKINGS
from stillwatch.share.stix.pattern import PATTERN_TYPE, format_pattern
from stillwatch.share.stix.texts import (
    CAMPAIGN_NAME,
    FALSE_POSITIVE_TEXTS,
    INDICATOR_NAME,
    INDICATOR_TEXT,
    INFRASTRUCTURE_NAME,
    OPINION_TEXT,
    FalsePositive,
)

__all__ = [
    "bundle_bytes",
    "false_positive_bundle",
    "indicator_bundle",
    "member_identity",
    "revocation",
    "sighting_bundle",
]

Object = dict[str, Any]


def indicator_bundle(indicator: Indicator, member: str) -> Object:
    """Bundle of an indicator: the campaign, what it does, its tags, what defenders may consider.

    Techniques and tags stand in order and once, so that the order in which they were found makes no difference.

    member      UUID that is the member's pseudonym.
    Raises      InvalidInput for ids that are no random UUIDs, times finer than milliseconds, and behaviour that the
                pattern language has no words for.
    """
    common = _Common(member, indicator.tlp, indicator.created, indicator.modified)
    told = _indicator(indicator, common)
    campaign = _campaign(indicator, common)
    networks = _infrastructure(indicator, common)
    attacks = [ATTACK_PATTERNS[code] for code in attack_patterns_of(indicator.techniques)]
    links = [
        ("indicates", told, campaign),
        ("attributed-to", campaign, INTRUSION_SET),
        *(("uses", campaign, attack) for attack in attacks),
        *(("uses", campaign, made) for made in networks),
    ]
    objects = [
        *_shared(common),
        INTRUSION_SET,
        *attacks,
        *ADVICE.values(),
        *ADVICE_LINKS.values(),
        campaign,
        told,
        *networks,
        *(common.link(indicator.indicator_id, *link) for link in links),
    ]
    return _bundle(objects, told)


def sighting_bundle(sighting: Sighting, member: str, tlp: Tlp, modified: datetime | None = None) -> Object:
    """Bundle of a member's answer; ``count: 0`` says looked and not seen. Rates are rounded to four decimals.

    tlp         Of the indicator that is answered.
    modified    When the answer came to be another than the member said first; None: it is the first.
    """
    common = _Common(member, tlp, sighting.created, modified or sighting.created)
    more: Object = {
        "days": sighting.days,
        "coverage": round(round(sighting.coverage / 0.05) * 0.05, 2),
        "tag_kinds": [kind.value for kind in SignalKind if kind in sighting.tag_kinds],
    }
    if sighting.benign_rate is not None:
        more["benign_rate"] = round(sighting.benign_rate, 4)
    made = common.object(stix_id("sighting", sighting.sighting_id), more) | {
        "sighting_of_ref": stix_id("indicator", sighting.indicator_id),
        "count": int(sighting.answer is SightingAnswer.SEEN),
        "where_sighted_refs": [common.maker],
    }
    return _bundle([*_shared(common), made], made)


def false_positive_bundle(
    indicator_id: str, reason: FalsePositive, created: datetime, *, member: str, tlp: Tlp
) -> Object:
    """Bundle of an opinion against an indicator, and a note that says why; each from a closed list."""
    common = _Common(member, tlp, created, created)
    about = stix_id("indicator", indicator_id)
    opinion = common.object(derived_id("opinion", indicator_id, member, time_text(created))) | {
        "opinion": "strongly-disagree",
        "explanation": OPINION_TEXT,
        "object_refs": [about],
    }
    note = common.object(derived_id("note", indicator_id, member, time_text(created))) | {
        "content": FALSE_POSITIVE_TEXTS[reason],
        "object_refs": [about, opinion["id"]],
    }
    return _bundle([*_shared(common), opinion, note], opinion)


def revocation(indicator: Indicator, member: str, modified: datetime) -> Object:
    """The same bundle, taken back: its indicator, networks and links are revoked, their tags and behaviour gone.

    Raises  InvalidInput unless `modified` is later than the indicator's own, as `indicator_bundle` else.
    """
    if modified <= indicator.modified:
        message = "a revocation must be later than what it revokes"
        raise InvalidInput(message)
    bundle = indicator_bundle(indicator, member)
    own = [made for made in bundle["objects"] if EXTENSION in made.get("extensions", {}) and made["type"] != "campaign"]
    for made in own:
        made |= {"modified": time_text(modified), "revoked": True}
        extension = made["extensions"][EXTENSION]
        extension.pop("quiet_until", None)
        extension.pop("tags", None)
        if made["type"] == "indicator":
            made["pattern"] = "unknown"
    return _bundle(bundle["objects"], next(made for made in own if made["type"] == "indicator"))


def bundle_bytes(bundle: Object) -> bytes:
    """Canonical JSON of a bundle (RFC 8785)."""
    return rfc8785.dumps(bundle)


def member_identity(member: str) -> Object:
    """A member as the others see it: a pseudonym.

    >>> member_identity("7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b")["name"]
    'member 7f3a'
    """
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": stix_id("identity", member),
        "created": CREATED,
        "modified": CREATED,
        "name": f"member {member[:4]}",
        "identity_class": "organization",
    }


class _Common:
    """What all objects of one member's bundle have."""

    def __init__(self, member: str, tlp: Tlp, created: datetime, modified: datetime) -> None:
        self.member = member
        self.maker = stix_id("identity", member)
        self.marking = TLP_MARKINGS[tlp]
        self.created, self.modified = time_text(created), time_text(modified)

    def object(self, identifier: str, more: Object | None = None) -> Object:
        told = {name: value for name, value in (more or {}).items() if value != []}  # STIX knows no empty list
        extension = {"extension_type": "property-extension", "schema": schema_hash()} | told
        return {
            "type": identifier.partition("--")[0],
            "spec_version": "2.1",
            "id": identifier,
            "created_by_ref": self.maker,
            "created": self.created,
            "modified": self.modified,
            "object_marking_refs": [self.marking["id"]],
            "extensions": {EXTENSION: extension},
        }

    def link(self, indicator_id: str, name: str, source: Object, target: Object) -> Object:
        made = self.object(derived_id("relationship", indicator_id, name, target["id"]))
        return made | {"relationship_type": name, "source_ref": source["id"], "target_ref": target["id"]}


def _shared(common: _Common) -> list[Object]:
    clear = TLP_MARKINGS[Tlp.CLEAR]
    markings = [clear] if common.marking is clear else [clear, common.marking]
    return [STILLWATCH, EXTENSION_DEFINITION, *markings, member_identity(common.member)]


def _bundle(objects: list[Object], about: Object) -> Object:
    identifier = derived_id("bundle", about["id"], about["modified"])
    return {"type": "bundle", "id": identifier, "objects": objects}


def _campaign(indicator: Indicator, common: _Common) -> Object:
    """One object, to the byte, for all indicators of a group that one member marks alike: it has no time of its own."""
    identifier = derived_id("campaign", indicator.group_id, common.member, indicator.tlp.value)
    return common.object(identifier) | {"name": CAMPAIGN_NAME, "created": CREATED, "modified": CREATED}


def _indicator(indicator: Indicator, common: _Common) -> Object:
    stix_id("group", indicator.group_id)
    more: Object = {
        "group": indicator.group_id,
        "source_grade": indicator.confidence.source.value,
        "information_grade": indicator.confidence.information.value,
        "techniques": [technique.value for technique in Technique if technique in indicator.techniques],
        "tags": _tags(tag for tag in indicator.tags if tag.kind is SignalKind.BAND),
    }
    if indicator.quiet_until is not None:
        more["quiet_until"] = time_text(indicator.quiet_until)
    number = stix_confidence(indicator.confidence)
    return common.object(stix_id("indicator", indicator.indicator_id), more) | {
        "name": INDICATOR_NAME,
        "description": INDICATOR_TEXT,
        "indicator_types": ["anomalous-activity"],
        "pattern": format_pattern(indicator.behaviour),
        "pattern_type": PATTERN_TYPE,
        "pattern_version": "1.0",
        "valid_from": time_text(indicator.valid_from),
        "valid_until": time_text(indicator.valid_until),
        **({} if number is None else {"confidence": number}),
    }


def _infrastructure(indicator: Indicator, common: _Common) -> list[Object]:
    tags = _tags(tag for tag in indicator.tags if tag.kind is not SignalKind.BAND)
    if not tags:
        return []
    made = common.object(derived_id("infrastructure", indicator.indicator_id), {"tags": tags})
    return [made | {"name": INFRASTRUCTURE_NAME, "infrastructure_types": ["unknown"]}]


def _tags(tags: Iterable[Tag]) -> list[Object]:
    order = list(SignalKind)
    found = sorted({(order.index(tag.kind), tag.epoch, tag.value) for tag in tags})
    return [{"kind": order[kind].value, "epoch": epoch, "value": value} for kind, epoch, value in found]
