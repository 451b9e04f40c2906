"""A condition of a policy: text in CEL that was checked, compiled once, and can be asked and reasoned about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cel

from stillwatch.act.policy.expression.kinds import Kind, check
from stillwatch.act.policy.expression.parse import FactOf, Node, parse, walk
from stillwatch.act.policy.expression.possible import possible
from stillwatch.act.policy.expression.tokens import WrongExpression, squeezed
from stillwatch.act.policy.facts import FACTS, FactKind

__all__ = ["MOST_CHARACTERS", "Condition", "condition_of"]

MOST_CHARACTERS: Final = 1_000

_KIND_OF: Final = {
    FactKind.NUMBER: Kind.NUMBER,
    FactKind.TEXT: Kind.TEXT,
    FactKind.TRUTH: Kind.TRUTH,
    FactKind.TEXTS: Kind.TEXTS,
}
_KINDS: Final[Mapping[str, Kind]] = {fact.name: _KIND_OF[fact.kind] for fact in FACTS}


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule or tier counts.

    text        As the policy has it, without comments and line breaks.
    uses        Facts that it asks about, by name.
    """

    text: str
    uses: frozenset[str]
    program: cel.Program = field(repr=False, compare=False)
    tree: Node = field(repr=False, compare=False)

    def holds(self, context: cel.Context) -> bool:
        """Whether it is true.

        Raises      What CEL raises when a variable is missing or of another kind.
        """
        return self.program.execute(context) is True

    def can_be(self, told: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """True, False or UNTOLD when only these facts are told."""
        return possible(self.tree, told)


def condition_of(text: str) -> tuple[Condition | None, list[WrongExpression]]:
    """Condition of a text, or all that is wrong with it.

    >>> condition_of("stream.bits > 3")[0].uses
    frozenset({'stream.bits'})
    >>> [str(wrong) for wrong in condition_of("stream.bitz > 3")[1]]
    ['stream.bitz is no fact']
    """
    if len(text) > MOST_CHARACTERS:
        message = f"a condition must have at most {MOST_CHARACTERS} characters, got {len(text)}"
        return None, [WrongExpression(message, MOST_CHARACTERS)]
    try:
        tree = parse(text)
    except WrongExpression as wrong:
        return None, [wrong]
    if wrongs := check(tree, _KINDS):
        return None, wrongs
    try:
        program = cel.compile(squeezed(text))
    except ValueError:
        return None, [WrongExpression("this is no CEL", 0)]
    uses = frozenset(one.name for one in walk(tree) if isinstance(one, FactOf))
    return Condition(squeezed(text), uses, program, tree), []
