"""Policies are read whole or not at all, and every problem is told."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.policy.made import policy_of, rule_text

from stillwatch.act.policy.limits import Limits
from stillwatch.act.policy.policy import Fails, Per
from stillwatch.act.policy.read import MOST_BYTES, policy_of_file, read_policy
from stillwatch.act.policy.wrong import WrongPolicy
from stillwatch.errors import UnreadableSource
from stillwatch.model.decision import Action


def problems(text: str) -> list[tuple[int, str]]:
    """What is wrong with a text."""
    with pytest.raises(WrongPolicy) as caught:
        read_policy(text, "p.toml")
    return [(problem.line, problem.text) for problem in caught.value.problems]


def test_a_rule_is_read() -> None:
    """Everything a file says is in the rule, defaults where it says nothing."""
    rule = policy_of(rule_text(fails='"closed"', reason='"For {lasts}."')).rules[0]
    assert (rule.name, rule.action, rule.rate_per_minute, rule.fails) == ("harvest", Action.THROTTLE, 6.0, Fails.CLOSED)
    assert rule.says() == "For 1 day."
    assert rule.needs_stream
    assert policy_of(rule_text()).rules[0].fails is Fails.OPEN
    assert policy_of(rule_text()).limits == Limits()


def test_a_rate_may_be_of_the_campaign() -> None:
    """With what each stream has for itself; a rate of the stream is the default, and spelled out it is the same."""
    reason = '"{own_per_day} a day, then {rate_per_minute} a minute."'
    rule = policy_of(rule_text(per='"campaign"', rate_per_minute="0.5", own_per_day="3", reason=reason)).rules[0]
    assert (rule.per, rule.rate_per_minute, rule.own_per_day) == (Per.CAMPAIGN, 0.5, 3.0)
    assert rule.says() == "3 a day, then 0.5 a minute."
    plain = policy_of(rule_text())
    assert (plain.rules[0].per, plain.rules[0].own_per_day) == (Per.STREAM, None)
    assert policy_of(rule_text(per='"stream"')).version == plain.version
    assert "own_per_day" not in plain.document["rules"][0]
    assert policy_of(rule_text(per='"campaign"', own_per_day="3")).version != plain.version


def test_version_is_of_what_is_said() -> None:
    """Layout, comments and order of keys change no version; a rate, a name and a case do."""
    one = policy_of('name = "x"', rule_text(when="stream.accused"))
    laid_out = policy_of("# comment\nname='x'\n", rule_text(when="stream.accused   // why\n", fails='"open"'))
    assert one.version == laid_out.version
    others = [
        policy_of('name = "x"', rule_text(when="stream.accused", rate_per_minute="7")),
        policy_of('name = "y"', rule_text(when="stream.accused")),
        policy_of('name = "x"', rule_text(when="stream.accused"), '[[case]]\nname = "c"\nexpects = "observe"'),
    ]
    assert len({one.version, *(other.version for other in others)}) == 4


def test_all_problems_at_once() -> None:
    """Each of many mistakes has its line, in one error that names the file."""
    text = f"""colour = "red"
