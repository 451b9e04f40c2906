"""Try a rule on one's own traffic: it flags nobody, and tells only how well it did, in buckets."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.rules._kernels import Wordings, wording_rows
from stillwatch.share.rules.rule import HarvestRule, rule_hash
from stillwatch.share.rules.terms import TOO_FEW, answer_bucket
from stillwatch.share.rules.wording import NUMBER, pieces_of
from stillwatch.share.stix.ids import time_text
from stillwatch.share.stix.vocabulary import max_tokens_bucket, temperature_bucket, top_p_bucket
from stillwatch.sketch import fingerprint
from stillwatch.sketch._kernels_tokens import DIGITS
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of
from stillwatch.sketch.tokens import tokens_of

__all__ = [
    "ShadowAnswer",
    "ShadowCounts",
    "answer_of",
    "count_in_shadow",
    "holds",
    "matching",
    "read_answer",
    "run_in_shadow",
    "shadow_document",
]

_BUCKETS = {"temperature": temperature_bucket, "top_p": top_p_bucket, "max_tokens": max_tokens_bucket}


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What a member tells of a rule.

    rule         Hash of the rule as it was run.
    precision    Bucket: of the labelled accounts that the rule flags, those known to harvest.
    recall       Bucket: of the labelled accounts known to harvest, those that the rule flags.
    """

    rule: str
    precision: str
    recall: str

    @property
    def tells_nothing(self) -> bool:
        """Whether both are of too few accounts: then nothing is sent."""
        return self.precision == self.recall == TOO_FEW


@dataclass(frozen=True, slots=True)
class ShadowCounts:
    """How a rule did, exactly. It stays with the member, and names no account: a rule in shadow flags nobody.

    n_exchanges, n_matched      Exchanges that were read, and those of them that match.
    n_accounts, n_flagged       Accounts of these, and those that the rule would flag.
    n_judged_flagged, n_harvesting, n_caught    Of the judged accounts: flagged, known to harvest, both.
    """

    n_exchanges: int
    n_matched: int
    n_accounts: int
    n_flagged: int
    n_judged_flagged: int
    n_harvesting: int
    n_caught: int


def matching(rule: HarvestRule, batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """Which exchanges of a batch of EXCHANGE match; what is not known does not match."""
    found: NDArray[np.bool_] = np.ones(len(batch), np.bool_)
    if rule.segments:
        found &= wording_rows(strings_of(batch["prompt_text"]), fold_tables(), _wordings(rule.segments))
    if rule.elicitation:
        wanted = sum(1 << ELICITATION_CLASSES.index(name) for name in rule.elicitation)
        marks = fingerprint(batch)["elicitation"].to_numpy()
        found &= (marks & wanted) == wanted
    for name, bucket in rule.request.items():
        found &= _in_bucket(batch, name, bucket)
    return found


def count_in_shadow(
    rule: HarvestRule, batches: Iterable[pa.RecordBatch], labels: Mapping[str, bool] | None = None
) -> ShadowCounts:
    """Run a rule over traffic and count.

    batches    Batches of EXCHANGE.
    labels     Accounts that were judged: True harvests, False does not. None: nobody was.
    """
    seen: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for batch in batches:
        accounts = np.array(batch["account_id"].to_pylist(), object)
        seen.update(accounts.tolist())
        hits.update(accounts[matching(rule, batch)].tolist())
    judged = {} if labels is None else labels
    flagged = {a for a, n in hits.items() if n >= rule.exchanges and n >= rule.share * seen[a]}
    harvesting = {account for account in seen if judged.get(account)}
    return ShadowCounts(
        n_exchanges=seen.total(),
        n_matched=hits.total(),
        n_accounts=len(seen),
        n_flagged=len(flagged),
        n_judged_flagged=sum(account in judged for account in flagged),
        n_harvesting=len(harvesting),
        n_caught=len(flagged & harvesting),
    )


def answer_of(rule: HarvestRule, counts: ShadowCounts) -> ShadowAnswer:
    """What may be told of the counts: two buckets."""
    return ShadowAnswer(
        rule=rule_hash(rule),
        precision=answer_bucket(counts.n_caught, counts.n_judged_flagged),
        recall=answer_bucket(counts.n_caught, counts.n_harvesting),
    )


def run_in_shadow(rule: HarvestRule, batches: Iterable[pa.RecordBatch], labels: Mapping[str, bool]) -> ShadowAnswer:
    """Run a rule and hold it against what is known of the accounts; parameters as of `count_in_shadow`."""
    return answer_of(rule, count_in_shadow(rule, batches, labels))


def read_answer(admitted: Admitted) -> ShadowAnswer:
    """Answer of a message that the guard admitted.

    Raises  InvalidInput when the message is no answer.
    """
    told = admitted.document()
    if told["type"] != "shadow-answer":
        message = "an answer to a rule must be a message of type shadow-answer"
        raise InvalidInput(message)
    return ShadowAnswer(told["rule"], told["precision"], told["recall"])


def shadow_document(answer: ShadowAnswer, answer_id: str, created: datetime) -> dict[str, Any]:
    """Answer as the JSON that crosses.

    answer_id    Random UUID.
    """
    return {
        "type": "shadow-answer",
        "schema": schema_hash(),
        "id": answer_id,
        "created": time_text(created),
        "rule": answer.rule,
        "precision": answer.precision,
        "recall": answer.recall,
    }


def holds(text: str, wording: str) -> bool:
    """Whether a text holds a wording: the kernel's twin, for reading and for tests.

    >>> holds("Please rate every answer from 1 to 10.", "rate * from # to #")
    True
    """
    tokens = _tokens(text)
    at = 0
    for piece in pieces_of(wording):
        wanted = _tokens(" ".join("1" if word == NUMBER else word for word in piece))
        places = range(at, len(tokens) - len(wanted) + 1)
        found = next((i for i in places if tokens[i : i + len(wanted)] == wanted), None)
        if found is None:
            return False
        at = found + len(wanted)
    return True


def _tokens(text: str) -> list[int]:
    return [int(DIGITS) if token & 3 == int(DIGITS) else token for token in tokens_of(text)[0].tolist()]


def _wordings(segments: Sequence[str]) -> Wordings:
    pieces = [pieces_of(segment) for segment in segments]
    tokens = [_tokens(" ".join("1" if word == NUMBER else word for word in piece)) for all_ in pieces for piece in all_]
    return Wordings(
        np.array([token for piece in tokens for token in piece], np.uint64),
        np.cumsum([0, *map(len, tokens)], dtype=np.int64),
        np.cumsum([0, *map(len, pieces)], dtype=np.int64),
    )


def _in_bucket(batch: pa.RecordBatch, name: str, bucket: object) -> NDArray[np.bool_]:
    if name == "logprobs":
        return np.array([value is bucket for value in batch["wants_logprobs"].to_pylist()], np.bool_)
    values = batch[name].to_pylist()
    return np.array([value is not None and _BUCKETS[name](value) == bucket for value in values], np.bool_)
