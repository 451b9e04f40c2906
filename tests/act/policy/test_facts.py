"""Facts: all there, always of their kind, and never against somebody for want of data."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.policy.made import NOW, STREAM

from stillwatch.act.policy.facts import FACTS, MOST, MOST_TEXT, UNKNOWN, FactKind, variables_of
from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request, Risk

FULL = Facts(
    AccountFacts(10.0, "startup", 2, "resale", 3, is_protected=True, n_exchanges=9),
    STREAM,
    PartnerWord(("i-1", "i-2"), has_local_evidence=True),
    Risk("high", ("new",)),
)
BARE = Facts()


def fits(kind: FactKind, value: Any) -> bool:
    """Whether a value is of a kind, as CEL would see it."""
    if kind is FactKind.NUMBER:
        return type(value) is float and abs(value) <= 2 * MOST
    if kind is FactKind.TEXTS:
        return type(value) is list and all(type(one) is str for one in value)
    return type(value) is {FactKind.TEXT: str, FactKind.TRUTH: bool}[kind]


@pytest.mark.parametrize("facts", [FULL, BARE, replace(FULL, partner=None), replace(BARE, stream=STREAM)])
def test_every_fact_is_there_and_of_its_kind(facts: Facts) -> None:
    """The table and the values name the same facts, whatever is known."""
    found = variables_of(Request("a-1"), facts, NOW)
    assert {(group, key) for group, told in found.items() for key in told} == {(f.group, f.key) for f in FACTS}
    assert not [fact.name for fact in FACTS if not fits(fact.kind, found[fact.group][fact.key])]


def test_nothing_known_is_the_table_of_unknowns() -> None:
    """With nothing told each fact has the value that the table promises."""
    assert variables_of(Request(""), BARE, NOW) == UNKNOWN


def test_what_is_told_is_passed_on() -> None:
    """Values arrive under their names, ages and differences worked out."""
    request = Request("a-1", client_asn=64500, client_country="XX", temperature=0.0, wants_logprobs=True, turn_count=2)
    found = variables_of(request, FULL, NOW)
    assert found["request"]["asn"] == 64500
    assert found["request"]["country"] == "XX"
    assert found["request"]["temperature"] == 0.0
    assert found["stream"]["bits_over_bar"] == 20.0
    assert (found["stream"]["age_h"], found["stream"]["quiet_h"]) == (6.0, 1.0)
    assert found["account"]["verified_level"] == 2.0
    assert found["partner"] == {"n_indicators": 2.0, "indicators": ["i-1", "i-2"], "has_local_evidence": True}
    assert found["risk"] == {"tier": "high", "reasons": ["new"]}


def test_no_text_of_anybody_is_a_fact() -> None:
    """Prompts, addresses and sessions cannot be asked for."""
    request = Request("a-1", prompt_text="secret", system_text="secret", client_address="192.0.2.1", session_id="s-1")
    assert "secret" not in str(variables_of(request, BARE, NOW))
    assert "192.0.2.1" not in str(variables_of(request, BARE, NOW))


def test_a_clock_that_went_back_makes_nothing_negative() -> None:
    """A stream that was seen in the future is new, not negative."""
    found = variables_of(Request("a"), replace(BARE, stream=STREAM), NOW - timedelta(days=9))
    assert found["stream"]["age_h"] == found["stream"]["quiet_h"] == 0.0


@given(
    st.text(alphabet=st.characters(), max_size=5) | st.just("\ud800") | st.just("x" * 10_000),
    st.floats() | st.integers() | st.just(10**400),
)
def test_whatever_a_gateway_sends_cel_takes(text: str, number: float) -> None:
    """Halves of pairs, long texts, huge numbers and none: a context can be made of all of them."""
    request = Request(text, model=text, temperature=number, client_asn=number)  # type: ignore[arg-type]
    facts = Facts(AccountFacts(number), replace(STREAM, bits=number, bar_bits=number))
    found = variables_of(request, facts, NOW)
    cel.Context(found)
    assert len(found["request"]["model"]) <= MOST_TEXT
    assert all(math.isfinite(v) for told in found.values() for v in told.values() if isinstance(v, float))
