"""The pattern language: a behaviour has one text, and a text one behaviour."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.share.made import BEHAVIOURS, indicator

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Behaviour, Share
from stillwatch.share.stix.pattern import PATTERN_LENGTH, format_pattern, parse_pattern, read_terms

TEXT = format_pattern(indicator().behaviour)


@settings(deadline=None)
@given(behaviour=BEHAVIOURS)
def test_a_behaviour_comes_back(behaviour: Behaviour) -> None:
    """Written and read, nothing is lost, and the text fits."""
    text = format_pattern(behaviour)
    assert parse_pattern(text) == behaviour
    assert len(text) <= PATTERN_LENGTH


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_text_is_read_only_as_it_would_be_written(data: st.DataObject) -> None:
    """One character changed anywhere: either it is refused, or it is another behaviour's own text."""
    at = data.draw(st.integers(0, len(TEXT) - 1))
    changed = TEXT[:at] + data.draw(st.sampled_from(" 0179abmnost.,/()=~\n")) + TEXT[at + 1 :]
    try:
        behaviour = parse_pattern(changed)
    except InvalidInput:
        return
    assert format_pattern(behaviour) == changed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of elicitation"),
        ("name = 1", r"term 1"),
        ("temperature = 0.7", "temperature must be one of"),
        ("temperature ~ 0", "compared with ="),
        ("temperature = 0 and temperature = 1", "none twice"),
        ("top_p = 1 and temperature = 0", "order"),
        ("build in (acme-crawler/1)", "known libraries"),
        ("build in (httpx/0, curl/8)", "sorted"),
        ("build in (httpx/100)", "known libraries"),
        ("build in httpx/0", "brackets"),
        ("week ~ 0123", "168 digits"),
        (f"gaps ~ {'8' * 16}", "0 to 7"),
        (f"gaps ~ {'٣' * 16}", "0 to 7"),
        ("x" * (PATTERN_LENGTH + 1), "at most"),
    ],
)
def test_what_is_wrong_is_said_by_its_place(text: str, said: str) -> None:
    """Every way to go wrong has its sentence, which does not repeat the text."""
    with pytest.raises(InvalidInput, match=said) as caught:
        parse_pattern(text)
    assert "acme" not in str(caught.value)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour({"jokes": Share.MOST}, {}),
        Behaviour({}, {}, temperature="0.73"),
        Behaviour({}, {}, builds=("acme-crawler/1",)),
        Behaviour({}, {}, builds=("openai-python/2", "httpx/0")),
        Behaviour({}, {}, week=(1, 2, 3)),
        Behaviour({}, {}, gaps=(9,) * 16),
    ],
)
def test_what_the_language_cannot_say_is_not_written(behaviour: Behaviour) -> None:
    """Exact values, unknown classes, unknown clients, levels out of range."""
    with pytest.raises(InvalidInput):
        format_pattern(behaviour)


def test_nothing_known_is_a_pattern_too() -> None:
    """STIX wants a pattern; an empty behaviour says so."""
    assert format_pattern(Behaviour({}, {})) == "unknown"
    assert read_terms("unknown") == ()
