"""The guard: what stays inside the table is admitted, everything else is refused, and nothing refused is repeated."""

import copy
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.share.made import MEMBER, START, indicator, sighting

from stillwatch.model.indicator import Tlp
from stillwatch.share.commitments.held import item_of
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.messages import commitment_message, reveal_message
from stillwatch.share.guard.admit import NotAdmitted, admit
from stillwatch.share.guard.check import REFUSALS_MOST, check
from stillwatch.share.guard.row import Kind
from stillwatch.share.guard.table import FIXED_OBJECTS, ROWS, TABLE, schema_hash
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.signatures import signed_bundle
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, indicator_bundle, sighting_bundle
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import signed

KEY = SigningKey.generate()
SEARCH: dict[str, dict[str, Any]] = {
    "search-request": {"kind": "address", "epoch": 2969, "days": 14, "setup": "ab" * 32, "rows": "cd" * 32},
    "search-answer": {"answer": "counted", "days": 14, "coverage": 0.95, "setup": "ab" * 32, "rows": "cd" * 32},
    "search-approval": {"search": "cd" * 32, "matches": 10, "person": "ef" * 32},
    "search-reveal": {"search": "cd" * 32, "person": "ef" * 32, "rows": "01" * 32},
}
HOLDING = Holding(MEMBER, map(item_of, indicator().tags), b"s" * 32)
MESSAGES: dict[str, dict[str, Any]] = {
    "indicator": signed_bundle(indicator_bundle(indicator(), MEMBER), KEY),
    "sighting": signed_bundle(sighting_bundle(sighting(), MEMBER, Tlp.AMBER), KEY),
    "false-positive": signed_bundle(
        false_positive_bundle(indicator().indicator_id, FalsePositive.RESEARCH, START, member=MEMBER, tlp=Tlp.AMBER),
        KEY,
    ),
    "appeal": {
        "type": "appeal",
        "schema": schema_hash(),
        "id": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "created": "2026-11-20T01:02:03.004Z",
        "indicator_ref": "indicator--6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89",
        "grounds": "shared-address",
    },
    "appeal-answer": {
        "type": "appeal-answer",
        "schema": schema_hash(),
        "id": "2a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "created": "2026-11-20T01:02:03.004Z",
        "appeal": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "answer": "abstain",
    },
    "harvest-rule": {
        "type": "harvest-rule",
        "schema": schema_hash(),
        "version": 1,
        "id": "3a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "author": "member 7f3a",
        "created": "2026-11-20T01:02:03.004Z",
        "valid_until": "2026-12-20T01:02:03.004Z",
        "segments": ["rate each answer from # to # * and explain"],
        "elicitation": ["grading"],
        "request": {"temperature": "0", "logprobs": True},
        "thresholds": {"exchanges": 20, "share": 0.5},
    },
    "shadow-answer": {
        "type": "shadow-answer",
        "schema": schema_hash(),
        "id": "4a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "created": "2026-11-20T01:02:03.004Z",
        "rule": "ab" * 32,
        "precision": "most",
        "recall": "too-few",
    },
    **{
        name: signed(
            {
                "type": name,
                "schema": schema_hash(),
                "id": "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
                "created": "2026-11-20T01:02:03.004Z",
                "to": MEMBER,
                **fields,
            },
            KEY,
        )
        for name, fields in SEARCH.items()
    },
    "commitment": signed(
        commitment_message(HOLDING.commitment, START).document() | {"id": "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"}, KEY
    ),
    "reveal": signed(
        reveal_message(17, [HOLDING.reveal(item_of(indicator().tags[0]))], START).document()
        | {"id": "6a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"},
        KEY,
    ),
}
SECRETS = {
    "e-mail": "jo.doe@example.org",
    "card": "4111 1111 1111 1111",
    "api-key": "sk-proj-a1B2c3D4e5F6g7H8",
    "private-key": "-----BEGIN PRIVATE KEY-----",
    "address": "203.0.113.77",
    "url": "https://intranet.example.org/x",
    "phone": "+49 170 1234567",
    "prose": "please write me a long poem about the sea",
    "blob": "QWxhZGRpbjpvcGVuIHNlc2FtZQ0aXk1z",
    "account": "acct_1Hx9Zk22",
    "enforcement": "block-user",
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, as the keys that lead there."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places(below, (*at, key))


def texts_of(document: Any, *, keys: bool) -> Iterator[str]:
    """Every field's name, or every text, of a document."""
    if isinstance(document, dict):
        for key, below in document.items():
            if keys:
                yield key
            yield from texts_of(below, keys=keys)
    elif isinstance(document, list):
        for below in document:
            yield from texts_of(below, keys=keys)
    elif isinstance(document, str) and not keys:
        yield document


for name in ("appeal", "appeal-answer", "harvest-rule", "shadow-answer"):
    MESSAGES[name] = signed(MESSAGES[name], KEY)
WORDS_KNOWN = {key for message in MESSAGES.values() for key in texts_of(message, keys=True)}
VALUES_KNOWN = {text for row in TABLE for text in row.choices if isinstance(text, str)} | {
    text for made in FIXED_OBJECTS.values() for text in texts_of(made, keys=False)
}
SHAPES = re.compile(
    r"([a-z-]+--)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{64}|member [0-9a-f]{4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z|[a-z#* ]{10,80}"
    r"|eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoi[A-Za-z0-9_-]{60}[.]{2}[A-Za-z0-9_-]{86}"
)


def is_closed(text: str) -> bool:
    """Whether a text is one that anybody may send, by means that are not the guard's."""
    behaviour = text == "unknown" or text.startswith(("elicitation.", "capability.", "temperature = "))
    return text in VALUES_KNOWN or SHAPES.fullmatch(text) is not None or behaviour


def changed(document: Any, at: tuple[Any, ...], edit: Callable[[Any, Any], None]) -> Any:
    """A copy in which the container of a place was edited."""
    made = copy.deepcopy(document)
    holder = made
    for key in at[:-1]:
        holder = holder[key]
    edit(holder, at[-1])
    return made


def rules_of(document: Any) -> set[str]:
    """Names of the rules that a document breaks."""
    return {refusal.rule for refusal in check(document)}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_of_every_kind_are_admitted(name: str) -> None:
    """Whole, and every object of a bundle alone, as a server gets them."""
    assert check(MESSAGES[name]) == []
    for made in MESSAGES[name].get("objects", []):
        assert check(made) == []


def test_every_row_of_the_table_is_used() -> None:
    """No row for what nobody sends: each is met in a message above, revocations aside."""
    met: set[str] = set()

    def meet(value: Any, path: str) -> None:
        met.add(path)
        if isinstance(value, dict):
            for key, below in value.items():
                meet(below, f"{path}.{key}")
        elif isinstance(value, list):
            for below in value:
                meet(below, f"{path}[]")

    for message in MESSAGES.values():
        meet(message, message["type"])
        for made in message.get("objects", []):
            meet(made, made["type"])
    unmet = {path for path in ROWS if path not in met and not path.endswith(".revoked")}
    assert unmet <= {"harvest-rule.request.top_p", "harvest-rule.request.max_tokens"}


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_an_edited_message_is_admitted_only_inside_the_table(data: st.DataObject) -> None:
    """Whatever a random edit does, what is admitted has known fields alone, and its values are of their kinds."""
    document = data.draw(st.sampled_from([*MESSAGES.values()]))
    at = data.draw(st.sampled_from([place for place in places(document) if place]))
    junk = data.draw(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.just({}) | st.just([])
        | st.sampled_from(["2.1", "identity", 1, 0.5, "2030-01-01T00:00:00.000Z", True])
    )  # fmt: skip
    edit = data.draw(st.sampled_from(["replace", "remove", "add"]))

    def make(holder: Any, key: Any) -> None:
        if edit == "remove":
            del holder[key]
        elif edit == "replace":
            holder[key] = junk
        elif isinstance(holder, dict):
            holder[data.draw(st.text(max_size=10))] = junk
        else:
            holder.append(junk)

    made = changed(document, at, make)
    if check(made):
        return
    assert set(texts_of(made, keys=True)) <= WORDS_KNOWN | {"revoked", "top_p", "max_tokens"}
    assert [text for text in texts_of(made, keys=False) if not is_closed(text)] == []


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_planted_secret_is_refused_wherever_it_is(data: st.DataObject) -> None:
    """As a value, as a new field's value, as a field's name or in a list: it is refused, and not repeated."""
    name = data.draw(st.sampled_from([*SECRETS]))
    document = data.draw(st.sampled_from([*MESSAGES.values()]))
    at = data.draw(st.sampled_from([place for place in places(document) if place]))
    how = data.draw(st.sampled_from(["value", "field", "name"]))

    def plant(holder: Any, key: Any) -> None:
        if isinstance(holder, list):
            holder.append(SECRETS[name])
        elif how == "value":
            holder[key] = SECRETS[name]
        elif how == "field":
            holder["remark"] = {"text": [SECRETS[name]]}
        else:
            holder[SECRETS[name]] = 1

    refusals = check(changed(document, at, plant))
    assert f"value:{name}" in {refusal.rule for refusal in refusals} or any(r.rule == "fixed" for r in refusals)
    assert all(SECRETS[name] not in f"{r.path} {r.explanation}" for r in refusals)


@pytest.mark.parametrize("row", [row for row in TABLE if row.required and "." in row.path and "[]" not in row.path])
def test_a_required_field_that_is_missing_is_refused(row: Any) -> None:
    """Every required field of every type, one after the other."""
    kind, *keys = row.path.split(".")
    objects = [made for message in MESSAGES.values() for made in [message, *message.get("objects", [])]]
    whole = next(made for made in objects if made["type"] == kind and not_fixed(made))

    def drop(holder: Any, key: Any) -> None:
        del holder[key]

    found = check(changed(whole, tuple(keys), drop))
    pointer = "/" + "/".join(keys)
    if keys == ["type"]:
        assert "unknown-type" in {refusal.rule for refusal in found}
    else:
        assert (pointer, "missing") in {(refusal.path, refusal.rule) for refusal in found}


def not_fixed(made: dict[str, Any]) -> bool:
    """Whether an object is a member's own."""
    return made.get("id") not in FIXED_OBJECTS


READABLE = b"jo.doe@example.org, and all".hex().ljust(64, "7")

EDITS: dict[str, tuple[str, tuple[Any, ...], Any]] = {
    "unknown type": ("unknown-type", ("type",), "malware"),
    "another fixed object": ("fixed", ("id",), "identity--8e5d2c47-0b3a-4f19-8c6e-71a2d94f0b35"),
    "no end": ("time", ("valid_until",), None),
    "end too far": ("valid-until", ("valid_until",), "2027-12-31T00:00:00.000Z"),
    "end before start": ("valid-until", ("valid_until",), "2026-11-01T00:00:00.000Z"),
    "another zone": ("time", ("created",), "2026-11-20T01:02:03.004+01:00"),
    "modified before created": ("modified", ("modified",), "2026-11-19T00:00:00.000Z"),
    "quiet too long": ("quiet-until", ("extensions", EXTENSION, "quiet_until"), "2026-11-23T01:02:03.005Z"),
    "quiet in the past": ("quiet-until", ("extensions", EXTENSION, "quiet_until"), "2026-11-20T01:02:03.004Z"),
    "confidence of another grade": ("confidence", ("confidence",), 90),
    "a number for a choice": ("choice", ("confidence",), 70.0),
    "unknown technique": ("choice", ("extensions", EXTENSION, "techniques", 0), "shared-office"),
    "twice": ("repeated", ("extensions", EXTENSION, "techniques", 1), "templated-prompts"),
    "a hash of another schema": ("schema", ("extensions", EXTENSION, "schema"), "0" * 64),
    "a readable tag": ("readable-tag", ("extensions", EXTENSION, "tags", 0, "value"), READABLE),
    "an address as a tag": ("readable-tag", ("extensions", EXTENSION, "tags", 0, "value"), "cb00714d".rjust(64, "0")),
    "a tag in capitals": ("digest", ("extensions", EXTENSION, "tags", 0, "value"), "AB" * 32),
    "an address tag outside infrastructure": ("choice", ("extensions", EXTENSION, "tags", 0, "kind"), "address"),
    "an epoch out of range": ("range", ("extensions", EXTENSION, "tags", 0, "epoch"), -1),
    "a truth for a number": ("number", ("extensions", EXTENSION, "tags", 0, "epoch"), True),
    "another order in the pattern": ("pattern", ("pattern",), "top_p = 1 and temperature = 0"),
    "an exact value in the pattern": ("pattern", ("pattern",), "temperature = 0.7"),
    "an id that was not random": ("id", ("id",), "indicator--6b0f1bd4-9b7e-1c53-8a1e-0d2f5b6c7a89"),
    "a list for an object": ("type", ("extensions",), []),
    "an object for a list": ("type", ("object_marking_refs",), {}),
    "no marking": ("length", ("object_marking_refs",), []),
    "two markings": ("length", ("object_marking_refs",), [None, None]),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_each_rule_refuses_what_it_is_for(what: str) -> None:
    """One edit of a right indicator, one rule by its name."""
    rule, at, value = EDITS[what]
    made = next(made for made in MESSAGES["indicator"]["objects"] if made["type"] == "indicator")

    def put(holder: Any, key: Any) -> None:
        holder[key] = value

    assert rule in rules_of(changed(made, at, put))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [("count", 17, "choice"), ("coverage", 0.9512, "exact-value"), ("benign_rate", 0.00123, "exact-value"),
     ("coverage", 1.05, "range"), ("days", 91, "range"), ("coverage", float("nan"), "number"),
     ("days", 14.0, "number")],
)  # fmt: skip
def test_exact_figures_are_refused_where_buckets_are_due(field: str, value: Any, rule: str) -> None:
    """How often it was seen, and shares finer than their steps."""
    made = next(made for made in MESSAGES["sighting"]["objects"] if made["type"] == "sighting")
    at = (field,) if field == "count" else ("extensions", EXTENSION, field)

    def put(holder: Any, key: Any) -> None:
        holder[key] = value

    assert rule in rules_of(changed(made, at, put))


def test_a_fixed_object_with_a_word_changed_is_refused() -> None:
    """Advice that says something else is no advice of ours."""
    for made in MESSAGES["indicator"]["objects"]:
        if not not_fixed(made):
            assert rules_of(made | {"name": "Block these accounts"}) >= {"fixed", "value:enforcement"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("relationship_type", "uses"),
        ("source_ref", "campaign--6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"),
        ("target_ref", "intrusion-set--6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"),
    ],
)
def test_links_are_those_of_an_indicator(field: str, value: str) -> None:
    """Nothing is attributed to anybody, and nothing is linked in a way that would tell something else."""
    made = next(made for made in MESSAGES["indicator"]["objects"] if made.get("relationship_type") == "indicates")
    assert rules_of(made | {field: value}) == {"link"}
    attributed = {"relationship_type": "attributed-to", "source_ref": value.replace("intrusion-set", "campaign")}
    named = "intrusion-set--6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"
    assert "link" in rules_of(made | attributed | {"target_ref": named})


