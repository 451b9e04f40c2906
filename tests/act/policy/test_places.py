"""Lines of tables and keys."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.policy.places import Places

TEXT = """name = "x"
[limits]
traffic = 0.01

[[rule]]
name = "one"
when = '''
[[rule]]
then = "not this"
'''
then = "observe" # ''' no text
[[ rule ]]
"name" = "two"
reason = "a \\" [[rule]] ''' "
[rule.extra]
[[case]]
stream.bits = 3
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("", 0, "name"), 1),
        (("limits", 0, ""), 2),
        (("limits", 0, "traffic"), 3),
        (("rule", 0, ""), 5),
        (("rule", 0, "then"), 11),
        (("rule", 0, "nothing"), 5),
        (("rule", 1, "name"), 13),
        (("rule", 1, "extra"), 15),
        (("case", 0, "stream"), 17),
        (("rule", 2, ""), 0),
    ],
)
def test_lines(place: tuple[str, int, str], line: int) -> None:
    """What stands inside a text is no table; a key that is not there has the line of its table."""
    tomllib.loads(TEXT)
    assert Places(TEXT).line(*place) == line


@given(st.text(alphabet="[]rule=\"'#\\\n ", max_size=200))
def test_any_text(text: str) -> None:
    """Whatever is written, lines are inside the text."""
    assert 0 <= Places(text).line("rule", 0, "name") <= text.count("\n") + 1
