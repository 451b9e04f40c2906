"""THE table: every field that may cross, for every type of object and message. What is not here is refused.

Read it from top to bottom; ``stillwatch share table`` prints it. Its hash is carried by every message.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import rfc8785

from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import InformationGrade, SignalKind, SourceGrade, Technique
from stillwatch.share.appeals.case import REMOVED, Answer, Grounds
from stillwatch.share.guard.cross import CROSS_RULES
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.scanners import SCANNERS
from stillwatch.share.guard.searches import MATCHES, SEARCH_ANSWERS
from stillwatch.share.guard.words import ENFORCEMENT_WORDS
from stillwatch.share.rules.terms import ANSWERS, RULE_LIMITS
from stillwatch.share.stix.atlas import ADVICE, ADVICE_LINKS, ATTACK_PATTERNS, INTRUSION_SET
from stillwatch.share.stix.confidence import STIX_CONFIDENCE
from stillwatch.share.stix.extension import EXTENSION, EXTENSION_DEFINITION, STILLWATCH
from stillwatch.share.stix.ids import CREATED
from stillwatch.share.stix.markings import TLP_MARKINGS
from stillwatch.share.stix.pattern import PATTERN_TYPE
from stillwatch.share.stix.texts import (
    CAMPAIGN_NAME,
    FALSE_POSITIVE_TEXTS,
    INDICATOR_NAME,
    INDICATOR_TEXT,
    INFRASTRUCTURE_NAME,
    OPINION_TEXT,
)
from stillwatch.share.stix.vocabulary import MAX_TOKENS, TEMPERATURES, TOP_PS

__all__ = ["FIXED_OBJECTS", "REVEALED_MOST", "ROWS", "TABLE", "children", "schema_hash"]

TAGS_MOST: Final = 10_000
EPOCH_MOST: Final = 1_000_000
REVEALED_MOST: Final = 256
"""Tags in one reveal: a handful proves as much as all."""
_LEAVES: Final = tuple(1 << n for n in range(6, 21))

FIXED_OBJECTS: Final[Mapping[str, dict[str, Any]]] = {
    made["id"]: made
    for made in (
        STILLWATCH,
        EXTENSION_DEFINITION,
        INTRUSION_SET,
        *TLP_MARKINGS.values(),
        *ATTACK_PATTERNS.values(),
        *ADVICE.values(),
        *ADVICE_LINKS.values(),
    )
}
"""Objects that are the same for everybody: one with such an id must be equal to it, to the letter."""

_SOURCES: Final = tuple(grade.value for grade in SourceGrade)
_CREDIBILITIES: Final = tuple(grade.value for grade in InformationGrade)
_KINDS: Final = tuple(kind.value for kind in SignalKind)
_MARKINGS: Final = tuple(marking["id"] for marking in TLP_MARKINGS.values())


def _made_by_a_member(kind: str, why: str) -> tuple[Row, ...]:
    """Fields that every object of a member has."""
    ext = f"{kind}.extensions.{EXTENSION}"
    return (
        Row(kind, Kind.OBJECT, why),
        Row(f"{kind}.type", Kind.CHOICE, "STIX", (kind,)),
        Row(f"{kind}.spec_version", Kind.CHOICE, "STIX", ("2.1",)),
        Row(f"{kind}.id", Kind.ID, "STIX; random or derived from random ids", (kind,)),
        Row(f"{kind}.created_by_ref", Kind.ID, "the member's pseudonym; only the forum knows whose", ("identity",)),
        Row(f"{kind}.created", Kind.TIME, "STIX"),
        Row(f"{kind}.modified", Kind.TIME, "STIX: the later version wins"),
        Row(f"{kind}.revoked", Kind.CHOICE, "taken back; the object stays as a tombstone", (True,), required=False),
        Row(f"{kind}.object_marking_refs", Kind.LIST, "who may see it, exactly one level", least=1, most=1),
        Row(f"{kind}.object_marking_refs[]", Kind.CHOICE, "TLP 2.0", _MARKINGS),
        Row(f"{kind}.extensions", Kind.OBJECT, "the one extension that is declared"),
        Row(ext, Kind.OBJECT, "what STIX has no place for"),
        Row(f"{ext}.extension_type", Kind.CHOICE, "STIX", ("property-extension",)),
        Row(f"{ext}.schema", Kind.SCHEMA, "which version of this table the object passed: anyone can replay the check"),
        Row(f"{ext}.signature", Kind.SIGNATURE, "who made it: not even the forum speaks for a member", required=False),
    )


def _tags(path: str, kinds: tuple[str, ...]) -> tuple[Row, ...]:
    return (
        Row(path, Kind.LIST, "values that nobody can read", least=1, most=TAGS_MOST, required=False),
        Row(f"{path}[]", Kind.OBJECT, "one tag"),
        Row(f"{path}[].kind", Kind.CHOICE, "what kind of value it stands for", kinds),
        Row(f"{path}[].epoch", Kind.WHOLE, "which key it was made with", least=0, most=EPOCH_MOST),
        Row(f"{path}[].value", Kind.TAG, "output of a keyed function that nobody evaluates alone"),
    )


def _message(kind: str, why: str) -> tuple[Row, ...]:
    """Fields that every message has which is no STIX object."""
    return (
        Row(kind, Kind.OBJECT, why),
        Row(f"{kind}.type", Kind.CHOICE, "which message", (kind,)),
        Row(f"{kind}.schema", Kind.SCHEMA, "which version of this table it passed"),
        Row(f"{kind}.id", Kind.UUID, "random reference; it tells nothing of the case"),
        Row(f"{kind}.created", Kind.TIME, "when it was made"),
        Row(f"{kind}.signature", Kind.SIGNATURE, "who made it: not even the forum speaks for a member", required=False),
    )


def _letter(kind: str, why: str) -> tuple[Row, ...]:
    """Fields of what one member writes to one other; the forum carries it sealed."""
    return (
        *_message(kind, why),
        Row(f"{kind}.to", Kind.UUID, "pseudonym of who it is for: passed on to somebody else it is worth nothing"),
    )


TABLE: Final[tuple[Row, ...]] = (
    Row("bundle", Kind.OBJECT, "objects that are sent together"),
    Row("bundle.type", Kind.CHOICE, "STIX", ("bundle",)),
    Row("bundle.id", Kind.ID, "STIX", ("bundle",)),
    Row("bundle.objects", Kind.LIST, "an indicator needs about 20", least=1, most=64),
    Row("bundle.objects[]", Kind.ANY, "each by its own type"),
    Row("identity", Kind.OBJECT, "a member under its pseudonym"),
    Row("identity.type", Kind.CHOICE, "STIX", ("identity",)),
    Row("identity.spec_version", Kind.CHOICE, "STIX", ("2.1",)),
    Row("identity.id", Kind.ID, "the pseudonym", ("identity",)),
    Row("identity.created", Kind.CHOICE, "the same for all: when a member joined is not told", (CREATED,)),
    Row("identity.modified", Kind.CHOICE, "as created", (CREATED,)),
    Row("identity.name", Kind.NAME, "first digits of the id, for people to read"),
    Row("identity.identity_class", Kind.CHOICE, "STIX", ("organization",)),
    *_made_by_a_member("campaign", "one operation; nobody behind it is named"),
    Row("campaign.name", Kind.CHOICE, "STIX wants a name; all have the same", (CAMPAIGN_NAME,)),
    *_made_by_a_member("infrastructure", "networks, domains and payments of a campaign, as keyed tags only"),
    Row("infrastructure.name", Kind.CHOICE, "STIX wants a name; all have the same", (INFRASTRUCTURE_NAME,)),
    Row("infrastructure.infrastructure_types", Kind.LIST, "STIX", least=1, most=1),
    Row("infrastructure.infrastructure_types[]", Kind.CHOICE, "nothing is told but tags", ("unknown",)),
    *_tags(f"infrastructure.extensions.{EXTENSION}.tags", tuple(k for k in _KINDS if k != SignalKind.BAND.value)),
    *_made_by_a_member("indicator", "how a campaign acts, in buckets and levels"),
    Row("indicator.name", Kind.CHOICE, "all have the same", (INDICATOR_NAME,)),
    Row("indicator.description", Kind.CHOICE, "one sentence, the same for all", (INDICATOR_TEXT,)),
    Row("indicator.indicator_types", Kind.LIST, "STIX", least=1, most=1),
    Row("indicator.indicator_types[]", Kind.CHOICE, "STIX: attention, no accusation", ("anomalous-activity",)),
    Row("indicator.pattern", Kind.PATTERN, "buckets, levels and public libraries; a closed language"),
    Row("indicator.pattern_type", Kind.CHOICE, "the language of the pattern", (PATTERN_TYPE,)),
    Row("indicator.pattern_version", Kind.CHOICE, "its version", ("1.0",)),
    Row("indicator.valid_from", Kind.TIME, "from when it may be used"),
    Row("indicator.valid_until", Kind.TIME, "until when; there is no indicator without an end"),
    Row(
        "indicator.confidence",
        Kind.CHOICE,
        "number of the information grade, by the standard's table",
        tuple(STIX_CONFIDENCE.values()),
        required=False,
    ),
    Row(f"indicator.extensions.{EXTENSION}.group", Kind.UUID, "which indicators are of one operation"),
    Row(f"indicator.extensions.{EXTENSION}.source_grade", Kind.CHOICE, "Admiralty: who says it", _SOURCES),
    Row(f"indicator.extensions.{EXTENSION}.information_grade", Kind.CHOICE, "Admiralty: what is said", _CREDIBILITIES),
    Row(
        f"indicator.extensions.{EXTENSION}.techniques",
        Kind.LIST,
        "how it collects",
        least=1,
        most=len(Technique),
        required=False,
    ),
    Row(
        f"indicator.extensions.{EXTENSION}.techniques[]",
        Kind.CHOICE,
        "a closed list",
        tuple(technique.value for technique in Technique),
    ),
    *_tags(f"indicator.extensions.{EXTENSION}.tags", (SignalKind.BAND.value,)),
    Row(
        f"indicator.extensions.{EXTENSION}.quiet_until",
        Kind.TIME,
        "advice not to act visibly before; it binds nobody and tells nothing of what anybody does",
        required=False,
    ),
    *_made_by_a_member("relationship", "how the objects of one indicator belong together"),
    Row("relationship.relationship_type", Kind.CHOICE, "STIX", ("attributed-to", "indicates", "uses")),
    Row("relationship.source_ref", Kind.ID, "STIX", ("campaign", "indicator")),
    Row("relationship.target_ref", Kind.ID, "STIX", ("attack-pattern", "campaign", "infrastructure", "intrusion-set")),
    *_made_by_a_member("sighting", "a member looked for an indicator: seen, or looked and not seen"),
    Row("sighting.sighting_of_ref", Kind.ID, "which indicator", ("indicator",)),
    Row("sighting.count", Kind.CHOICE, "0 looked and not seen, 1 seen; how often is not told", (0, 1)),
    Row("sighting.where_sighted_refs", Kind.LIST, "STIX", least=1, most=1),
    Row("sighting.where_sighted_refs[]", Kind.ID, "the member's pseudonym", ("identity",)),
    Row(f"sighting.extensions.{EXTENSION}.days", Kind.WHOLE, "days of traffic that were searched", least=1, most=90),
    Row(
        f"sighting.extensions.{EXTENSION}.coverage",
        Kind.STEPS,
        "share of the traffic that carried what was searched for",
        least=0,
        most=1,
        step=0.05,
    ),
    Row(
        f"sighting.extensions.{EXTENSION}.tag_kinds",
        Kind.LIST,
        "which tags were compared",
        least=1,
        most=len(_KINDS),
        required=False,
    ),
    Row(f"sighting.extensions.{EXTENSION}.tag_kinds[]", Kind.CHOICE, "a closed list", _KINDS),
    Row(
        f"sighting.extensions.{EXTENSION}.benign_rate",
        Kind.STEPS,
        "share of verified accounts that carry the tags, with noise: a shared address scores itself down",
        least=0,
        most=1,
        step=0.0001,
        required=False,
    ),
    *_made_by_a_member("opinion", "a member disagrees with an indicator"),
    Row("opinion.opinion", Kind.CHOICE, "STIX", ("disagree", "strongly-disagree")),
    Row("opinion.explanation", Kind.CHOICE, "one sentence, the same for all", (OPINION_TEXT,)),
    Row("opinion.object_refs", Kind.LIST, "which indicator", least=1, most=1),
    Row("opinion.object_refs[]", Kind.ID, "STIX", ("indicator",)),
    *_made_by_a_member("note", "why an indicator is held to be a false positive"),
    Row("note.content", Kind.CHOICE, "one of these sentences", tuple(FALSE_POSITIVE_TEXTS.values())),
    Row("note.object_refs", Kind.LIST, "which indicator and which opinion", least=1, most=2),
    Row("note.object_refs[]", Kind.ID, "STIX", ("indicator", "opinion")),
    *_message("appeal", "an affected customer objects; the case itself stays with the member that got it"),
    Row("appeal.indicator_ref", Kind.ID, "which indicator", ("indicator",)),
    Row("appeal.grounds", Kind.CHOICE, "a closed list", tuple(grounds.value for grounds in Grounds)),
    *_message("appeal-answer", "what a holder thinks of the indicator on its own evidence, or that it is gone"),
    Row("appeal-answer.appeal", Kind.UUID, "the holder's name in the case"),
    Row(
        "appeal-answer.answer",
        Kind.CHOICE,
        "about the signal, not the customer",
        (*(answer.value for answer in Answer), REMOVED),
    ),
    *_message("harvest-rule", "a detector that a person wrote, to be tried in shadow"),
    Row("harvest-rule.version", Kind.CHOICE, "of the format", (1,)),
    Row("harvest-rule.author", Kind.NAME, "pseudonym"),
    Row("harvest-rule.valid_until", Kind.TIME, "a rule ends too"),
    Row("harvest-rule.segments", Kind.LIST, "wordings of templates", most=RULE_LIMITS.segments),
    Row(
        "harvest-rule.segments[]",
        Kind.WORDS,
        f"at most {RULE_LIMITS.tokens} words and wildcards, no sentence of a user",
    ),
    Row("harvest-rule.elicitation", Kind.LIST, "what prompts ask for", most=len(ELICITATION_CLASSES)),
    Row("harvest-rule.elicitation[]", Kind.CHOICE, "a closed list", ELICITATION_CLASSES),
    Row("harvest-rule.request", Kind.OBJECT, "parameters, as buckets"),
    Row("harvest-rule.request.temperature", Kind.CHOICE, "a bucket", TEMPERATURES, required=False),
    Row("harvest-rule.request.top_p", Kind.CHOICE, "a bucket", TOP_PS, required=False),
    Row("harvest-rule.request.max_tokens", Kind.CHOICE, "a bucket", MAX_TOKENS, required=False),
    Row("harvest-rule.request.logprobs", Kind.CHOICE, "asked for or not", (False, True), required=False),
    Row("harvest-rule.thresholds", Kind.OBJECT, "from when on an account counts"),
    Row(
        "harvest-rule.thresholds.exchanges",
        Kind.WHOLE,
        "exchanges that match; a rule about fewer could look for one person",
        least=RULE_LIMITS.exchanges_least,
        most=RULE_LIMITS.exchanges_most,
    ),
    Row("harvest-rule.thresholds.share", Kind.STEPS, "of an account's exchanges", least=0.05, most=1, step=0.05),
    *_message("shadow-answer", "how well a rule did on a member's own traffic, in buckets"),
    Row("shadow-answer.rule", Kind.DIGEST, "hash of the unmodified rule"),
    Row("shadow-answer.precision", Kind.CHOICE, "a bucket", ANSWERS),
    Row("shadow-answer.recall", Kind.CHOICE, "a bucket", ANSWERS),
    *_letter("search-request", "a member asks another how many of its values both have"),
    Row("search-request.kind", Kind.CHOICE, "kind of the values", _KINDS),
    Row("search-request.epoch", Kind.WHOLE, "whose set-up and whose count of searches", least=0, most=EPOCH_MOST),
    Row("search-request.days", Kind.WHOLE, "days of traffic that must have been looked through", least=1, most=90),
    Row("search-request.setup", Kind.DIGEST, "of the set-up that the asker has already", required=False),
    Row("search-request.rows", Kind.DIGEST, "of the values, blinded, that go with it"),
    *_letter("search-answer", "how a search was answered: what is counted goes with it, blinded twice"),
    Row("search-answer.answer", Kind.CHOICE, "counted, or why not", SEARCH_ANSWERS),
    Row("search-answer.days", Kind.WHOLE, "days of traffic that were searched", least=1, most=90, required=False),
    Row("search-answer.coverage", Kind.STEPS, "share of it with values of the kind", (), 0, 1, 0.05, required=False),
    Row("search-answer.setup", Kind.DIGEST, "of the set-up to count with", required=False),
    Row("search-answer.rows", Kind.DIGEST, "of what is counted; it names the search from now on", required=False),
    *_letter("search-approval", "a person of the asker's allows the reveal"),
    Row("search-approval.search", Kind.DIGEST, "which search"),
    Row("search-approval.matches", Kind.CHOICE, "lower end of a bucket; fewer are not revealed", MATCHES),
    Row("search-approval.person", Kind.DIGEST, "salted hash of a name that stays with the member"),
    *_letter("search-reveal", "which values both have, for the asker to read, since people of both sides allowed it"),
    Row("search-reveal.search", Kind.DIGEST, "which search"),
    Row("search-reveal.person", Kind.DIGEST, "salted hash of a name that stays with the member"),
    Row("search-reveal.rows", Kind.DIGEST, "of what goes with it, blinded twice, in the order of the request"),
    *_message("commitment", "what a member holds, committed to before it reads what others have published"),
    Row("commitment.root", Kind.DIGEST, "of a tree of salted hashes; it tells nothing of them"),
    Row("commitment.size", Kind.CHOICE, "leaves of the tree, filled up to a power of two", _LEAVES),
    *_message("reveal", "tags that a member had committed to and another member has published since"),
    Row("reveal.commitment", Kind.WHOLE, "place of the commitment in the ledger", least=0, most=(1 << 53) - 1),
    Row("reveal.items", Kind.LIST, "tags that both have published; a handful proves", least=1, most=REVEALED_MOST),
    Row("reveal.items[]", Kind.OBJECT, "one tag, and what shows that it was committed to"),
    Row("reveal.items[].kind", Kind.CHOICE, "what kind of value it stands for", _KINDS),
    Row("reveal.items[].epoch", Kind.WHOLE, "which key it was made with", least=0, most=EPOCH_MOST),
    Row("reveal.items[].value", Kind.TAG, "output of a keyed function that nobody evaluates alone"),
    Row("reveal.items[].salt", Kind.DIGEST, "random; of this tag alone"),
    Row("reveal.items[].place", Kind.WHOLE, "leaf of the tree; leaves are in no order", least=0, most=_LEAVES[-1] - 1),
    Row("reveal.items[].path", Kind.LIST, "hashes up to the root", least=6, most=20),
    Row("reveal.items[].path[]", Kind.DIGEST, "a hash"),
)
"""Every field that may cross; objects that are the same for everybody stand in FIXED_OBJECTS."""

ROWS: Final[Mapping[str, Row]] = {row.path: row for row in TABLE}


@cache
def children(path: str) -> tuple[str, ...]:
    """Fields of an object of the table.

    >>> children("bundle")
    ('type', 'id', 'objects')
    """
    head = f"{path}."
    names = (row.path.removeprefix(head) for row in TABLE if row.path.startswith(head))
    return tuple(name for name in names if "." not in name and "[" not in name)


@cache
def schema_hash() -> str:
    """SHA-256 of the table, its fixed objects, words and rules as canonical JSON (RFC 8785).

    >>> len(schema_hash())
    64
    """
    told: dict[str, Any] = {
        "rows": [_told(row) for row in TABLE],
        "fixed": list(FIXED_OBJECTS.values()),
        "rules": [[rule.name, rule.says] for rule in CROSS_RULES],
        "scanners": [[scanner.name, scanner.says] for scanner in SCANNERS],
        "words": list(ENFORCEMENT_WORDS),
    }
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def _told(row: Row) -> list[Any]:
    return [row.path, row.kind.value, row.why, list(row.choices), row.least, row.most, row.step, row.required]
