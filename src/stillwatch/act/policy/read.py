"""Read a policy: TOML to rules, with everything that is wrong told at once."""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from stillwatch.act.policy.document import document_of
from stillwatch.act.policy.fields import Fields
from stillwatch.act.policy.limits import CEILINGS, Limits, names
from stillwatch.act.policy.order import misplaced
from stillwatch.act.policy.places import Places
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read_case import read_case
from stillwatch.act.policy.read_rule import read_rule, read_tier
from stillwatch.act.policy.wrong import Problem, WrongPolicy
from stillwatch.errors import UnreadableSource
from stillwatch.signing.canonical import canonical

__all__ = ["MOST_BYTES", "MOST_CASES", "MOST_RULES", "MOST_TIERS", "policy_of_file", "read_policy"]

MOST_BYTES: Final = 1 << 19
MOST_RULES: Final = 200
MOST_TIERS: Final = 50
MOST_CASES: Final = 500
_MOST_DOTS: Final = 8

_PLACE: Final = re.compile(r"\(at line (\d+)")
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED: Final = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_DOTS}}}")
"""Found in one pass: nothing is given back, and a search starts only where a part does."""


def read_policy(text: str, name: str) -> Policy:
    """Policy of a TOML document.

    name        Of the file: it stands in messages, and names a policy that does not name itself.
    Raises      WrongPolicy with all problems, each with its line.

    >>> read_policy("", "empty.toml").rules
    ()
    """
    told = _parsed(text, name)
    places, problems = Places(text), list[Problem]()
    file = Fields(told, places, problems, "", 0)
    own_name = file.name(needed=False) or Path(name).stem[:64] or "policy"
    limits = _limits(file, places, problems)
    tiers = [read_tier(fields) for fields in _tables(file, "tier", MOST_TIERS, places, problems)]
    rules = [read_rule(fields) for fields in _tables(file, "rule", MOST_RULES, places, problems)]
    cases = [read_case(fields) for fields in _tables(file, "case", MOST_CASES, places, problems)]
    file.end(("name", "limits", "tier", "rule", "case"))
    whole_rules = [rule for rule in rules if rule is not None]
    lines = [places.line("rule", i) for i, rule in enumerate(rules) if rule is not None]
    problems += misplaced(whole_rules, lines)
    problems += _twice("rule", [(r.name, line) for r, line in zip(whole_rules, lines, strict=True)])
    problems += _twice("case", [(case.name, case.line) for case in cases if case is not None])
    problems += _unknown_rules([case for case in cases if case is not None], {rule.name for rule in whole_rules})
    if problems:
        raise WrongPolicy(name, problems)
    parts = (
        tuple(whole_rules),
        tuple(tier for tier in tiers if tier is not None),
        limits,
        tuple(case for case in cases if case is not None),
    )
    document = document_of(own_name, *parts)
    version = hashlib.sha256(canonical(document)).hexdigest()
    return Policy(own_name, version, *parts, text=text, document=document)


def policy_of_file(path: Path) -> Policy:
    """Policy of a file.

    Raises      UnreadableSource when it cannot be read; WrongPolicy with all problems.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read the policy {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    try:
        return read_policy(data.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise WrongPolicy(str(path), [Problem(line, f"a policy must be UTF-8, byte {error.start} is not")]) from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise WrongPolicy(name, [Problem(0, f"a policy must have at most {MOST_BYTES} bytes")])
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise WrongPolicy(name, [Problem(0, "a policy must be Unicode without halves of pairs")])
    if deep := _DOTTED.search(text):  # the parser takes quadratic time for keys of a thousand parts
        line = text.count("\n", 0, deep.start()) + 1
        raise WrongPolicy(name, [Problem(line, f"a key must have at most {_MOST_DOTS} parts")])
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise WrongPolicy(name, [Problem(0, "a policy must not nest lists or tables that deep")]) from error
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        place = _PLACE.search(str(error))
        told = "this is no TOML" if place else "this is no TOML, or ends in the middle"
        raise WrongPolicy(name, [Problem(int(place[1]) if place else 0, told)]) from error


def _limits(file: Fields, places: Places, problems: list[Problem]) -> Limits:
    told = file.take("limits")
    if told is None:
        return Limits()
    if not isinstance(told, dict):
        file.wrong("limits", "limits must be a table: [limits]")
        return Limits()
    fields = Fields(told, places, problems, "limits", 0)
    found = {name: fields.number(name, 0.0, getattr(CEILINGS, name)) for name in names()}
    fields.end(names())
    return Limits(**{name: value for name, value in found.items() if value is not None})


def _tables(file: Fields, what: str, most: int, places: Places, problems: list[Problem]) -> list[Fields]:
    told = file.take(what)
    if told is None:
        return []
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        file.wrong(what, f"{what} must be an array of tables: [[{what}]]")
        return []
    if len(told) > most:
        file.wrong(what, f"a policy must have at most {most} of {what}, got {len(told)}")
        return []
    return [Fields(one, places, problems, what, index) for index, one in enumerate(told)]


def _twice(what: str, named: list[tuple[str, int]]) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for name, line in named:
        if name in first:
            found.append(Problem(line, f"the {what} {name} is there already, in line {first[name]}"))
        first.setdefault(name, line)
    return found


def _unknown_rules(cases: list[Any], known: set[str]) -> list[Problem]:
    return [
        Problem(c.line, f"case {c.name} expects a rule that is not there")
        for c in cases
        if c.rule not in {*known, None, ""}
    ]