def test_a_bundle_is_of_one_maker_with_one_marking() -> None:
    """Objects of another member, with another marking, twice, or another bundle inside."""
    bundle = MESSAGES["indicator"]
    other = indicator_bundle(indicator(tlp=Tlp.RED), "8f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b")
    mixed = bundle | {"objects": bundle["objects"] + other["objects"]}
    assert rules_of(mixed) >= {"one-maker", "one-marking", "no-repeats"}
    assert "unknown-type" in rules_of(bundle | {"objects": [bundle]})
    assert "unknown-type" in rules_of(bundle | {"objects": [MESSAGES["appeal"]]})


def test_the_clock_is_looked_at_only_when_it_is_given() -> None:
    """From the future or expired is refused with a clock; without, the answer can be replayed at any time."""
    document = MESSAGES["indicator"]
    assert check(document, now=START) == []
    assert check(document, now=START - timedelta(minutes=2)) == []
    assert {r.rule for r in check(document, now=START - timedelta(minutes=3))} == {"future"}
    assert {r.rule for r in check(document, now=START + timedelta(days=30))} == {"expired"}


def test_bounds_come_before_everything() -> None:
    """Too deep, too many: one refusal, nothing else was looked at."""
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    for document in (deep, [0] * 90_000, {"type": "bundle", "objects": ["x" * 4096] * 1100}):
        (refusal,) = check(document)
        assert refusal.rule == "limit"


