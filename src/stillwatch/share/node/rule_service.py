"""What a node sends of rules: its own ones, and how others' did on its own traffic in shadow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

import httpx
import orjson
import pyarrow as pa

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.rules import one_rule
from stillwatch.share.node.service import Service
from stillwatch.share.rules.message import signed_answer, signed_rule
from stillwatch.share.rules.rule import HarvestRule
from stillwatch.share.rules.shadow import ShadowAnswer, ShadowCounts, answer_of, count_in_shadow

__all__ = ["Tried", "publish_rule", "try_rule"]

_SAID_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was run in shadow.

    counts      Exact; they stay here.
    is_sent     Whether the answer went to the others: of too few accounts nothing does.
    """

    counts: ShadowCounts
    answer: ShadowAnswer
    is_sent: bool


def publish_rule(service: Service, rule: HarvestRule, now: datetime) -> str:
    """Tell the others of a rule of the member's own; its content hash.

    Raises  InvalidInput when it is somebody else's, may not cross, or the forum refuses it; UnreadableSource when the
            forum cannot be reached; Declined when a quota is spent.
    """
    return _sent(service, signed_rule(rule, service.node.member_id, service.node.key, now))


def try_rule(
    service: Service, name: str, batches: Iterable[pa.RecordBatch], labels: Mapping[str, bool], now: datetime
) -> Tried:
    """Run a rule in shadow over the member's own traffic and answer in two buckets; nobody is flagged.

    name    Beginning of the rule's content hash.
    Raises  As `one_rule`; InvalidInput for a rule of the member's own, which it does not answer; as `publish_rule`.
    """
    kept = one_rule(service.node.engine, name, now)
    if kept.origin == service.node.member_id:
        message = "a member does not answer its own rule: stillwatch rule shadow tries it here"
        raise InvalidInput(message)
    counts = count_in_shadow(kept.rule, batches, labels)
    answer = answer_of(kept.rule, counts)
    if not answer.tells_nothing:
        _sent(service, signed_answer(answer, service.node.key, now))
    return Tried(counts, answer, not answer.tells_nothing)


def _sent(service: Service, told: Admitted) -> str:
    """Hash of the rule that the forum has taken, or taken an answer to; nothing is sent but what was admitted."""
    url = f"{service.settings.forum}/rules/{quote(service.settings.collection, safe='')}/"
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    try:
        answer = httpx.post(url, content=told.body, headers=headers, timeout=30.0)
        said = orjson.loads(answer.content)
    except httpx.HTTPError as error:
        message = f"the forum cannot be reached: {type(error).__name__}"
        raise UnreadableSource(message) from error
    except orjson.JSONDecodeError as error:
        message = f"the forum answered {answer.status_code} and no JSON"
        raise UnreadableSource(message) from error
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        message = "the forum declines: a quota is spent, try again in a minute"
        raise Declined(message)
    if answer.status_code != httpx.codes.CREATED or not isinstance(said, dict):
        description = str(said.get("description", ""))[:_SAID_MOST] if isinstance(said, dict) else ""
        message = f"the forum refused it: {answer.status_code} {description}"
        raise InvalidInput(message)
    return str(said["rule"])
