"""Which of a member's indicators are of one operation, as an audit sees it, whatever their originator says."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from stillwatch.model.indicator import Tag

__all__ = ["Told", "operations"]


class Told(Protocol):
    """What of an indicator ties it to others."""

    @property
    def indicator_id(self) -> str: ...  # noqa: D102 - as of an indicator
    @property
    def group_id(self) -> str: ...  # noqa: D102
    @property
    def tags(self) -> Collection[Tag]: ...  # noqa: D102


def operations(indicators: Iterable[Told], shared: Collection[Tag] = ()) -> Mapping[str, str]:
    """Operation of each indicator, by indicator id: those of one group, or with a tag in common, are one.

    An originator that cuts one campaign into a thousand groups still has one operation. Its name is the least of its
    indicators' ids, so that the order does not matter.

    shared      Tags that tie nothing, because many have them: those of warning lists, those with a high benign rate.
    """
    parent: dict[str, str] = {}
    first_with: dict[str | Tag, str] = {}
    ignored = frozenset(shared)
    for indicator in indicators:
        parent.setdefault(indicator.indicator_id, indicator.indicator_id)
        ties: list[str | Tag] = [indicator.group_id, *(tag for tag in indicator.tags if tag not in ignored)]
        for tie in ties:
            _join(parent, first_with.setdefault(tie, indicator.indicator_id), indicator.indicator_id)
    return {indicator_id: _root(parent, indicator_id) for indicator_id in parent}


def _root(parent: dict[str, str], one: str) -> str:
    while parent[one] != one:
        parent[one] = one = parent[parent[one]]
    return one


def _join(parent: dict[str, str], one: str, other: str) -> None:
    low, high = sorted((_root(parent, one), _root(parent, other)))
    parent[high] = low
