"""Rules as people write them: YAML, read by a safe loader within limits, every problem told at once with its line."""

from typing import Any, Final, NamedTuple

import yaml

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.admit import admit
from stillwatch.share.guard.check import check
from stillwatch.share.guard.table import children, schema_hash
from stillwatch.share.rules.rule import HarvestRule, read_rule

__all__ = ["RULE_BYTES_MOST", "RuleProblem", "WrongRule", "parse_rule"]

RULE_BYTES_MOST: Final = 16 << 10
_EVENTS_MOST: Final = 500
_DEPTH_MOST: Final = 4
_CONSTANT: Final = {"type": "harvest-rule", "version": 1}
_LEFT_OUT: Final[dict[str, Any]] = {"segments": [], "elicitation": [], "request": {}}
_TIMES: Final = frozenset({"created", "valid_until"})


class RuleProblem(NamedTuple):
    """What is wrong at a line, counted from 1."""

    line: int
    explanation: str


class WrongRule(InvalidInput):
    """A rule cannot be used; `problems` says why, all of it."""

    def __init__(self, problems: list[RuleProblem]) -> None:
        """Message of all problems."""
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {line}: {explanation}" for line, explanation in problems))


def parse_rule(text: str) -> HarvestRule:
    """Rule of a YAML text.

    Its form::

        id: 6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89
        author: member 7f3a
        created: 2026-11-20T00:00:00.000Z
        valid_until: 2027-01-20T00:00:00.000Z
        segments: ["rate each answer from # to # * and explain"]
        elicitation: [grading]
        request: {temperature: "0"}
        thresholds: {exchanges: 20, share: 0.5}

    Raises  WrongRule with every problem and its line: too large, no YAML, aliases, tags, what the table refuses.

    >>> parse_rule("- 1")
    Traceback (most recent call last):
        ...
    stillwatch.share.rules.read.WrongRule: line 1: a rule must be a mapping
    """
    node = _compose(text)
    if not isinstance(node, yaml.MappingNode):
        raise WrongRule([RuleProblem(1, "a rule must be a mapping")])
    lines: dict[str, int] = {}
    problems: list[RuleProblem] = []
    written = _value(node, "", lines, problems)
    document = written | {name: value for name, value in _LEFT_OUT.items() if name not in written}
    document |= _CONSTANT | {"schema": schema_hash()}
    problems += [
        RuleProblem(line, f"{path.removeprefix('/').replace('/', '.') or 'the rule'} {explanation}")
        for path, explanation in ((r.path, r.explanation) for r in check(document))
        for line in [_line(path, lines)]
    ]
    if problems:
        raise WrongRule(sorted(set(problems)))
    return read_rule(admit(document))


def _compose(text: str) -> yaml.Node | None:
    if len(text.encode()) > RULE_BYTES_MOST:
        raise WrongRule([RuleProblem(1, f"a rule must have at most {RULE_BYTES_MOST} bytes")])
    try:
        _look_through(text)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WrongRule([RuleProblem(line, "this is no YAML")]) from None  # the cause would carry the text
    except yaml.YAMLError:
        raise WrongRule([RuleProblem(1, "this is no YAML")]) from None


def _look_through(text: str) -> None:
    """Refuse what YAML can do and a rule does not need, before any of it is built."""
    problems: list[RuleProblem] = []
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            problems.append(RuleProblem(line, "a rule must have no anchors and no aliases"))
        elif getattr(event, "tag", None) is not None:
            problems.append(RuleProblem(line, "a rule must have no tags"))
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if depth > _DEPTH_MOST or number > _EVENTS_MOST:
            problems.append(RuleProblem(line, "a rule must be smaller, and less deep"))
            break
    if problems:
        raise WrongRule(problems)


def _value(node: yaml.Node, at: str, lines: dict[str, int], problems: list[RuleProblem]) -> Any:  # noqa: ANN401
    """Value of a node; the line of every place is noted on the way."""
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, f"{at}/{i}", lines, problems) for i, inner in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, lines, problems)
    name = at.rsplit("/", 1)[-1]
    if name in _TIMES:
        return node.value  # else YAML would make a date of it
    return _scalar(node, at, lines, problems)


def _mapping(node: yaml.MappingNode, at: str, lines: dict[str, int], problems: list[RuleProblem]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    known = {*children("harvest-rule"), *children("harvest-rule.request"), *children("harvest-rule.thresholds")}
    for place, (key, value) in enumerate(node.value):
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        line = key.start_mark.line + 1
        if name in made:
            problems.append(RuleProblem(line, "a rule must name no field twice"))
        if at == "" and name in {*_CONSTANT, "schema"}:
            problems.append(RuleProblem(line, f"{name} is not for a rule to say"))
        inside = f"{at}/{name if name in known else f'?{place}'}"
        made[name] = _value(value, inside, lines, problems)
        lines[inside] = line
    return made


def _scalar(node: yaml.Node, at: str, lines: dict[str, int], problems: list[RuleProblem]) -> Any:  # noqa: ANN401
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        problems.append(RuleProblem(lines[at], "this value cannot be read"))
        return None


def _line(path: str, lines: dict[str, int]) -> int:
    """Line of a place, else of what it is in."""
    while path not in lines:
        path = path.rpartition("/")[0]
    return lines[path]
