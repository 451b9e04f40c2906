"""Rules between fields: order of times, how far ahead, and what must agree with what."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from stillwatch.model.indicator import InformationGrade
from stillwatch.share.stix.atlas import ATTACK_PATTERNS, INTRUSION_SET
from stillwatch.share.stix.confidence import STIX_CONFIDENCE
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import read_time

__all__ = ["CROSS_RULES", "QUIET_HOURS", "SKEW", "VALID_DAYS", "CrossRule", "clock_problem"]

VALID_DAYS: Final = 180
QUIET_HOURS: Final = 72
TAGS_MOST: Final = 10_000
SKEW: Final = timedelta(minutes=2)
"""How far a member's clock may be ahead."""

Document = dict[str, Any]


class CrossRule(NamedTuple):
    """A rule about a whole object: its name, what it says, the types that it is about, the fields that break it."""

    name: str
    says: str
    types: tuple[str, ...]
    broken: Callable[[Document], Iterator[str]]


def _extension(document: Document) -> Document:
    extensions = document.get("extensions")
    found = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    return found if isinstance(found, dict) else {}


def _times(document: Document, first: str, second: str) -> tuple[datetime, datetime] | None:
    one, other = read_time(document.get(first)), read_time(document.get(second))
    return None if one is None or other is None else (one, other)


def _modified(document: Document) -> Iterator[str]:
    times = _times(document, "created", "modified")
    if times and times[1] < times[0]:
        yield "/modified"


def _validity(document: Document) -> Iterator[str]:
    start = "valid_from" if document["type"] == "indicator" else "created"
    times = _times(document, start, "valid_until")
    if times and not timedelta() < times[1] - times[0] <= timedelta(days=VALID_DAYS):
        yield "/valid_until"


def _quiet(document: Document) -> Iterator[str]:
    created, quiet = read_time(document.get("created")), read_time(_extension(document).get("quiet_until"))
    if created and quiet and not timedelta() < quiet - created <= timedelta(hours=QUIET_HOURS):
        yield f"/extensions/{EXTENSION}/quiet_until"


def _confidence(document: Document) -> Iterator[str]:
    grade = _extension(document).get("information_grade")
    if grade in tuple(InformationGrade) and document.get("confidence") != STIX_CONFIDENCE.get(InformationGrade(grade)):
        yield "/confidence"


def _name(document: Document) -> Iterator[str]:
    identifier = document.get("id")
    if isinstance(identifier, str) and document.get("name") != f"member {identifier.partition('--')[2][:4]}":
        yield "/name"


def _sighter(document: Document) -> Iterator[str]:
    if document.get("where_sighted_refs") != [document.get("created_by_ref")]:
        yield "/where_sighted_refs"


def _link(document: Document) -> Iterator[str]:
    source, target = document.get("source_ref"), document.get("target_ref")
    if isinstance(source, str) and isinstance(target, str):
        kinds = source.partition("--")[0], target.partition("--")[0]
        if (document.get("relationship_type"), *kinds) not in _LINKS or (
            kinds[1] in _TOLD_BY_ALL and target not in _ALL
        ):
            yield "/target_ref"


def _objects(document: Document) -> list[Document]:
    objects = document.get("objects")
    return [made for made in objects if isinstance(made, dict)] if isinstance(objects, list) else []


def _tag_count(document: Document) -> Iterator[str]:
    lists = [_extension(made).get("tags") for made in _objects(document)]
    if sum(len(tags) for tags in lists if isinstance(tags, list)) > TAGS_MOST:
        yield "/objects"


def _same(field: str) -> Callable[[Document], Iterator[str]]:
    def broken(document: Document) -> Iterator[str]:
        made = [one for one in _objects(document) if _extension(one)]
        if any(one.get(field) != made[0].get(field) for one in made[1:]):
            yield "/objects"

    return broken


def _twice(document: Document) -> Iterator[str]:
    ids = [made["id"] for made in _objects(document) if isinstance(made.get("id"), str)]
    if len(set(ids)) != len(ids):
        yield "/objects"


_STIX: Final = ("campaign", "infrastructure", "indicator", "relationship", "sighting", "opinion", "note")

_LINKS: Final = (
    ("indicates", "indicator", "campaign"),
    ("attributed-to", "campaign", "intrusion-set"),
    ("uses", "campaign", "attack-pattern"),
    ("uses", "campaign", "infrastructure"),
)
_ALL: Final = frozenset(made["id"] for made in (INTRUSION_SET, *ATTACK_PATTERNS.values()))
_TOLD_BY_ALL: Final = frozenset({"intrusion-set", "attack-pattern"})

CROSS_RULES: Final = (
    CrossRule("modified", "modified must not be before created", _STIX, _modified),
    CrossRule(
        "valid-until",
        f"valid_until must be after the start and at most {VALID_DAYS} days later",
        ("indicator", "harvest-rule"),
        _validity,
    ),
    CrossRule(
        "quiet-until",
        f"quiet_until must be after created and at most {QUIET_HOURS} hours later",
        ("indicator",),
        _quiet,
    ),
    CrossRule(
        "confidence", "confidence must be the number of the information grade, none for 6", ("indicator",), _confidence
    ),
    CrossRule("name", "name must be member and the first four digits of the id", ("identity",), _name),
    CrossRule("sighter", "where_sighted_refs must be who made the sighting", ("sighting",), _sighter),
    CrossRule(
        "link",
        "an indicator indicates a campaign; a campaign uses techniques and tags and is attributed to nobody",
        ("relationship",),
        _link,
    ),
    CrossRule("tag-count", f"a bundle must have at most {TAGS_MOST} tags", ("bundle",), _tag_count),
    CrossRule("one-marking", "a bundle must have one marking", ("bundle",), _same("object_marking_refs")),
    CrossRule("one-maker", "a bundle must have one maker", ("bundle",), _same("created_by_ref")),
    CrossRule("no-repeats", "a bundle must hold no object twice", ("bundle",), _twice),
)
"""Every rule between fields."""


def clock_problem(document: Document, now: datetime) -> tuple[str, str, str] | None:
    """Field, rule and explanation when an object comes from the future or has expired; None when it does neither."""
    for field in ("created", "modified"):
        time = read_time(document.get(field))
        if time and time > now + SKEW:
            return f"/{field}", "future", f"{field} must not be in the future"
    end = read_time(document.get("valid_until"))
    if end and end <= now and document.get("revoked") is not True:
        return "/valid_until", "expired", "valid_until must be in the future"
    return None
