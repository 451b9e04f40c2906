"""Rules at a member's node: kept as they come, listed with what independent members answered, found to be tried."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Row, delete, insert, select

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.node.rule_tables import RULE_ANSWERS, RULES
from stillwatch.share.node.tables import KEYS
from stillwatch.share.rules.consensus import Consensus, consensus
from stillwatch.share.rules.incoming import RULE_MESSAGES, name_of
from stillwatch.share.rules.rule import HarvestRule, counts_towards_consensus, read_rule, rule_hash
from stillwatch.share.rules.shadow import read_answer
from stillwatch.signing.keys import Keys, VerifyKey, keys_of
from stillwatch.signing.refused import Refused
from stillwatch.signing.signature import MEMBER, verify_signed
from stillwatch.store.database import reading

__all__ = ["KeptRule", "RuleState", "keep_message", "one_rule", "rules_in"]


class RuleState(StrEnum):
    """Whether answers to a rule count."""

    VALID = "valid"
    ENDED = "ended"
    SPOILT = "spoilt"


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule that a node has.

    content     Hash of the rule; this is what members name it by.
    origin      Pseudonym of who published it.
    state       Ended: its time is over. Spoilt: what lies here is not what its author signed.
    consensus   Of independent members; of a rule that is not valid nobody's answer counts.
    """

    content: str
    origin: str
    rule: HarvestRule
    state: RuleState
    consensus: Consensus


def keep_message(connection: Connection, message: Admitted, origin: str) -> str | None:
    """Keep a rule or an answer whose signature was verified; why not, or None when it is kept.

    origin      Pseudonym of who published it.
    Raises      InvalidInput for a rule that says nothing.
    """
    kind = message.document()["type"]
    if kind not in RULE_MESSAGES:
        return f"a message of the feed must be one of {', '.join(sorted(RULE_MESSAGES))}"
    return (_keep_rule if kind == "harvest-rule" else _keep_answer)(connection, message, origin)


def _keep_rule(connection: Connection, message: Admitted, origin: str) -> str | None:
    rule = read_rule(message)
    if rule.author != name_of(origin):
        return "the rule says it is of somebody else than who published it"
    found = rule_hash(rule)
    known = connection.execute(select(RULES.c.origin).where(RULES.c.rule == found)).scalar()
    if known is None:
        connection.execute(insert(RULES).values(rule=found, origin=origin, body=message.body))
    return "the rule is another member's" if known not in {None, origin} else None


def _keep_answer(connection: Connection, message: Admitted, origin: str) -> str | None:
    """The latest answer of a member; one to a rule that never came is no answer to anything."""
    rule, created = read_answer(message).rule, str(message.document()["created"])
    if connection.execute(select(RULES.c.rule).where(RULES.c.rule == rule)).first() is None:
        return "the answer is to a rule that was not published"
    mine = (RULE_ANSWERS.c.rule == rule, RULE_ANSWERS.c.member_id == origin)
    before = connection.execute(select(RULE_ANSWERS.c.created).where(*mine)).scalar()
    if before is None or before < created:
        connection.execute(delete(RULE_ANSWERS).where(*mine))
        row = {"rule": rule, "member_id": origin, "created": created}
        connection.execute(insert(RULE_ANSWERS).values(body=message.body, **row))
    return None


def rules_in(engine: Engine, now: datetime) -> list[KeptRule]:
    """Rules that the node has, those that end last first; nothing is run."""
    with reading(engine).begin() as connection:
        rows = connection.execute(select(RULES)).all()
        answers = connection.execute(select(RULE_ANSWERS).order_by(RULE_ANSWERS.c.created)).all()
        keys = {row.origin: _keys(connection, row.origin) for row in rows}
    kept = [_kept(row, answers, keys[row.origin], now) for row in rows]
    return sorted((one for one in kept if one is not None), key=lambda one: one.rule.valid_until, reverse=True)


def one_rule(engine: Engine, name: str, now: datetime) -> KeptRule:
    """The rule whose hash begins so, and that answers count for.

    Raises  MissingData when there is none, or several; InvalidInput when it has ended or is spoilt.
    """
    found = [one for one in rules_in(engine, now) if name and one.content.startswith(name)]
    if len(found) != 1:
        message = f"{len(found)} rules have a hash that begins with {name[:64]}: stillwatch member rules lists them"
        raise MissingData(message)
    if found[0].state is not RuleState.VALID:
        message = f"an answer counts for a valid rule only, {found[0].content} is {found[0].state.value}"
        raise InvalidInput(message)
    return found[0]


def _kept(row: Row[Any], answers: Iterable[Row[Any]], keys: Keys, now: datetime) -> KeptRule | None:
    """None for a body that passed another version of the table, which nobody can read any more."""
    told = orjson.loads(row.body)
    try:
        rule = read_rule(admit(told))
    except InvalidInput:
        return None

    def is_signed(document: dict[str, Any]) -> bool:
        try:
            verify_signed({**document, MEMBER: told.get(MEMBER)}, keys)
        except Refused:
            return False
        return True

    is_good = counts_towards_consensus(rule, row.rule, is_signed, now)
    state = RuleState.VALID if is_good else RuleState.ENDED if rule.valid_until <= now else RuleState.SPOILT
    said = [(one.member_id, read_answer(admit(orjson.loads(one.body)))) for one in answers if one.rule == row.rule]
    return KeptRule(row.rule, row.origin, rule, state, consensus(row.rule, row.origin, said if is_good else []))


def _keys(connection: Connection, member_id: str) -> Keys:
    rows = connection.execute(select(KEYS.c.jwk).where(KEYS.c.member_id == member_id)).scalars()
    return keys_of(VerifyKey.of(jwk) for jwk in rows)