[limits]
traffic = 0.06
{rule_text(reason='"{nope}"', rate_per_minute="", lasts="")}
{rule_text("other", when="stream.bitz > 1 && nobody.x", then="bloc")}
[[case]]
name = "c"
expects = "block"
rule = "nobody"
stream = {{ bits = "many" }}
"""
    found = problems(text)
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    for line, said in [
        (1, "colour is not known here"),
        (3, "limits traffic must be 0 to 0.05"),
        (4, "throttle must end by itself"),
        (4, "throttle must have a rate_per_minute"),
        (8, "{nope} is not known"),
        (12, "stream.bitz is no fact (character 1"),
        (12, "nobody.x is no fact (character 20"),
        (13, "rule then must be one of allow"),
        (21, "stream.bits must be a number, got str"),
    ]:
        assert any(at == line and said in text for at, text in found), (line, said, found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (rule_text(lasts='"31d"'), "1m to 30d"),
        (rule_text(lasts='"0m"'), "1m to 30d"),
        (rule_text(lasts='"1 week"'), "1m to 30d"),
        (rule_text(lasts="24"), "1m to 30d"),
        (rule_text(rate_per_minute="0"), "0.01 to 100000"),
        (rule_text(rate_per_minute="nan"), "0.01 to 100000"),
        (rule_text(rate_per_minute="true"), "must be a number, got bool"),
        (rule_text(then="block", rate_per_minute="6"), "rate_per_minute is of throttle"),
        (rule_text(per='"account"'), "rule per must be one of stream, campaign, got account"),
        (rule_text(per='"campaign"'), 'a throttle with per = "campaign" must have an own_per_day'),
        (rule_text(per='"campaign"', own_per_day="0.9"), "own_per_day must be 1 to 1e+06"),
        (rule_text(own_per_day="3"), 'own_per_day is of a throttle with per = "campaign"'),
        (rule_text(then="block", per='"campaign"', own_per_day="3"), "per is of throttle, not of block"),
        (rule_text(then="block", own_per_day="3"), "own_per_day is of throttle, not of block"),
        (rule_text(fails='"shut"'), "must be one of open, closed, got shut"),
        (rule_text(reason=""), "rule reason must be a text, got nothing"),
        (rule_text(name="<b>"), "must be 1 to 64 letters"),
        (rule_text(name="a'; DROP TABLE policy_versions; --"), "must be 1 to 64 letters"),
        (rule_text(when="stream.accused && false"), "can never be true"),
        (rule_text(when="x" * 1001), "at most 1000 characters"),
        (rule_text() + rule_text(), "the rule harvest is there already, in line 1"),
        ('[[case]]\nname = "c"\nexpects = "observe"\n' * 2, "the case c is there already"),
        ('[[case]]\nname = "c"\nexpects = "observe"\nrule = "r"', "expects a rule that is not there"),
        ('[[case]]\nname = "c"\nexpects = "observe"\nrule = 1', "case rule must be a text"),
        ('[[case]]\nname = "c"\nexpects = "observe"\nstream = 1', "must be a table of facts"),
        ('[[case]]\nname = "c"\nexpects = "observe"\nstream = { bitz = 1 }', "bitz is no fact of stream"),
        ('[[case]]\nname = "c"\nexpects = "observe"\nstream = { bits = nan }', "must be a number"),
        ('[[tier]]\nname = "t"\nwhen = "risk.tier == \'t\'"\nreason = "r"', "must not ask for the tier"),
        ('[[tier]]\nname = "t"\nwhen = "request.asn == 5"\nreason = "r"', "never be the only reason"),
        ("[rule]", "must be an array of tables"),
        ("tier = [1]", "must be an array of tables"),
        ("limits = 1", "limits must be a table"),
        ("[limits]\ntraffic = -1", "must be 0 to"),
        ("[[rule]]\n" * 201, "at most 200 of rule, got 201"),
        ("name = 1", "must be a text"),
        ("a = 1\na = 2", "this is no TOML"),
        ('a = "\ud800"', "halves of pairs"),
    ],
)
def test_one_problem(text: str, says: str) -> None:
    """Wrong keys, types and values, one by one."""
    assert any(says in said for _, said in problems(text)), problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 50_000,
        ".".join("a" * 200_000) + " = 1",
        "[" + ".".join("a" * 200_000) + "]",
        "x = {" + ".".join(['"a"'] * 100_000) + " = 1}",
        "a = " + "9" * 400_000,
        "'" * 400_000,
        "#" * (MOST_BYTES + 1),
    ],
    ids=["lists", "tables", "keys", "heads", "quoted", "digits", "quotes", "long"],
)
def test_what_would_take_the_parser_down(text: str) -> None:
    """Depth, length and keys that take the parser minutes are one problem, told at once."""
    assert len(problems(text)) == 1


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    """A file that is too large is refused without reading it all."""
    (tmp_path / "p.toml").write_bytes(b"# x\n" * 2_500_000)
    tracemalloc.start()
    with pytest.raises(WrongPolicy, match="at most 524288 bytes"):
        policy_of_file(tmp_path / "p.toml")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_files(tmp_path: Path) -> None:
    """A file that is not there, a folder, and one that is not UTF-8, with the line."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UnreadableSource, match="cannot read the policy"):
            policy_of_file(path)
    (tmp_path / "p.toml").write_bytes(b'name = "x"\n# \xff\n')
    with pytest.raises(WrongPolicy, match=r"p\.toml:2: a policy must be UTF-8, byte 13 is not"):
        policy_of_file(tmp_path / "p.toml")


def test_no_values_in_messages() -> None:
    """What stands in a file by mistake, a secret perhaps, is in no message."""
    mistake = "hunter2 hunter2"
    text = f'name = "{mistake}!"\n' + rule_text(
        reason=f'"{{{mistake}}}"', then=mistake, fails=f'"{mistake}"', lasts=f'"{mistake}"'
    )
    assert "hunter2" not in str(problems(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="[]{}=\"'.#\n rulewhn", max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but what is promised."""
    try:
        found = read_policy(text, "p.toml")
    except WrongPolicy as wrong:
        found = None
        lines = [problem.line for problem in wrong.problems]
        assert all(0 <= line <= text.count("\n") + 2 for line in lines)
    assert found is None or not found.rules