def test_the_refusals_are_bounded_too() -> None:
    """A message of nothing but secrets is told up to a limit, in bounded work."""
    assert len(check({"type": "bundle", "objects": [{"jo@example.org": "4111111111111111"}] * 2000})) == REFUSALS_MOST
    assert check({"type": "note", "content": ["a1." * 1300] * 900})


@pytest.mark.parametrize(
    "document", [None, 3, "bundle", [], {}, {"type": []}, {"type": {}, "id": []}, {1: 2}, {"type": b"x"}]
)
def test_what_is_no_message_is_refused(document: object) -> None:
    """Anything else that Python can hold."""
    assert check(document)


def test_no_kind_has_room_for_free_text() -> None:
    """Every leaf of the table is closed: a choice, a number, a time, an id, a digest, or a language of ours."""
    closed = set(Kind) - {Kind.OBJECT, Kind.ANY, Kind.FIXED, Kind.LIST}
    leaves = {
        row.kind for row in TABLE if not any(other.path.startswith((f"{row.path}.", f"{row.path}[")) for other in TABLE)
    }
    assert leaves - {Kind.ANY} <= closed


def test_refused_says_why() -> None:
    """The error carries every refusal and shows the first."""
    with pytest.raises(NotAdmitted, match=r"and \d+ more") as caught:
        admit({"type": "appeal"})
    assert len(caught.value.refusals) == 5
