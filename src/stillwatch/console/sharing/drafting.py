"""Make ready what would leave, exactly as publishing makes it, and send none of it.

Tags need both evaluators, a signature needs the forum's word on who the member is. Where one of them does not answer,
what can be made without it is made, and what is missing is said.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from stillwatch.console.sharing.acts import needed_harvest
from stillwatch.console.sharing.database import has_run, looking_at
from stillwatch.console.sharing.drafts import Draft, Wished
from stillwatch.console.sharing.fields import crossing
from stillwatch.console.sharing.standing import pseudonym
from stillwatch.errors import Declined, FailedProof, InvalidInput, UnreadableSource
from stillwatch.model.indicator import Indicator, SignalKind, Tlp
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.stix.signatures import signed_bundle
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.warnings.lists import WarningLists, load_warning_lists
from stillwatch.signing.canonical import encoded

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from stillwatch.share.node.local import LocalIndex
    from stillwatch.share.node.node import Node
    from stillwatch.share.node.service import Service

__all__ = ["Opened", "draft_of", "opened_service", "signed_body"]

Opened = Callable[[NodeSettings, datetime], "AbstractContextManager[Service]"]
Tell = Callable[[str, int, int], None]
"""Progress of a job."""

_NOBODY: Final = "00000000-0000-4000-8000-000000000000"
"""Pseudonym that stands in a draft where the member's own is not known; such a draft is never sent."""
_AWAY: Final = (Declined, FailedProof, UnreadableSource, InvalidInput)


def opened_service(node: NodeSettings, now: datetime) -> "AbstractContextManager[Service]":
    """The member's node with forum and evaluators. Whoever is no member need not have the libraries of the exchange."""
    from stillwatch.share.node.service import opened  # noqa: PLC0415 - only where there is a node

    return opened(node, now)


def draft_of(
    node: NodeSettings, campaign_id: str, wished: Wished, now: datetime, tell: Tell, opened: Opened = opened_service
) -> Draft:
    """A draft, whole if everybody answers.

    Raises      MissingData when the index has no such campaign; InvalidInput when it is no harvest; UnreadableSource
                when there is no index.
    """
    needed_harvest(node, campaign_id)
    tell("asking the forum", 0, 0)
    making = _Making(campaign_id, wished, now)
    try:
        with opened(node, now) as service:
            return _with(service, making, tell)
    except _AWAY as error:
        return _without(node, making, f"signature and tags: {error}")


@dataclass(frozen=True, slots=True)
class _Making:
    """What is to be made."""

    campaign_id: str
    wished: Wished
    now: datetime

    def indicator(self, index: "LocalIndex", counted: "_Counted", lists: "WarningLists") -> Indicator:
        """Made as publishing makes it."""
        from stillwatch.share.node.publish import Telling, indicator_of  # noqa: PLC0415 - only where there is a node

        how = Telling(Tlp(self.wished.tlp), self.wished.days, self.wished.quiet_h)
        return indicator_of(index, self.campaign_id, counted, lists, self.now, how)

    def draft(
        self, indicator: Indicator, body: bytes, counted: "_Counted", spared: Mapping[str, int], missing: Sequence[str]
    ) -> Draft:
        """As it is kept."""
        return Draft(
            self.campaign_id,
            self.wished,
            self.now,
            hashlib.sha256(body).hexdigest(),
            indicator,
            body,
            crossing(orjson.loads(body), len(body), self.now),
            dict(counted.values),
            spared,
            tuple(missing),
        )


def _with(service: "Service", making: _Making, tell: Tell) -> Draft:
    """With the forum; with the evaluators, too, if both answer."""
    from stillwatch.share.evaluator.purpose import Purpose  # noqa: PLC0415

    tell("asking the evaluators for tags", 0, 0)
    lists = _lists(service.settings)
    counted, missing = _Counted(service.tagged(Purpose.PUBLISH)), ""
    try:
        indicator = making.indicator(service.index, counted, lists)
    except _AWAY as error:
        counted, missing = _Counted(None), f"tags: {error}"
        indicator = making.indicator(service.index, counted, lists)
    tell("holding it against the guard’s table", 0, 0)
    body = signed_body(service.node, indicator)
    spared = _spared(service.index, making.campaign_id, counted)
    return making.draft(indicator, body, counted, spared, [missing] if missing else [])


def _without(node: NodeSettings, making: _Making, missing: str) -> Draft:
    """Without forum and evaluators: what is told in clear, under the pseudonym that is known from before."""
    from stillwatch.share.node.local import LocalIndex  # noqa: PLC0415

    index, counted, who = LocalIndex.read(node.index), _Counted(None), None
    indicator = making.indicator(index, counted, _lists(node))
    if has_run(node):
        with looking_at(node) as connection:
            who = pseudonym(connection)
    lacks = [missing] if who else [missing, "the member’s pseudonym: it is not known here yet"]
    body = encoded(indicator_bundle(indicator, who or _NOBODY))
    return making.draft(indicator, body, counted, _spared(index, making.campaign_id, counted), lacks)


def signed_body(node: "Node", indicator: Indicator) -> bytes:
    """Bytes that the node would send of an indicator; nothing is kept and nothing sent.

    The same indicator has the same bytes, as long as the node has the same key.
    """
    return encoded(signed_bundle(indicator_bundle(indicator, node.member_id), node.key))


class _Counted:
    """Turns values into tags, or into none, and counts them.

    tagged  None: nobody makes tags.
    """

    def __init__(self, tagged: "Callable[[SignalKind, Sequence[str]], TagBlock] | None") -> None:
        self._tagged = tagged
        self.values: Counter[str] = Counter()

    def __call__(self, kind: SignalKind, values: Sequence[str]) -> TagBlock:
        """Tags of values of a kind."""
        block = TagBlock.of_outputs(kind, 0, []) if self._tagged is None else self._tagged(kind, values)
        self.values[kind.value] += len(values)
        return block


def _lists(node: NodeSettings) -> WarningLists:
    return load_warning_lists(node.warning_lists)


def _spared(index: "LocalIndex", campaign_id: str, counted: _Counted) -> dict[str, int]:
    """Values worth a tag that are none of their kind, or stand on a warning list: they are not told."""
    from stillwatch.share.node.describe import values_of  # noqa: PLC0415

    found = {
        kind.value: len(values) - counted.values[kind.value] for kind, values in values_of(index, campaign_id).items()
    }
    return {kind: n for kind, n in found.items() if n}
