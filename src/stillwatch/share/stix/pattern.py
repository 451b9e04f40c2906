"""The pattern type ``stillwatch-behaviour``: how a campaign acts, one comparison after another.

::

    pattern     = "unknown" | term *(" and " term)
    term        = "elicitation." class " = " share      share of exchanges that ask so: none, little, part, most
                | "capability." name " = " share
                | ("temperature" | "top_p" | "max_tokens") " = " bucket
                | "logprobs = " ("true" | "false")
                | "build in (" build *(", " build) ")"  library and major version
                | "week ~ " 168 levels                  exchanges by hour of the week, 0 to 7
                | "gaps ~ " 16 levels                   times between exchanges by octave, 0 to 7

Terms stand in this order, classes in alphabetical order, none twice: a behaviour has one text, a text one behaviour.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import GAP_BINS, LEVELS, PROFILE_HOURS, Behaviour, Share
from stillwatch.share.stix.vocabulary import CAPABILITIES, CLIENT_LIBRARIES, MAX_TOKENS, TEMPERATURES, TOP_PS

__all__ = ["BUILDS_MOST", "PATTERN_LENGTH", "PATTERN_TYPE", "Term", "format_pattern", "parse_pattern", "read_terms"]

PATTERN_TYPE: Final = "stillwatch-behaviour"
PATTERN_LENGTH: Final = 2000
"""Characters of a pattern; the longest that can be made has fewer."""
BUILDS_MOST: Final = 8

_UNKNOWN: Final = "unknown"
_SHARES: Final = tuple(share.value for share in Share)
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    **{f"elicitation.{name}": _SHARES for name in sorted(ELICITATION_CLASSES)},
    **{f"capability.{name}": _SHARES for name in sorted(CAPABILITIES)},
    "temperature": TEMPERATURES,
    "top_p": TOP_PS,
    "max_tokens": MAX_TOKENS,
    "logprobs": ("true", "false"),
}
_LENGTHS: Final = {"week": PROFILE_HOURS, "gaps": GAP_BINS}
_FIELDS: Final = (*_CHOICES, "build", *_LENGTHS)
"""Every field, in the order of the text."""


class Term(NamedTuple):
    """One comparison: field, operator ``=``, ``in`` or ``~``, and what it is compared with."""

    field: str
    operator: str
    values: tuple[str, ...]


def format_pattern(behaviour: Behaviour) -> str:
    """Text of a behaviour.

    Raises  InvalidInput when the behaviour holds what the language has no word for.

    >>> format_pattern(Behaviour({"reasoning": Share.MOST}, {}, temperature="0", builds=("openai-python/2",)))
    'elicitation.reasoning = most and temperature = 0 and build in (openai-python/2)'
    """
    text = " and ".join(_shown(term) for term in _terms(behaviour)) or _UNKNOWN
    if parse_pattern(text) != _settled(behaviour):
        message = "a behaviour must list its builds in alphabetical order, and name nothing twice"
        raise InvalidInput(message)
    return text


def parse_pattern(text: str) -> Behaviour:
    """Behaviour of a text.

    Raises  InvalidInput saying which term is wrong, by its place, and what is allowed there; the text is not repeated.

    >>> parse_pattern("logprobs = true").logprobs
    True
    """
    terms = {term.field: term.values for term in read_terms(text)}
    word = {field: values[0] for field, values in terms.items()}
    return Behaviour(
        elicitation=_shares(word, "elicitation."),
        capabilities=_shares(word, "capability."),
        temperature=word.get("temperature"),
        top_p=word.get("top_p"),
        max_tokens=word.get("max_tokens"),
        logprobs=None if "logprobs" not in word else word["logprobs"] == "true",
        builds=terms.get("build", ()),
        week=tuple(int(level) for level in word.get("week", "")),
        gaps=tuple(int(level) for level in word.get("gaps", "")),
    )


def read_terms(text: str) -> tuple[Term, ...]:
    """Comparisons of a text in order, each checked.

    Raises  InvalidInput as `parse_pattern` does.

    >>> read_terms("logprobs = true and build in (curl/8, httpx/0)")[1]
    Term(field='build', operator='in', values=('curl/8', 'httpx/0'))
    """
    if len(text) > PATTERN_LENGTH:
        message = f"a pattern must have at most {PATTERN_LENGTH} characters, got {len(text)}"
        raise InvalidInput(message)
    if text == _UNKNOWN:
        return ()
    found: list[Term] = []
    for number, part in enumerate(text.split(" and "), 1):
        term = _term(part, number)
        if found and _FIELDS.index(term.field) <= _FIELDS.index(found[-1].field):
            message = f"fields of a pattern must stand in the order of the language, none twice (term {number})"
            raise InvalidInput(message)
        found.append(term)
    return tuple(found)


def _term(part: str, number: int) -> Term:
    field, _, rest = part.partition(" ")
    operator, _, value = rest.partition(" ")
    if field not in _FIELDS:
        message = f"a field of a pattern must be one of {', '.join(_FIELDS)} (term {number})"
        raise InvalidInput(message)
    due = "=" if field in _CHOICES else "in" if field == "build" else "~"
    if operator != due:
        message = f"{field} must be compared with {due} (term {number})"
        raise InvalidInput(message)
    values = tuple(value.removeprefix("(").removesuffix(")").split(", ")) if field == "build" else (value,)
    problem = _problem(field, values)
    if problem is None and _shown(Term(field, operator, values)) != part:
        problem = f"{field} must be compared with a list in brackets"
    if problem:
        message = f"{problem} (term {number})"
        raise InvalidInput(message)
    return Term(field, operator, values)


def _problem(field: str, values: tuple[str, ...]) -> str | None:
    if field in _CHOICES:
        allowed = _CHOICES[field]
        return None if values[0] in allowed else f"{field} must be one of {', '.join(allowed)}"
    if field == "build":
        fine = 0 < len(values) <= BUILDS_MOST and list(values) == sorted(set(values)) and all(map(_is_build, values))
        return None if fine else f"build needs 1 to {BUILDS_MOST} known libraries with major version, sorted"
    levels, length = values[0], _LENGTHS[field]
    fine = len(levels) == length and all(level in "01234567"[:LEVELS] for level in levels)
    return None if fine else f"{field} must be {length} digits from 0 to {LEVELS - 1}"


def _is_build(text: str) -> bool:
    name, _, major = text.partition("/")
    return name in CLIENT_LIBRARIES and major in {str(number) for number in range(100)}


def _terms(behaviour: Behaviour) -> Iterator[Term]:
    shares = {f"elicitation.{name}": share for name, share in behaviour.elicitation.items()}
    shares |= {f"capability.{name}": share for name, share in behaviour.capabilities.items()}
    yield from (Term(field, "=", (share.value,)) for field, share in sorted(shares.items(), key=_place))
    for field in ("temperature", "top_p", "max_tokens"):
        value = getattr(behaviour, field)
        if value is not None:
            yield Term(field, "=", (value,))
    if behaviour.logprobs is not None:
        yield Term("logprobs", "=", (str(behaviour.logprobs).lower(),))
    if behaviour.builds:
        yield Term("build", "in", behaviour.builds)
    for field in ("week", "gaps"):
        levels = getattr(behaviour, field)
        if levels:
            yield Term(field, "~", ("".join(str(level) for level in levels),))


def _place(item: tuple[str, Share]) -> tuple[int, str]:
    return (_FIELDS.index(item[0]) if item[0] in _FIELDS else len(_FIELDS), item[0])


def _shown(term: Term) -> str:
    value = f"({', '.join(term.values)})" if term.operator == "in" else term.values[0]
    return f"{term.field} {term.operator} {value}"


def _shares(word: Mapping[str, str], head: str) -> dict[str, Share]:
    return {field.removeprefix(head): Share(value) for field, value in word.items() if field.startswith(head)}


def _settled(behaviour: Behaviour) -> Behaviour:
    """The same with plain dictionaries and tuples, so that it can be compared."""
    return Behaviour(
        dict(behaviour.elicitation),
        dict(behaviour.capabilities),
        behaviour.temperature,
        behaviour.top_p,
        behaviour.max_tokens,
        behaviour.logprobs,
        tuple(behaviour.builds),
        tuple(behaviour.week),
        tuple(behaviour.gaps),
    )
