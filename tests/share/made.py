"""Indicators and sightings for the tests: drawn by hypothesis, and one that is always the same."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import (
    Behaviour,
    Confidence,
    Indicator,
    InformationGrade,
    Share,
    Sighting,
    SightingAnswer,
    SignalKind,
    SourceGrade,
    Tag,
    Technique,
    Tlp,
)
from stillwatch.share.stix.vocabulary import CAPABILITIES, CLIENT_LIBRARIES, MAX_TOKENS, TEMPERATURES, TOP_PS

MEMBER = "7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b"
START = datetime(2026, 11, 20, 1, 2, 3, 4000, UTC)

BUILDS = st.builds("{}/{}".format, st.sampled_from(CLIENT_LIBRARIES), st.integers(0, 99))
LEVELS = st.integers(0, 7)
UUIDS = st.binary(min_size=16, max_size=16).map(lambda data: str(uuid.UUID(bytes=data, version=4)))
TIMES = st.integers(0, 10**10).map(lambda ms: START + timedelta(milliseconds=ms))


def digest(number: int) -> str:
    """A tag's value: any 32 bytes of a hash."""
    return uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex + uuid.uuid5(uuid.NAMESPACE_URL, str(number)).hex


TAGS = st.builds(Tag, st.sampled_from(SignalKind), st.integers(0, 3), st.integers(0, 10**6).map(digest))

BEHAVIOURS = st.builds(
    Behaviour,
    elicitation=st.dictionaries(st.sampled_from(ELICITATION_CLASSES), st.sampled_from(Share)),
    capabilities=st.dictionaries(st.sampled_from(CAPABILITIES), st.sampled_from(Share)),
    temperature=st.none() | st.sampled_from(TEMPERATURES),
    top_p=st.none() | st.sampled_from(TOP_PS),
    max_tokens=st.none() | st.sampled_from(MAX_TOKENS),
    logprobs=st.none() | st.booleans(),
    builds=st.sets(BUILDS, max_size=8).map(lambda found: tuple(sorted(found))),
    week=st.just(()) | st.tuples(*[LEVELS] * 168),
    gaps=st.just(()) | st.tuples(*[LEVELS] * 16),
)


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    """Any indicator that may be told; techniques and tags in order."""
    created = draw(TIMES)
    kinds = list(SignalKind)
    tags = draw(st.sets(TAGS, max_size=6))
    return Indicator(
        indicator_id=draw(UUIDS),
        group_id=draw(UUIDS),
        created=created,
        modified=created + timedelta(milliseconds=draw(st.integers(0, 10**9))),
        valid_from=created,
        valid_until=created + timedelta(milliseconds=draw(st.integers(1, 180 * 86_400_000))),
        tlp=draw(st.sampled_from(Tlp)),
        confidence=Confidence(draw(st.sampled_from(SourceGrade)), draw(st.sampled_from(InformationGrade))),
        techniques=tuple(t for t in Technique if t in draw(st.sets(st.sampled_from(Technique)))),
        behaviour=draw(BEHAVIOURS),
        tags=tuple(sorted(tags, key=lambda tag: (kinds.index(tag.kind), tag.epoch, tag.value))),
        quiet_until=draw(
            st.none() | st.integers(1, 72 * 3_600_000).map(lambda ms: created + timedelta(milliseconds=ms))
        ),
    )


SIGHTINGS = st.builds(
    Sighting,
    sighting_id=UUIDS,
    indicator_id=UUIDS,
    created=TIMES,
    answer=st.sampled_from(SightingAnswer),
    days=st.integers(1, 90),
    coverage=st.integers(0, 20).map(lambda n: round(n * 0.05, 2)),
    tag_kinds=st.sets(st.sampled_from(SignalKind)).map(
        lambda found: tuple(kind for kind in SignalKind if kind in found)
    ),
    benign_rate=st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000),
)


def indicator(**changes: Any) -> Indicator:
    """One indicator with something in every field."""
    told: dict[str, Any] = {
        "indicator_id": "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89",
        "group_id": "0c9d7a31-52f4-4be8-9d0a-3f6e8b1c2d4e",
        "created": START,
        "modified": START,
        "valid_from": START,
        "valid_until": START + timedelta(days=30),
        "tlp": Tlp.AMBER,
        "confidence": Confidence(SourceGrade.B, InformationGrade.TWO),
        "techniques": (Technique.TEMPLATED_PROMPTS, Technique.TURN_DISPATCH, Technique.RELAYED_TRAFFIC),
        "behaviour": Behaviour(
            {"reasoning": Share.MOST, "format": Share.PART},
            {"tools": Share.NONE},
            temperature="0",
            top_p="1",
            max_tokens="1024-4096",
            logprobs=False,
            builds=("httpx/0", "openai-python/2"),
            week=(7, *[3] * 167),
            gaps=tuple([0, 7] * 8),
        ),
        "tags": (
            Tag(SignalKind.ADDRESS, 3, digest(1)),
            Tag(SignalKind.PAYMENT, 3, digest(2)),
            Tag(SignalKind.BAND, 3, digest(3)),
        ),
        "quiet_until": START + timedelta(hours=5),
    }
    return Indicator(**(told | changes))


def sighting(**changes: Any) -> Sighting:
    """A member looked for it and did not see it."""
    told: dict[str, Any] = {
        "sighting_id": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "indicator_id": "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89",
        "created": START,
        "answer": SightingAnswer.LOOKED_NOT_SEEN,
        "days": 14,
        "coverage": 0.95,
        "tag_kinds": (SignalKind.ADDRESS, SignalKind.BAND),
        "benign_rate": 0.0012,
    }
    return Sighting(**(told | changes))
