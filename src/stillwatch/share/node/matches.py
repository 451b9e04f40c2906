"""Which of the member's own values a finding rests on, so that a request that carries one is recognised.

A tag is made of a value by two evaluators, and nobody makes one of a request before it is answered. The node knows of
each of its own tags what it stands for, so it keeps of what matched a digest of eight bytes under the node's salt (RFC
7693, keyed BLAKE2b): whoever copies the database and not the salt can test no guess. Nothing here crosses, and nothing
of it outlives the indicator, a dispute of the member's own, or a check that comes to something else.
"""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, insert, select

from stillwatch.errors import UnreadableSource
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import InformationGrade, SignalKind
from stillwatch.share.answers.check import Answer, Memory
from stillwatch.share.answers.findings import LocalEvidence
from stillwatch.share.answers.matching import FamilyMatch
from stillwatch.share.answers.values import CARRIED
from stillwatch.share.life.decay import weight
from stillwatch.share.node.tables import FINDINGS, MATCHES, OBJECTS
from stillwatch.share.stix.ids import read_time
from stillwatch.share.tags.canonical import canonical

__all__ = [
    "ACCOUNT",
    "MATCHED",
    "Match",
    "account_digest",
    "in_force",
    "match_salt",
    "matched_in",
    "replace_matches",
    "rows_of",
    "value_digest",
]

ACCOUNT: Final = "account"
"""Kind of the accounts that the member's own scan accuses in the matched family; they match nothing by themselves."""
MATCHED: Final = np.dtype([("digest", "<u8"), ("bits", "<f4")])
"""A digest, and the bits of its tag before any decay."""
MOST_DIGESTS: Final = 100_000
"""Of a kind, in a finding."""
_SALT_FILE: Final = "match.salt"
_SALT_BYTES: Final = 32
_DOUBTED: Final = (InformationGrade.FOUR.value, InformationGrade.FIVE.value)
"""Grades with which the others' searches and opinions speak against an indicator."""

_DROP: Final = delete(MATCHES).where(MATCHES.c.indicator_id == bindparam("of_indicator"))
_ADD: Final = insert(MATCHES)


@dataclass(frozen=True, slots=True)
class Match:
    """One kind of what a finding rests on, that may be used now.

    mark        Changes with the digests.
    weight      What time has left of the kind's bits, above 0 to 1; 1 for `ACCOUNT`.
    local       The member's own evidence on the family, of when it was checked.
    modified    Version of the indicator, as STIX writes times.
    """

    indicator_id: str
    family: str
    kind: str
    mark: str
    weight: float
    local: LocalEvidence
    modified: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Place in the table."""
        return self.indicator_id, self.family, self.kind


def match_salt(folder: Path, *, make: bool = False) -> bytes | None:
    """The node's salt; None when there is none yet.

    make        Make one where there is none.
    Raises      UnreadableSource when it cannot be read or made, or is damaged.
    """
    path = folder / _SALT_FILE
    try:
        if make and not path.exists():
            _make_salt(path)
        with path.open("rb") as file:
            salt = file.read(_SALT_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(salt) != _SALT_BYTES:
        message = f"{path} must hold {_SALT_BYTES} bytes"
        raise UnreadableSource(message)
    return salt


def _make_salt(path: Path) -> None:
    """Whole or not at all; of two who make one the first stays."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_SALT_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def value_digest(salt: bytes, kind: SignalKind, value: str) -> int:
    """Digest of a value that a request carries.

    Raises      InvalidInput when the value is none of its kind.

    >>> one = value_digest(bytes(32), SignalKind.NETWORK, "198.51.100.7")
    >>> one == value_digest(bytes(32), SignalKind.NETWORK, "198.51.100.0/24"), one < 2**64
    (True, True)
    """
    return _digest(salt, kind.value, canonical(kind, value))


def account_digest(salt: bytes, kind: str, account: int) -> int:
    """Digest of an account by its hash.

    kind        `ACCOUNT`, or a kind of signal that is known of accounts.
    """
    return _digest(salt, kind, account.to_bytes(8, "little"))


def _digest(salt: bytes, kind: str, data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, key=salt, person=kind.encode()).digest(), "little")


