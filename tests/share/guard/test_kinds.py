"""Kinds of values: each right value passes, each near miss is refused without being repeated."""

import hashlib
import string
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.share.guard.kinds import problem_of
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.table import schema_hash
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import sign

ROWS = {
    Kind.CHOICE: Row("x", Kind.CHOICE, "", ("a", 0, True)),
    Kind.WHOLE: Row("x", Kind.WHOLE, "", least=1, most=90),
    Kind.STEPS: Row("x", Kind.STEPS, "", least=0, most=1, step=0.05),
    Kind.ID: Row("x", Kind.ID, "", ("indicator", "attack-pattern")),
} | {kind: Row("x", kind, "") for kind in Kind if kind not in {Kind.CHOICE, Kind.WHOLE, Kind.STEPS, Kind.ID}}
UUID = "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"
DIGEST = hashlib.sha256(b"x").hexdigest()
SIGNATURE = sign({"a": 1}, SigningKey.generate())
HEADER = urlsafe_b64encode(b'{"alg":"Ed25519","kid":"' + b"a" * 43 + b'","x":1}').rstrip(b"=").decode()
RIGHT: list[tuple[Kind, Any]] = [
    (Kind.CHOICE, "a"), (Kind.CHOICE, 0), (Kind.CHOICE, True),
    (Kind.TIME, "2026-11-20T01:02:03.004Z"), (Kind.WHOLE, 1), (Kind.WHOLE, 90), (Kind.STEPS, 0), (Kind.STEPS, 0.15),
    (Kind.STEPS, 1.0), (Kind.ID, f"indicator--{UUID}"), (Kind.ID, f"attack-pattern--{UUID}"), (Kind.UUID, UUID),
    (Kind.DIGEST, DIGEST), (Kind.TAG, DIGEST), (Kind.SCHEMA, schema_hash()), (Kind.NAME, "member 7f3a"),
    (Kind.PATTERN, "temperature = 0"), (Kind.WORDS, "rate each answer from # to # *"),
    (Kind.SIGNATURE, SIGNATURE),
]  # fmt: skip
WRONG: list[tuple[Kind, Any]] = [
    (Kind.CHOICE, "A"), (Kind.CHOICE, 1), (Kind.CHOICE, False), (Kind.CHOICE, 0.0), (Kind.CHOICE, ["a"]),
    (Kind.TIME, "2026-11-20"), (Kind.WHOLE, 0), (Kind.WHOLE, 91), (Kind.WHOLE, True), (Kind.WHOLE, "5"),
    (Kind.STEPS, 0.151), (Kind.STEPS, 0.15000001), (Kind.STEPS, True), (Kind.STEPS, float("inf")), (Kind.STEPS, -0.05),
    (Kind.ID, UUID), (Kind.ID, f"campaign--{UUID}"), (Kind.ID, f"indicator--{UUID.upper()}"),
    (Kind.ID, f"indicator--{UUID}\n"), (Kind.UUID, f"{{{UUID}}}"), (Kind.UUID, "00000000-0000-0000-0000-000000000000"),
    (Kind.DIGEST, DIGEST[:-1]), (Kind.DIGEST, DIGEST + "0"), (Kind.DIGEST, DIGEST[:-1] + "G"), (Kind.DIGEST, 5),
    (Kind.TAG, "00" * 32), (Kind.TAG, DIGEST[:16] + "61" * 20 + DIGEST[:8]), (Kind.SCHEMA, DIGEST),
    (Kind.NAME, "Member 7f3a"), (Kind.NAME, "member jo"), (Kind.NAME, "member 7f3a5"), (Kind.PATTERN, ""),
    (Kind.PATTERN, None), (Kind.WORDS, "mail jo@example.org now"), (Kind.WORDS, "block all their accounts"),
    (Kind.WORDS, ["a"]), (Kind.WORDS, "step by step "), (Kind.SIGNATURE, SIGNATURE[:-1]), (Kind.SIGNATURE, 1),
    (Kind.SIGNATURE, SIGNATURE.replace("..", ".e30.")), (Kind.SIGNATURE, f"{HEADER}..{SIGNATURE[-86:]}"),
    (Kind.SIGNATURE, "a" * 92 + SIGNATURE[92:]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), RIGHT)
def test_right_values_pass(kind: Kind, value: Any) -> None:
    """One or more of every kind."""
    assert problem_of(ROWS[kind], value) is None


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_near_misses_are_refused(kind: Kind, value: Any) -> None:
    """Another type, another case, one character more; the explanation does not hold the value."""
    problem = problem_of(ROWS[kind], value)
    assert problem is not None
    assert not (isinstance(value, str) and len(value) > 4 and value in problem[1])


def test_every_kind_of_value_is_tried() -> None:
    """Objects and lists are walked, fixed objects are compared; all others stand above."""
    leaves = set(Kind) - {Kind.OBJECT, Kind.ANY, Kind.FIXED, Kind.LIST}
    assert {kind for kind, _ in RIGHT} == {kind for kind, _ in WRONG} == leaves


@given(data=st.binary(min_size=32, max_size=32))
def test_outputs_of_a_keyed_function_are_tags(data: bytes) -> None:
    """Any hash is one: what looks like text or padding by chance is too rare to be met."""
    assert problem_of(ROWS[Kind.TAG], hashlib.sha256(data).hexdigest()) is None


@given(text=st.text(string.ascii_letters + string.digits + "@.-", min_size=20, max_size=32))
def test_text_is_no_tag(text: str) -> None:
    """Whatever is written in hexadecimal digits can be read again."""
    assert problem_of(ROWS[Kind.TAG], text.encode().ljust(32, b"\xff").hex()) is not None


@given(value=st.floats(0, 1))
def test_only_multiples_of_the_step_pass(value: float) -> None:
    """A finer share could carry a count."""
    passes = problem_of(ROWS[Kind.STEPS], value) is None
    assert passes == (value in {round(n * 0.05, 2) for n in range(21)})
