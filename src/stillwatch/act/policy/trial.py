"""Run a condition when it is read, with each combination of what may be missing, so that it never first fails later."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import cel

from stillwatch.act.policy.condition import Condition
from stillwatch.act.policy.facts import FACTS, UNKNOWN, FactKind

__all__ = ["fails_on_trial"]

_TOLD: Final = {FactKind.NUMBER: 7.0, FactKind.TEXT: "told", FactKind.TRUTH: True, FactKind.TEXTS: ["told"]}


def _samples() -> Iterator[dict[str, dict[str, Any]]]:
    """Every combination of groups that are told and groups that are not."""
    told = {group: {f.key: _TOLD[f.kind] for f in FACTS if f.group == group} for group in UNKNOWN}
    for chosen in product((False, True), repeat=len(UNKNOWN)):
        yield {
            group: told[group] if is_told else dict(UNKNOWN[group])
            for group, is_told in zip(UNKNOWN, chosen, strict=True)
        }


_CONTEXTS: Final = tuple(cel.Context(sample) for sample in _samples())


def fails_on_trial(condition: Condition) -> str | None:
    """What goes wrong when a condition is evaluated; None when nothing does and it always is true or false."""
    for context in _CONTEXTS:
        try:
            found = condition.program.execute(context)
        except Exception as error:  # noqa: BLE001 - whatever CEL raises is a problem of the file
            return f"the condition cannot be evaluated: {type(error).__name__}"
        if not isinstance(found, bool):
            return f"the condition must be true or false, got {type(found).__name__}"
    return None