def rows_of(indicator_id: str, answer: Answer, memory: Memory, salt: bytes) -> list[dict[str, Any]]:
    """Rows of `MATCHES` for an answer; none when what the tags stand for is not known."""
    rows: list[dict[str, Any]] = []
    if memory.values is None:
        return rows
    for match, finding in zip(answer.matches, answer.findings, strict=True):
        found = _digests(match, memory, salt)
        if finding.local.verdict is Verdict.HARVEST:
            accused = memory.values.accounts(match.family)[:MOST_DIGESTS].tolist()
            found[ACCOUNT] = {account_digest(salt, ACCOUNT, account): 0.0 for account in accused}
        for kind, bits in found.items():
            row = {"indicator_id": indicator_id, "family": str(match.family), "kind": kind}
            rows.append({**row, "mark": secrets.token_hex(8), "body": _packed(bits)})
    return rows


def _digests(match: FamilyMatch, memory: Memory, salt: bytes) -> dict[str, dict[int, float]]:
    """Digests of what has the matched tags, with their bits, by kind."""
    found: dict[str, dict[int, float]] = {}
    for tag, bits in match.tags:
        of_kind = found.setdefault(tag.kind.value, {})
        if tag.kind in CARRIED:
            text = None if memory.values is None else memory.values.text(tag)
            digests = [] if text is None else [value_digest(salt, tag.kind, text)]
        else:
            hits = memory.index.hits([tag])
            accounts = hits.account[hits.family == match.family].tolist()
            digests = [account_digest(salt, tag.kind.value, account) for account in accounts]
        for one in digests:
            of_kind[one] = of_kind.get(one, 0.0) + bits
    return {kind: of_kind for kind, of_kind in found.items() if of_kind}


def _packed(bits: Mapping[int, float]) -> bytes:
    return np.array(list(bits.items())[:MOST_DIGESTS], MATCHED).tobytes()


def replace_matches(connection: Connection, indicator_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """What an indicator's findings rest on now, and nothing else of it."""
    connection.execute(_DROP, {"of_indicator": indicator_id})
    if rows:
        connection.execute(_ADD, [dict(row) for row in rows])


def in_force(connection: Connection, now: datetime) -> list[Match]:
    """Everything that may be used now, the indicators that were told last first.

    Not used is what was taken back, deleted or disputed by the member itself (that has no rows), what has ended, what
    time has left nothing of, and what the others' searches and opinions make doubtful.
    """
    columns = MATCHES.c.indicator_id, MATCHES.c.family, MATCHES.c.kind, MATCHES.c.mark
    same = (FINDINGS.c.indicator_id == MATCHES.c.indicator_id) & (FINDINGS.c.family == MATCHES.c.family)
    wanted = select(*columns, FINDINGS.c.local, FINDINGS.c.word).join_from(MATCHES, FINDINGS, same)
    rows = connection.execute(wanted.where(FINDINGS.c.withdrawn.is_(False))).all()
    times = _times(connection, sorted({row.indicator_id for row in rows}), now)
    found = []
    for row in rows:
        if row.indicator_id not in times or row.word["confidence"]["information"] in _DOUBTED:
            continue
        modified = times[row.indicator_id]
        left = 1.0 if row.kind == ACCOUNT else weight(SignalKind(row.kind), modified, now)
        if left > 0:
            told = row.indicator_id, row.family, row.kind, row.mark
            found.append(Match(*told, left, _evidence(row.local), modified.isoformat()))
    return sorted(found, key=lambda match: (match.modified, *match.key), reverse=True)


def _times(connection: Connection, indicator_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    """When each indicator that holds now was modified."""
    found: dict[str, datetime] = {}
    for start in range(0, len(indicator_ids), 500):
        ids = [f"indicator--{one}" for one in indicator_ids[start : start + 500]]
        here = select(OBJECTS.c.body).where(OBJECTS.c.object_id.in_(ids), OBJECTS.c.revoked.is_(False))
        for body in connection.execute(here).scalars():
            made = orjson.loads(body)
            modified, until = read_time(made.get("modified")), read_time(made.get("valid_until"))
            if modified is not None and until is not None and now < until:
                found[str(made["id"]).partition("--")[2]] = modified
    return found


def matched_in(connection: Connection, matches: Iterable[Match]) -> list[NDArray[Any]]:
    """Digests and bits of matches, `MATCHED`, in their order; nothing of one that has gone meanwhile."""
    return [_matched(connection, match) for match in matches]


def _matched(connection: Connection, match: Match) -> NDArray[Any]:
    here = (MATCHES.c.indicator_id == match.indicator_id) & (MATCHES.c.family == match.family)
    body = connection.execute(select(MATCHES.c.body).where(here, MATCHES.c.kind == match.kind)).scalar()
    return np.frombuffer(body or b"", MATCHED)


def _evidence(told: Mapping[str, Any]) -> LocalEvidence:
    return LocalEvidence(**{**told, "verdict": None if told["verdict"] is None else Verdict(told["verdict"])})
