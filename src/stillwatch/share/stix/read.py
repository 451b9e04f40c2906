"""What a bundle says, as our own types. Reads only what the guard has admitted."""

from datetime import datetime
from typing import Any

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import (
    Confidence,
    Indicator,
    InformationGrade,
    Sighting,
    SightingAnswer,
    SignalKind,
    SourceGrade,
    Tag,
    Technique,
)
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import read_time, uuid_of
from stillwatch.share.stix.markings import tlp_of
from stillwatch.share.stix.pattern import parse_pattern
from stillwatch.share.stix.texts import FALSE_POSITIVE_TEXTS, FalsePositive

__all__ = ["is_revoked", "maker_of", "read_false_positive", "read_indicator", "read_sighting"]

Object = dict[str, Any]


def read_indicator(admitted: Admitted) -> Indicator:
    """Indicator of a bundle; tags in the order of their kinds.

    Raises  InvalidInput when the bundle has no indicator, or several.
    """
    objects = _objects(admitted)
    told = _one(objects, "indicator")
    more = told["extensions"][EXTENSION]
    tags = [tag for made in objects for tag in made.get("extensions", {}).get(EXTENSION, {}).get("tags", [])]
    order = list(SignalKind)
    read = sorted((Tag(SignalKind(t["kind"]), t["epoch"], t["value"]) for t in tags), key=lambda t: order.index(t.kind))
    tlp = tlp_of(told["object_marking_refs"][0])
    if tlp is None:
        message = "an indicator must have a marking of TLP 2.0"
        raise InvalidInput(message)
    return Indicator(
        indicator_id=_uuid(told["id"], "indicator"),
        group_id=more["group"],
        created=_time(told["created"]),
        modified=_time(told["modified"]),
        valid_from=_time(told["valid_from"]),
        valid_until=_time(told["valid_until"]),
        tlp=tlp,
        confidence=Confidence(SourceGrade(more["source_grade"]), InformationGrade(more["information_grade"])),
        techniques=tuple(Technique(name) for name in more.get("techniques", ())),
        behaviour=parse_pattern(told["pattern"]),
        tags=tuple(read),
        quiet_until=_time(more["quiet_until"]) if "quiet_until" in more else None,
    )


def read_sighting(admitted: Admitted) -> Sighting:
    """Sighting of a bundle.

    Raises  InvalidInput when the bundle has no sighting, or several.
    """
    told = _one(_objects(admitted), "sighting")
    more = told["extensions"][EXTENSION]
    return Sighting(
        sighting_id=_uuid(told["id"], "sighting"),
        indicator_id=_uuid(told["sighting_of_ref"], "indicator"),
        created=_time(told["created"]),
        answer=SightingAnswer.SEEN if told["count"] else SightingAnswer.LOOKED_NOT_SEEN,
        days=more["days"],
        coverage=float(more["coverage"]),
        tag_kinds=tuple(SignalKind(kind) for kind in more.get("tag_kinds", ())),
        benign_rate=float(more["benign_rate"]) if "benign_rate" in more else None,
    )


def read_false_positive(admitted: Admitted) -> tuple[str, FalsePositive]:
    """UUID of the indicator that is held to be wrong, and why.

    Raises  InvalidInput when the bundle has no opinion with its note.
    """
    objects = _objects(admitted)
    opinion, note = _one(objects, "opinion"), _one(objects, "note")
    reason = next(reason for reason, text in FALSE_POSITIVE_TEXTS.items() if text == note["content"])
    return _uuid(opinion["object_refs"][0], "indicator"), reason


def is_revoked(admitted: Admitted) -> bool:
    """Whether a bundle takes its indicator back."""
    return _one(_objects(admitted), "indicator").get("revoked") is True


def maker_of(admitted: Admitted) -> str:
    """UUID of the member, a pseudonym, whose bundle it is.

    Raises  InvalidInput when nothing of it was made by a member.
    """
    for made in _objects(admitted):
        if EXTENSION in made.get("extensions", {}):
            return _uuid(made["created_by_ref"], "identity")
    message = "a bundle must hold something that a member made"
    raise InvalidInput(message)


def _objects(admitted: Admitted) -> list[Object]:
    document: Object = admitted.document()
    if document["type"] == "bundle":
        return list(document["objects"])
    return [document]


def _one(objects: list[Object], kind: str) -> Object:
    found = [made for made in objects if made["type"] == kind]
    if len(found) != 1:
        message = f"a bundle must have one {kind}, got {len(found)}"
        raise InvalidInput(message)
    return found[0]


def _uuid(identifier: str, kind: str) -> str:
    found = uuid_of(identifier, kind)
    if found is None:
        message = f"an id must be one of {kind}"
        raise InvalidInput(message)
    return found


def _time(text: str) -> datetime:
    found = read_time(text)
    if found is None:
        message = "a time must be UTC with milliseconds"
        raise InvalidInput(message)
    return found
